import { setTimeout as sleep } from 'node:timers/promises';
import { halfJitterGenerator } from 'cockatiel';

/** Pauses that double from the first one up to a ceiling. */
interface Backoff {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The pause before a retry, counted from 0: a random part between its half and its whole, so that clients do not come back together. */
export const backoffMs = (retries: number, { firstMs, longestMs }: Backoff): number =>
  halfJitterGenerator(retries, { generator: halfJitterGenerator, initialDelay: firstMs, maxDelay: longestMs, exponent: 2 })[0];

/** Ends early, and without an error, when the signal is given. */
export const pause = (durationMs: number, signal?: AbortSignal): Promise<void> =>
  sleep(durationMs, undefined, { signal }).catch(() => undefined);

export interface RetryOptions extends Backoff {
  /** How often the work is done at most; default without an end. */
  readonly attempts?: number;
  /** No attempt begins after this time; default without an end. */
  readonly withinMs?: number;
  /** Failures that another attempt may mend; default all. */
  readonly isTransient?: (error: unknown) => boolean;
  readonly signal?: AbortSignal;
  /** `retries` counts from 0. */
  readonly onRetry?: (error: unknown, retries: number, pauseMs: number) => void;
}

/** Does the work until it succeeds; rejects with its last error. The library's own retry would sleep on, and try once more, after an abort. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attempts = Infinity, withinMs = Infinity, isTransient = () => true, signal, onRetry } = options;
  const deadline = Date.now() + withinMs;
  for (let retries = 0; ; retries++) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = backoffMs(retries, options);
      if (retries + 1 >= attempts || Date.now() + pauseMs > deadline || !isTransient(error) || signal?.aborted) throw error;
      onRetry?.(error, retries, pauseMs);
      await pause(pauseMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}
