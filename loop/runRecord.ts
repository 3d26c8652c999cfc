import type { LocalRegion } from '../local-azure/localRegion';
import type { LoopReport, QuarantinedFile } from './report';
import { emptyRounds } from './runRounds';
import { loopSteps } from './loopSteps';

const nothing = { sent: 0, arrived: 0, distinct: 0 };

/** What a run has come to so far. It is reported whenever the run ends, and however. */
export class RunRecord {
  readonly startedAt = new Date();
  private readonly started = performance.now();
  readonly found = emptyRounds();
  readonly startUp = { bundlesMs: 0, regionMs: 0, deploymentMs: 0, resources: 0 };
  factory: string | undefined;
  quarantined: readonly QuarantinedFile[] = [];
  telemetry: LoopReport['telemetry'] = { logs: nothing, metrics: nothing };

  constructor(private readonly rounds: number) {}

  /** Milliseconds since the run began. */
  elapsedMs(): number {
    return Math.round(performance.now() - this.started);
  }

  report(region: LocalRegion | undefined, error?: Error): LoopReport {
    const { found, factory, startUp, quarantined, telemetry } = this;
    return {
      startedAt: this.startedAt.toISOString(),
      ...(factory === undefined ? {} : { factory }),
      rounds: this.rounds,
      durationMs: this.elapsedMs(),
      steps: error && found.steps.length === 0 ? notReached() : found.steps,
      summaries: found.summaries,
      replays: found.replays,
      quarantined,
      telemetry,
      recycled: found.landed,
      startUp,
      refusals: (region?.context.gate.denials ?? []).map(({ identity, action, scope, status, rolesThatGrant }) => ({
        identity,
        action,
        scope,
        status,
        rolesThatGrant,
      })),
      ...(error ? { error: error.message } : {}),
    };
  }
}

/** A run that broke before its first step lacks every step, and its report says so. */
const notReached = (): LoopReport['steps'] =>
  loopSteps.map(({ id, title }) => ({
    round: 1,
    id,
    title,
    ok: false,
    evidence: { missing: 'not reached: the run ended before it' },
    durationMs: 0,
  }));
