import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { LocalRegion } from '../../local-azure/localRegion';
import { onInterrupt } from '../../command-line/interruption';
import { regionMarker } from '../../contracts/regionMarker';
import { endProcessesOf, startOfProcess } from '../../loop/regionProcesses';
import { claimRegionDirectory, regionDirectory } from '../../loop/regionDirectory';
import { enrolOperator } from './operator';
import type { RegionFacts } from './runningRegion';
import { upDirectory } from './upDirectory';

/** The region with its provider, as a process that stays until it is asked to end. Started by up:local with the folder of its state. */
async function runRegion(local: string): Promise<void> {
  const up = upDirectory(local);
  const directory = await claimRegionDirectory(up.path, existsSync(regionDirectory(up.path)));
  process.env[regionMarker] = directory;
  const interruption = onInterrupt(() => endProcessesOf(directory));
  const region = await LocalRegion.start(directory);
  try {
    const provider = await region.serveProvider();
    const facts: RegionFacts = {
      pid: process.pid,
      startOfProcess: startOfProcess(process.pid) ?? '',
      providers: provider.attachment,
      cloud: region.cloud,
      operatorId: await enrolOperator(region, up),
    };
    writeFileSync(`${up.regionFile}.new`, `${JSON.stringify(facts, null, 2)}\n`);
    renameSync(`${up.regionFile}.new`, up.regionFile);
    if (!interruption.signal.aborted)
      await new Promise<void>((resolve) => interruption.signal.addEventListener('abort', () => resolve(), { once: true }));
    await provider.stop();
  } finally {
    await region.stop();
    endProcessesOf(directory);
    rmSync(up.regionFile, { force: true });
  }
}

runRegion(process.argv[2] ?? '').then(
  () => process.exit(0),
  (error: Error) => {
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(1);
  },
);
