import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../startOptions';

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** An empty directory for a region, below the folder of a run. Throws UsageError when another region still lives there. */
export function emptyRegionDirectory(local: string): string {
  const directory = join(local, 'region');
  const owner = join(local, 'region.pid');
  const pid = existsSync(owner) ? Number(readFileSync(owner, 'utf8')) : 0;
  if (pid > 0 && pid !== process.pid && isRunning(pid)) throw new UsageError(`a region is already running in ${local} (process ${pid}). End it first, or give another folder with --local.`);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(local, { recursive: true });
  writeFileSync(owner, String(process.pid));
  process.once('exit', () => rmSync(owner, { force: true }));
  return directory;
}
