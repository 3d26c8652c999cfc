import { setTimeout as pause } from 'node:timers/promises';
import type { EvidenceReader } from './evidenceReader';

const quietMs = 6_000;
const patienceMs = 90_000;

/** Waits until no job of the loop has run for a while: what came back from the line starts the data pipeline once more, which looks at it and leaves it. */
export async function waitUntilIdle(reader: EvidenceReader, since: Date, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + patienceMs;
  let seen = '';
  let quietSince = performance.now();
  while (performance.now() < deadline && performance.now() - quietSince < quietMs && !signal.aborted) {
    const runs = (await Promise.all(Object.keys(reader.outputs.jobs).map((program) => reader.jobRuns(program, since)))).flat();
    const now = runs.map(({ name, status }) => `${name} ${status}`).join(',');
    if (now !== seen || runs.some(({ status }) => status === 'Running')) quietSince = performance.now();
    seen = now;
    await pause(500);
  }
}
