import type { StepResult } from './report';
import type { Observation, Observer, Step } from './step';

/** Why a program failed, as far as its platform can tell: error codes, refusals. */
export type Explain = (program: string) => Promise<Record<string, unknown>>;
export interface FollowOptions {
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

const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** A failed run of the step's program, once no other run of it is under way. */
async function failedRun(program: string, { reader, facts }: Observer): Promise<string | undefined> {
  if (!(program in reader.outputs.jobs)) return undefined;
  const runs = await reader.jobRuns(program, facts.startedAt);
  const last = runs.at(-1);
  return last?.status === 'Failed' ? last.name : undefined;
}

/** Watches the steps in their order until each was seen, one failed, or one did not come. Later steps are then missing; after a refusal of the gate there are none. */
export async function followSteps(options: FollowOptions): Promise<StepResult[]> {
  const { round, steps, observer, explain, stepTimeoutMs, deadlineMs = Infinity, pollMs, signal } = options;
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
    let observation: Observation;
    let lastError: unknown;
    const started = performance.now();
    let nextFailureCheck = started + 500;
    while (observation === undefined && !signal.aborted) {
      try {
        observation = await step.observe(observer);
      } catch (error) {
        lastError = error;
      }
      if (observation !== undefined) break;
      const now = performance.now();
      if (now >= nextFailureCheck) {
        nextFailureCheck = now + 1_000;
        const run = await failedRun(step.program, observer).catch(() => undefined);
        // What the program did before it failed still counts, so the step is looked at once more.
        if (run !== undefined) {
          const failure = { execution: run, ...(await explain(step.program)) };
          observation = (await step.observe(observer).catch(() => undefined)) ??
            (await step.doneBefore?.(failure, observer)) ?? { ok: false, evidence: failure };
        }
      }
      if (observation === undefined && (now - started > stepTimeoutMs || now > deadlineMs)) {
        observation = {
          ok: false,
          evidence: {
            missing: `nothing to see after ${Math.round((now - started) / 1_000)} s`,
            ...(lastError instanceof Error ? { lastError: lastError.message.slice(0, 500) } : {}),
            ...(await explain(step.program)),
          },
        };
      }
      options.onWaiting(step, now - started);
      if (observation === undefined) await pause(pollMs);
    }
    observation ??= { ok: false, evidence: { missing: 'interrupted' } };
    add(
      step,
      observation.ok,
      !observation.ok && step.program === 'model-development' && step.id === '3a'
        ? { ...observation.evidence, ...(await explain('train')) }
        : observation.evidence,
    );
    if (observation.final === true) break;
    if (!observation.ok) broken = step.id;
  }
  return results;
}
