import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onInterrupt } from '../../command-line/interruption';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import type { Fault } from '../../contracts/databus';
import { regionMarker } from '../../contracts/regionMarker';
import { closingText } from '../../loop/closingText';
import { faultyLine } from '../../loop/faultyLine';
import { endProcessesOf } from '../../loop/regionProcesses';
import { showSteps } from '../../loop/liveSteps';
import { runLocalLoop, type LocalLoopOptions } from '../../loop/localLoop';
import { reportPage } from '../../loop/page/reportPage';
import { rawFilesAt } from '../../loop/rawFiles';
import { claimRegionDirectory, regionDirectory } from '../../loop/regionDirectory';
import { replayStretches } from '../../loop/replayStretches';
import type { LoopReport } from '../../loop/report';
import { simulatedRawFiles, sisterMachineFiles } from '../../loop/simulatedRawFiles';
import { readStackFile } from '../../plan/stackFile';

interface StartOptions {
  /** CSV file or folder; undefined: a simulated machine delivers the raw data. */
  readonly raw: string | undefined;
  readonly time: string | undefined;
  readonly label: readonly string[] | undefined;
  readonly ignore: readonly string[] | undefined;
  /** Folder for everything a run leaves: the region's state, the report. Below the project, where programs find their native packages. */
  readonly local: string;
  readonly rounds: number;
  /** The line's own machine has this fault from the first round on. */
  readonly fault: Fault | undefined;
  /** Name of the stack whose file is the configuration; without it the product's defaults. */
  readonly stack: string | undefined;
  /** The region goes on where the last one in the folder was. */
  readonly continue: boolean;
  readonly keep: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

/** The files of --raw. Throws UsageError for an empty folder. */
function givenRawFiles(raw: string | undefined): string[] | undefined {
  const files = raw === undefined ? undefined : rawFilesAt(raw);
  if (files?.length === 0) throw new UsageError(`--raw ${raw ?? ''}: the folder holds no files.`);
  return files;
}

/** The configuration of the stack whose sizes are tried. Throws UsageError where nobody here can read it. */
function triedConfiguration(name: string | undefined, root: string): Readonly<Record<string, string>> | undefined {
  if (name === undefined) return undefined;
  const { stack, secretKeys, configuration } = readStackFile(root, name, 'secret');
  if (secretKeys.length > 0)
    throw new UsageError(`--stack ${stack}: ${secretKeys.join(', ')} is encrypted; expected plain values, the stack needs no secret.`);
  return configuration;
}

/** Raw data, its columns and what the line runs: recordings, or a simulated machine, healthy or with a fault. */
function sourcesOf({ local, time, label, ignore, fault }: StartOptions, rawFiles: readonly string[] | undefined) {
  const simulated = join(local, 'raw');
  return {
    rawFiles: rawFiles ?? simulatedRawFiles(simulated),
    ...(fault === undefined ? {} : { laterRawFiles: (round: number) => sisterMachineFiles(simulated, round) }),
    dataset: {
      ...(time === undefined ? {} : { timeColumn: time }),
      ...(label ? { labelColumns: label } : {}),
      ...(ignore ? { ignoredColumns: ignore } : {}),
    },
    replay:
      fault !== undefined
        ? faultyLine(fault)
        : replayStretches(rawFiles === undefined, {
            ...(time === undefined ? {} : { time }),
            ...(label ? { labels: label } : {}),
            ...(ignore ? { ignored: ignore } : {}),
          }),
  } satisfies Partial<LocalLoopOptions>;
}

/** Closes the loop in a local region and reports what its services hold as evidence. */
export async function start(options: StartOptions, root: string, terminal: Terminal): Promise<number> {
  const { local, json, quiet, rounds } = options;
  const rawFiles = givenRawFiles(options.raw);
  const configuration = triedConfiguration(options.stack, root);
  const directory = await claimRegionDirectory(local, options.continue);
  const interruption = onInterrupt(() => endProcessesOf(directory));
  const { signal } = interruption;
  // The build tool's own process is marked like the region's children.
  process.env[regionMarker] = regionDirectory(local);
  const page = join(local, 'report.html');
  const record = join(local, 'report.json');
  for (const file of [record, page]) rmSync(file, { force: true });
  const live = showSteps(terminal, { silent: quiet || json, rounds });
  let printed = false;
  let keptRunning = false;

  function print(report: LoopReport): void {
    if (printed) return;
    printed = true;
    live.end();
    writeFileSync(record, `${JSON.stringify(report, null, 2)}\n`);
    writeFileSync(page, reportPage(report));
    if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
    else closingText(report, terminal.paint, { root, page }).forEach(terminal.line);
  }

  const report = await runLocalLoop({
    directory,
    rounds,
    ...(configuration === undefined ? {} : { stack: { configuration, ownData: rawFiles !== undefined } }),
    keep: options.keep,
    signal,
    sampleIntervalMs: 1_000,
    ...sourcesOf(options, rawFiles),
    program: async () => (await import('../../index')).default as unknown as Record<string, unknown>,
    events: live,
    whileRunning: async (finished) => {
      if (!options.keep || signal.aborted) return;
      keptRunning = true;
      print(finished);
      terminal.line('\nThe region is running; Ctrl-C ends it.');
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    },
  }).finally(() => live.end());
  print(report);
  const done = report.error === undefined && report.steps.length > 0 && report.steps.every((step) => step.ok);
  // A region that was kept is ended by Ctrl-C; the run itself had ended before.
  return (keptRunning ? undefined : interruption.exitCode()) ?? (done ? 0 : 1);
}
