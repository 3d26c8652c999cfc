import type { DatasetManifest } from '../../contracts/datasetManifest';
import type { InferenceResult } from '../../contracts/databus';
import type { ReplayResult } from './report';
import type { SiteConsole } from './siteConsole';
import { recordedStretches, simulatedStretches, type Row, type Stretch } from './stretches';

const runTimeoutMs = 120_000;
/** The inference server may still be computing when the line has finished; it is done when it has been silent for this long. */
const silenceMs = 1_500;

async function replay(site: SiteConsole, { stretch, source, columns, rows }: Stretch): Promise<ReplayResult> {
  const results: InferenceResult[] = [];
  let lastAt = performance.now();
  const stop = await site.onResult((result) => {
    results.push(result);
    lastAt = performance.now();
  });
  try {
    const timed = rows.map(([time, ...values]: Row) => [new Date(time).toISOString(), ...values] as [string, ...(number | null)[]]);
    if (timed.length > 0) await site.runLine({ kind: 'replay', intervalMs: 0, columns: [...columns], rows: timed }, runTimeoutMs);
    lastAt = performance.now();
    while (performance.now() - lastAt < silenceMs) await new Promise((resolve) => setTimeout(resolve, 100));
  } finally {
    stop();
  }
  const alarms = results.filter((result) => result.alarm).length;
  return {
    stretch, source, windows: results.length, alarms, alarmRate: results.length === 0 ? 0 : Number((alarms / results.length).toFixed(4)),
    series: results.map(({ windowEnd, score, alarm }) => ({ at: windowEnd, score, alarm })),
  };
}

/** Lets the line run a normal and a faulty stretch past the deployed package and counts its alarms. */
export const replayStretches = (simulated: boolean, columns: { readonly time?: string; readonly labels?: readonly string[]; readonly ignored?: readonly string[] }) =>
  async (site: SiteConsole, manifest: DatasetManifest, files: readonly string[]): Promise<readonly ReplayResult[]> => {
    const stretches = simulated ? simulatedStretches() : await recordedStretches(files, manifest, columns);
    const results: ReplayResult[] = [];
    for (const stretch of stretches) results.push(await replay(site, stretch));
    return results;
  };
