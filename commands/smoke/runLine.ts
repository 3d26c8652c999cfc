import type { DatasetManifest } from '../../contracts/datasetManifest';
import { resultKey } from '../../loop/landingZoneReader';
import { replayStretch } from '../../loop/replayStretches';
import type { SiteConsole } from '../../loop/siteConsole';
import type { RoundFacts, Step } from '../../loop/step';
import { laterBy, recordedStretches } from '../../loop/stretches';

const maxSamples = 1_200;
const listed = (names: unknown) => (typeof names === 'string' && names !== '' ? names.split(',') : undefined);

/** Part of the raw file, as if it were now. */
async function stretchOf(file: string, manifest: DatasetManifest) {
  const { timeColumn, labelColumns, ignoredColumns } = manifest.settings;
  const [labels, ignored] = [listed(labelColumns), listed(ignoredColumns)];
  const stretches = await recordedStretches(
    [file],
    manifest,
    { ...(typeof timeColumn === 'string' ? { time: timeColumn } : {}), ...(labels ? { labels } : {}), ...(ignored ? { ignored } : {}) },
    'held-out',
  );
  const normal = stretches.find(({ stretch, rows }) => stretch === 'normal' && rows.length > 0);
  if (!normal) throw new Error('the raw file has no normal stretch that the line could run');
  const rows = normal.rows.slice(0, maxSamples);
  return laterBy({ ...normal, rows }, Date.now() - (rows[0]?.[0] ?? 0));
}

export type LineUse = 'driven' | 'running by itself' | 'not reached';

/**
 * Lets the line run past the package, where it can be reached and does nothing else: a line at work is never disturbed. What it then
 * sends says of itself that it is uncertain, so that neither the factory nor a smoke test is ever trained on it.
 */
export async function runLine(site: SiteConsole | undefined, facts: RoundFacts, file: string, signal: AbortSignal): Promise<LineUse> {
  const { manifest, delivery } = facts;
  if (!site || !manifest || !delivery) return 'not reached';
  if (!(await site.lineState()).finished) return 'running by itself';
  const stop = await site.onResult((result) => {
    if (result.packageId === delivery.packageId && result.packageVersion === delivery.packageVersion)
      facts.sent.results.add(resultKey(result));
  });
  try {
    await replayStretch(site, await stretchOf(file, manifest), { round: 1, sent: facts.sent, signal }, 'uncertain');
  } finally {
    stop();
  }
  return 'driven';
}

/** Where the line runs by itself, what it said can only be known from what came back of it: at least one result of this package. */
export const fromTheLine = (step: Step): Step =>
  step.id !== '13a'
    ? step
    : {
        ...step,
        observe: async (observer) => {
          const { delivery, sent, landedBefore } = observer.facts;
          if (sent.samples === 0 && delivery) {
            const ofPackage = resultKey({
              packageId: delivery.packageId,
              packageVersion: delivery.packageVersion,
              windowStart: '',
              windowEnd: '',
            }).replace(/\/+$/, '/');
            for (const { records } of await observer.landing.batches(landedBefore))
              for (const { kind, key } of records) if (kind === 'result' && key.startsWith(ofPackage)) sent.results.add(key);
          }
          if (sent.results.size === 0) throw new Error('the landing zone holds no result of this package yet');
          return step.observe(observer);
        },
      };
