import type { LocalRegion } from '../local-azure/localRegion';
import type { EvidenceReader } from './evidenceReader';
import { explainFailure } from './explainFailure';
import { followSteps } from './followSteps';
import { LandingZoneReader, manifestNames, resultKey } from './landingZoneReader';
import type { MonitorReader } from './monitorReader';
import type { Replay } from './replay';
import type { ReplayResult, RoundSummary, StepResult } from './report';
import { landedCounts, returnSteps, type LandedCounts } from './returnSteps';
import type { SiteConsole } from './siteConsole';
import type { RoundFacts, Step } from './step';
import { loopSteps } from './loopSteps';
import { steps } from './steps';

const stepTimeoutMs = 120_000;

/** What happens in the loop, for whoever looks on. */
export interface LoopObserver {
  phase(text: string): void;
  waiting(round: number, step: Step, sinceMs: number): void;
  step(result: StepResult): void;
}
interface RoundsOptions {
  readonly region: LocalRegion;
  readonly reader: EvidenceReader;
  readonly monitor: MonitorReader;
  readonly site: SiteConsole;
  readonly rounds: number;
  /** Since when data versions count for the first round; a continued run goes back to where the last one began. */
  readonly startedAt: Date;
  /** Rounds whose stretches the line has replayed in this region before. */
  readonly replayedBefore: number;
  readonly onReplay: (replayed: number) => void;
  /** Lets a delivery that waits for a person go. */
  readonly approve?: (deliveryId: string) => Promise<void>;
  readonly rawFiles: readonly string[];
  readonly rawBlobs: readonly string[];
  /** Raw files that come for a later round are dropped; returns their blobs. */
  readonly deliver: (round: number) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly replay: Replay;
  readonly events: LoopObserver;
}
/** Filled while the rounds go on, so that an interrupted run has what there is. */
export interface RoundsResult {
  readonly steps: StepResult[];
  readonly replays: ReplayResult[];
  readonly summaries: RoundSummary[];
  readonly landed: { sent: number; arrived: number; distinct: number };
}
export const emptyRounds = (): RoundsResult => ({ steps: [], replays: [], summaries: [], landed: { sent: 0, arrived: 0, distinct: 0 } });

const figuresOf = (tag: string | undefined) =>
  Object.fromEntries(
    (tag ?? '')
      .split(' ')
      .filter((pair) => pair.includes('='))
      .map((pair) => pair.split('=') as [string, string]),
  );

function summaryOf(round: number, { manifest, model }: RoundFacts): RoundSummary {
  const sources = manifest?.sources ?? [];
  const tags = model?.tags;
  return {
    round,
    ...(manifest ? { dataVersion: manifest.dataVersion } : {}),
    rawSources: sources.filter(({ origin }) => origin === 'raw').length,
    landingSources: sources.filter(({ origin }) => origin === 'landing-zone').length,
    landingWindows: sources.filter(({ origin }) => origin === 'landing-zone').reduce((sum, { windows }) => sum + windows, 0),
    windows: manifest?.windowCount ?? 0,
    ...(model ? { modelVersion: model.version } : {}),
    ...(tags?.packageVersion === undefined ? {} : { packageVersion: tags.packageVersion }),
    ...(tags ? { stage: tags.stage } : {}),
    gate: figuresOf(tags?.gateFigures),
  };
}

/** The services tell creation times in whole seconds. */
const wholeSecond = (timeMs: number) => new Date(Math.floor(timeMs / 1_000) * 1_000);

/** Follows the loop round after round: what the line sends back in one round starts the next. Ends at the first step that is not ok. */
export async function runRounds(options: RoundsOptions, result: RoundsResult): Promise<void> {
  const { region, reader, monitor, site, rounds, rawFiles, signal, events } = options;
  const landing = new LandingZoneReader(reader);
  let startedAt = options.startedAt;
  let recycled: readonly string[] = [];
  for (let round = 1; round <= rounds && !signal.aborted; round++) {
    const facts: RoundFacts = {
      startedAt,
      rawBlobs: round === 1 ? options.rawBlobs : await options.deliver(round),
      recycled,
      landedBefore: new Set(await manifestNames(reader)),
      sent: { samples: 0, times: new Set(), results: new Set() },
    };
    const runLine = async () => {
      if (!facts.manifest) return;
      events.phase('the line runs a normal and a faulty stretch');
      startedAt = wholeSecond(Date.now());
      const stop = await site.onResult((result) => facts.sent.results.add(resultKey(result)));
      const replayed = options.replayedBefore + round;
      options.onReplay(replayed);
      result.replays.push(
        ...(await options.replay(site, facts.manifest, rawFiles, { round, replayed, last: round === rounds, sent: facts.sent, signal })),
      );
      stop();
    };
    const followed = await followSteps({
      round,
      steps: loopSteps,
      observer: { reader, site, monitor, landing, facts, ...(options.approve ? { approve: options.approve } : {}) },
      explain: (program) => explainFailure(region, program),
      stepTimeoutMs,
      pollMs: 150,
      signal,
      before: async (step) => (step === returnSteps[0] ? runLine() : undefined),
      onWaiting: (step, sinceMs) => events.waiting(round, step, sinceMs),
      onStep: (step) => {
        result.steps.push(step);
        events.step(step);
      },
    });
    result.summaries.push(summaryOf(round, facts));
    addLanded(result.landed, facts, landedCounts(facts.landed ?? [], facts.sent));
    if (!followed.every((step) => step.ok) || followed.length < steps.length + returnSteps.length) return;
    recycled = (facts.landed ?? []).map(({ manifest }) => manifest.blob);
  }
}

function addLanded(landed: RoundsResult['landed'], { sent }: RoundFacts, counts: LandedCounts): void {
  landed.sent += sent.samples + sent.results.size;
  landed.arrived += counts.arrived;
  landed.distinct += counts.samples + counts.results;
}
