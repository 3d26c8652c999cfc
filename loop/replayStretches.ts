import { judgedRun } from './judgedRun';
import type { Replay, ReplayRound } from './replay';
import type { ReplayResult } from './report';
import type { SiteConsole } from './siteConsole';
import { laterBy, recordedStretches, simulatedStretches, spanMs, type Row, type Stretch } from './stretches';

const runTimeoutMs = 120_000;

/** Lets the line run a stretch to its end and the inference server finish with it. Of what is `uncertain` nothing is ever trained on. */
export function replayStretch(
  site: SiteConsole,
  { stretch, source, columns, rows }: Stretch,
  round: Pick<ReplayRound, 'round' | 'sent' | 'signal'>,
  quality: 'good' | 'uncertain' = 'good',
): Promise<ReplayResult> {
  const timed = rows.map(([time, ...values]: Row) => [new Date(time).toISOString(), ...values] as [string, ...(number | null)[]]);
  for (const [time] of timed) round.sent.times.add(time);
  return judgedRun(
    site,
    { stretch, source },
    round,
    timed.length === 0
      ? undefined
      : () => site.runLine({ kind: 'replay', quality, intervalMs: 0, columns: [...columns], rows: timed }, runTimeoutMs),
  );
}

const dayMs = 86_400_000;

/** Recordings come again in every round, told some days later each time, so that no window of one round meets one of another. */
export function inRound(stretches: readonly Stretch[], replayed: number): Stretch[] {
  const days = Math.ceil(spanMs(stretches) / dayMs) + 1;
  return stretches.map((stretch) => laterBy(stretch, (replayed - 1) * days * dayMs));
}

/** Lets the line run a normal and a faulty stretch past the deployed package and counts its alarms. */
export const replayStretches =
  (
    simulated: boolean,
    columns: { readonly time?: string; readonly labels?: readonly string[]; readonly ignored?: readonly string[] },
  ): Replay =>
  async (site, manifest, files, round) => {
    const stretches = simulated
      ? simulatedStretches(round.replayed)
      : inRound(await recordedStretches(files, manifest, columns, round.last ? 'held-out' : 'train'), round.replayed);
    const results: ReplayResult[] = [];
    for (const stretch of stretches) results.push(await replayStretch(site, stretch, round));
    return results;
  };
