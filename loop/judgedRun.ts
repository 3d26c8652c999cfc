import { setTimeout as pause } from 'node:timers/promises';
import type { InferenceResult, LineState } from '../contracts/databus';
import { unlessInterrupted } from '../command-line/interruption';
import type { ReplayRound } from './replay';
import type { ReplayResult } from './report';
import type { SiteConsole } from './siteConsole';

/** The inference server may still be computing when the line has finished; it is done when it has been silent for this long. */
const silenceMs = 1_500;

/** Lets the line run to its end and gathers what the deployed package said meanwhile. Undefined: there is nothing to run. */
export async function judgedRun(
  site: SiteConsole,
  about: Pick<ReplayResult, 'stretch' | 'source'>,
  { round, sent, signal }: Pick<ReplayRound, 'round' | 'sent' | 'signal'>,
  run: (() => Promise<LineState>) | undefined,
): Promise<ReplayResult> {
  const results: InferenceResult[] = [];
  let lastAt = performance.now();
  let state: LineState | undefined;
  const stop = await site.onResult((result) => {
    results.push(result);
    lastAt = performance.now();
  });
  try {
    if (run) state = await unlessInterrupted(run(), signal);
    lastAt = performance.now();
    while (performance.now() - lastAt < silenceMs && !signal.aborted) await pause(100);
  } finally {
    stop();
  }
  const samples = state?.samplesSent ?? 0;
  sent.samples += samples;
  const alarms = results.filter((result) => result.alarm).length;
  return {
    round,
    ...about,
    lineFault: state?.fault ?? 'none',
    packageVersions: [...new Set(results.map((result) => result.packageVersion))],
    samples,
    windows: results.length,
    alarms,
    alarmRate: results.length === 0 ? 0 : Number((alarms / results.length).toFixed(4)),
    threshold: results.at(-1)?.threshold ?? null,
    series: results.map(({ windowEnd, score, alarm }) => ({ at: windowEnd, score, alarm })),
  };
}
