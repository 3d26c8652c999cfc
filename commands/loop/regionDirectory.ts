import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../startOptions';
import { endProcessesOf, processesOf, startOfProcess } from './leftovers';

const ownerFile = (local: string) => join(local, 'region.pid');
export const regionDirectory = (local: string) => join(local, 'region');

/** The process whose region lives in the folder; a file that a killed run left names none. */
function owner(local: string): number | undefined {
  const file = ownerFile(local);
  const [pid = '', start = ''] = existsSync(file) ? readFileSync(file, 'utf8').split(' ') : [];
  const id = Number(pid);
  return id > 0 && id !== process.pid && start !== '' && startOfProcess(id) === start ? id : undefined;
}

/** Throws UsageError when a region runs in the folder. */
export function refuseRunning(local: string): void {
  const pid = owner(local);
  if (pid !== undefined) throw new UsageError(`a region is already running in ${local} (process ${pid}). End it first, or give another folder with --local.`);
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
  while (processesOf(directory).length > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
  endProcessesOf(directory);
}

/** The directory for a region: empty, or with `keep` as the last one left it. Throws UsageError when another region still lives there, or there is nothing to keep. */
export async function claimRegionDirectory(local: string, keep: boolean): Promise<string> {
  refuseRunning(local);
  const directory = regionDirectory(local);
  if (keep && !existsSync(directory)) throw new UsageError(`--continue: there is no region in ${local}. Start one without --continue first.`);
  if (keep) await letLeftoversEnd(directory);
  else removeRegion(local);
  mkdirSync(local, { recursive: true });
  writeFileSync(ownerFile(local), `${process.pid} ${startOfProcess(process.pid) ?? ''}`);
  process.once('exit', () => rmSync(ownerFile(local), { force: true }));
  return directory;
}
