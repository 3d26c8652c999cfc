import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { UsageError } from '../command-line/usageError';
import { endProcessesOf, processesOf, startOfProcess } from './regionProcesses';

const ownerFile = (local: string) => join(local, 'region.pid');
export const regionDirectory = (local: string) => join(local, 'region');

/** The process that a text of such a file names, when it lives and is another one. */
function named(text: string): number | undefined {
  const [pid = '', start = ''] = text.split(' ');
  const id = Number(pid);
  return id > 0 && id !== process.pid && start !== '' && startOfProcess(id) === start ? id : undefined;
}

const textOf = (file: string) => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
};

/** The process whose region lives in the folder; a file that a killed run left names none. */
export const regionOwner = (local: string): number | undefined => named(textOf(ownerFile(local)));

/** Throws UsageError when a region runs in the folder. */
export function refuseRunning(local: string): void {
  const pid = regionOwner(local);
  if (pid !== undefined)
    throw new UsageError(`a region is already running in ${local} (process ${pid}). End it first, or give another folder with --local.`);
}

/** Everything of a region that is not running any more: its processes, its state. */
export function removeRegion(local: string): void {
  endProcessesOf(regionDirectory(local));
  rmSync(regionDirectory(local), { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
}

const orderlyEndMs = 10_000;

/** What a killed region left ends by itself and writes down what it has; only what does not is ended. */
async function letLeftoversEnd(directory: string): Promise<void> {
  const deadline = performance.now() + orderlyEndMs;
  while (processesOf(directory).length > 0 && performance.now() < deadline) await pause(100);
  endProcessesOf(directory);
}

const isTaken = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** Moves away a file that names no living process. One that another start has written in the meantime is put back. */
function removeStale(file: string): void {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
    if (named(textOf(aside)) !== undefined) linkSync(aside, file);
  } catch (error) {
    if (!isTaken(error) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** Makes this process the folder's owner. The file appears whole and at once, so of two starts only one can win. Throws UsageError for the other. */
function becomeOwner(local: string): void {
  const file = ownerFile(local);
  const own = `${process.pid} ${startOfProcess(process.pid) ?? ''}`;
  const written = `${file}.${randomUUID()}`;
  mkdirSync(local, { recursive: true });
  writeFileSync(written, own);
  try {
    for (;;) {
      refuseRunning(local);
      try {
        linkSync(written, file);
        break;
      } catch (error) {
        if (!isTaken(error)) throw error;
        removeStale(file);
      }
    }
  } finally {
    rmSync(written, { force: true });
  }
  refuseRunning(local);
  process.once('exit', () => {
    if (textOf(file) === own) rmSync(file, { force: true });
  });
}

/** The directory for a region: empty, or with `keep` as the last one left it. Throws UsageError when another region still lives there, or there is nothing to keep. */
export async function claimRegionDirectory(local: string, keep: boolean): Promise<string> {
  refuseRunning(local);
  const directory = regionDirectory(local);
  if (keep && !existsSync(directory))
    throw new UsageError(`--continue: there is no region in ${local}. Start one without --continue first.`);
  becomeOwner(local);
  if (keep) await letLeftoversEnd(directory);
  else removeRegion(local);
  return directory;
}

/** The folder and those below it in which a region runs or has left something. What is inside a region's own directory is no such folder. */
export function regionFolders(local: string): string[] {
  const entries = readdirSync(local, { withFileTypes: true });
  const own = entries.some(({ name }) => name === 'region' || name === 'region.pid') ? [local] : [];
  return [
    ...own,
    ...entries
      .filter((entry) => entry.isDirectory() && entry.name !== 'region' && entry.name !== 'node_modules')
      .flatMap(({ name }) => regionFolders(join(local, name))),
  ];
}
