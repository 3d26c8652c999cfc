import { setTimeout as pause } from 'node:timers/promises';
import type { StepResult } from './report';
import type { Observation, Observer, Step } from './step';

/** Why a program failed, as far as its platform can tell: error codes, refusals. */
type Explain = (program: string) => Promise<Record<string, unknown>>;
interface FollowOptions {
  readonly round: number;
  readonly steps: readonly Step[];
  readonly observer: Observer;
  readonly explain: Explain;
  /** How long one step may take before it counts as missing. */
  readonly stepTimeoutMs: number;
  /** When, by `performance.now()`, all of it must be over. */
  readonly deadlineMs?: number;
  readonly pollMs: number;
  readonly signal: AbortSignal;
  /** What must happen at the site before a step can be seen; its time is not the step's. */
  readonly before?: (step: Step) => Promise<void>;
  onWaiting(step: Step, sinceMs: number): void;
  onStep(result: StepResult): void;
}

/** A failed run of the step's program, once no other run of it is under way. */
async function failedRun(program: string, { reader, facts }: Observer): Promise<string | undefined> {
  if (!(program in reader.outputs.jobs)) return undefined;
  const runs = await reader.jobRuns(program, facts.startedAt);
  const last = runs.at(-1);
  return last?.status === 'Failed' ? last.name : undefined;
}

/** The program failed: what it did before still counts, so the step is looked at once more. */
async function observeFailed(step: Step, { observer, explain }: FollowOptions): Promise<Observation> {
  const execution = await failedRun(step.program, observer).catch(() => undefined);
  if (execution === undefined) return undefined;
  const failure = { execution, ...(await explain(step.program)) };
  return (
    (await step.observe(observer).catch(() => undefined)) ??
    (await step.doneBefore?.(failure, observer)) ?? { ok: false, evidence: failure }
  );
}

/** Looks for a step until it was seen, its program failed or its time is up. */
async function observeStep(step: Step, options: FollowOptions): Promise<NonNullable<Observation>> {
  const { observer, explain, stepTimeoutMs, deadlineMs = Infinity, pollMs, signal } = options;
  const started = performance.now();
  let nextFailureCheck = started + 500;
  let lastError: unknown;
  while (!signal.aborted) {
    try {
      const observation = await step.observe(observer);
      if (observation !== undefined) return observation;
    } catch (error) {
      lastError = error;
    }
    const now = performance.now();
    if (now >= nextFailureCheck) {
      nextFailureCheck = now + 1_000;
      const observation = await observeFailed(step, options);
      if (observation !== undefined) return observation;
    }
    if (now - started > stepTimeoutMs || now > deadlineMs)
      return {
        ok: false,
        evidence: {
          missing: `nothing to see after ${Math.round((now - started) / 1_000)} s`,
          ...(lastError instanceof Error ? { lastError: lastError.message.slice(0, 500) } : {}),
          ...(await explain(step.program)),
        },
      };
    options.onWaiting(step, now - started);
    await pause(pollMs);
  }
  return { ok: false, evidence: { missing: 'interrupted' } };
}

/** Watches the steps in their order until each was seen, one failed, or one did not come. Later steps are then missing; after a refusal of the gate there are none. */
export async function followSteps(options: FollowOptions): Promise<StepResult[]> {
  const { round, steps, explain, signal } = options;
  const results: StepResult[] = [];
  let broken: string | undefined;
  let since = performance.now();
  const add = (step: Step, ok: boolean, evidence: Record<string, unknown>) => {
    const now = performance.now();
    const result: StepResult = { round, id: step.id, title: step.title, ok, evidence, durationMs: Math.round(now - since) };
    since = now;
    results.push(result);
    options.onStep(result);
  };

  for (const step of steps) {
    if (broken !== undefined) {
      add(step, false, { missing: `not reached: step ${broken} failed` });
      continue;
    }
    if (options.before && !signal.aborted) {
      const waited = performance.now();
      await options.before(step);
      since += performance.now() - waited;
    }
    const { ok, evidence, final } = await observeStep(step, options);
    const isTraining = step.program === 'model-development' && step.id === '3a';
    add(step, ok, !ok && isTraining ? { ...evidence, ...(await explain('train')) } : evidence);
    if (final === true) break;
    if (!ok) broken = step.id;
  }
  return results;
}
