import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EvidenceReader } from '../../../loop/evidenceReader';
import { regionCredential } from '../../../loop/regionCredential';
import { cleanUp, type CleanedUp } from '../../../commands/smoke/cleanUp';
import { newSmokeDataset, outputsFor, smokeTest } from '../../../commands/smoke/smokeTest';
import type { FactoryRow, FactoryScope } from '../../../components/access/roleMatrix';
import { waitForJobsToEnd, type RunningStack } from './runningStack';
import type { Exercise } from './removal';

/** How far a smoke test must come so that there is something at the scope, and what of it stays when nobody may take it away. */
const made: Partial<Record<FactoryScope, readonly [until: string, left: string]>> = {
  'data/processed': ['1b', 'processed files'],
  'data/quarantine': ['1a', 'quarantined files'],
  'data/deliveries': ['7', 'delivery records'],
  'edge/packaged-models': ['5b', 'package files'],
  'ml-workspace': ['3b', 'model versions archived'],
  registry: ['7', 'artifacts'],
};

/** A smoke test that keeps its evidence; then, without the right, what it made is taken away. */
export async function smokeExercise(running: RunningStack, { scope }: FactoryRow): Promise<Exercise> {
  const { region, outputs, directory, smokeTester } = running;
  const [until, left] = made[scope] ?? [];
  if (until === undefined || left === undefined) throw new Error(`a smoke test makes nothing at ${scope}`);
  await waitForJobsToEnd(running);
  const credential = regionCredential(region, smokeTester);
  const dataset = newSmokeDataset();
  const unusable = scope === 'data/quarantine' ? join(directory, 'unusable.csv') : undefined;
  if (unusable !== undefined) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(unusable, 'name;colour\na;b\n');
  }
  const report = await smokeTest({
    outputs,
    credential,
    dataset,
    until,
    timeoutMs: 100_000,
    keepEvidence: true,
    pollMs: 300,
    signal: new AbortController().signal,
    events: { phase: () => undefined, waiting: () => undefined, step: () => undefined },
    ...(unusable === undefined ? {} : { raw: unusable }),
  });
  const came =
    unusable === undefined
      ? report.error === undefined && report.steps.every(({ ok }) => ok) && report.steps.at(-1)?.id === until
      : report.quarantined.length > 0;
  if (!came) throw new Error(`the smoke test did not come to ${until}: ${report.error ?? JSON.stringify(report.steps.at(-1))}`);
  await waitForJobsToEnd(running);
  const takeAway = () => cleanUp(new EvidenceReader(outputsFor(outputs, dataset), credential), credential);
  let done: CleanedUp | undefined;
  return {
    start: async () => void (done = await takeAway()),
    failed: () => {
      if (!done) return undefined;
      if (!done.left.some((one) => one.startsWith(`${left}: `)))
        throw new Error(`the smoke test took its ${left} away without it: the assignment is excess`);
      return `the smoke test leaves ${left}`;
    },
    restore: async () => {
      const rest = await takeAway();
      if (rest.left.length > 0) throw new Error(`with the right back the smoke test still leaves ${rest.left.join('; ')}`);
    },
  };
}
