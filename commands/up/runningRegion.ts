import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { endProcessesOf, startOfProcess } from '../../loop/regionProcesses';
import { regionDirectory, regionOwner } from '../../loop/regionDirectory';
import { upDirectory } from './upDirectory';

/** What the region's process says about itself once everything in it answers. */
const regionFacts = z.object({
  pid: z.int().positive(),
  /** When the process began: with the id it names one process, where an id alone is given again. */
  startOfProcess: z.string().min(1),
  /** Value of PULUMI_DEBUG_PROVIDERS. */
  providers: z.string().min(1),
  cloud: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  operatorId: z.guid(),
});
export type RegionFacts = z.output<typeof regionFacts>;

const startTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;
const pollMs = 100;

/** The region that runs for this folder; a file that a killed one left names none. */
export function runningRegion(local: string): RegionFacts | undefined {
  const { regionFile } = upDirectory(local);
  if (!existsSync(regionFile)) return undefined;
  const facts = regionFacts.safeParse(JSON.parse(readFileSync(regionFile, 'utf8')));
  return facts.success && startOfProcess(facts.data.pid) === facts.data.startOfProcess ? facts.data : undefined;
}

const lastLines = (file: string, count: number) => readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');

/** The running region, or one started now in a process of its own, on what an earlier one left. */
export async function ensureRegion(local: string, root: string): Promise<RegionFacts> {
  const known = runningRegion(local);
  if (known) return known;
  const { path, regionLog } = upDirectory(local);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const log = openSync(regionLog, 'a', 0o600);
  const child = spawn(process.execPath, ['-r', 'ts-node/register', join(__dirname, 'regionProcess.ts'), local], {
    cwd: root,
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  child.unref();
  let ended = false;
  child.once('exit', () => (ended = true));
  for (const deadline = performance.now() + startTimeoutMs; performance.now() < deadline; await pause(pollMs)) {
    // Another start may have been first; then its region serves, as soon as it is ready.
    const facts = runningRegion(local);
    if (facts) return facts;
    if (ended && regionOwner(path) === undefined)
      throw new Error(`the region did not start; ${regionLog} ends with:\n${lastLines(regionLog, 10)}`);
  }
  throw new Error(`the region was not ready after ${startTimeoutMs / 1_000} s; see ${regionLog}.`);
}

/** Asks the region to end and waits; what does not end by itself is ended. False when none ran. */
export async function endRegion(local: string): Promise<boolean> {
  const facts = runningRegion(local);
  if (!facts) return false;
  process.kill(facts.pid, 'SIGTERM');
  for (const deadline = performance.now() + stopTimeoutMs; startOfProcess(facts.pid) === facts.startOfProcess; await pause(pollMs)) {
    if (performance.now() < deadline) continue;
    process.kill(facts.pid, 'SIGKILL');
    endProcessesOf(regionDirectory(upDirectory(local).path));
    break;
  }
  return true;
}
