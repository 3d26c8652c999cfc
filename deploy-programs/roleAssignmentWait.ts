import { retry } from '../contracts/program/retry';

/** Role assignments take minutes to reach a service in Azure; a refusal before that is asked again. */
export interface RetryOptions {
  readonly waitSeconds: number;
  readonly firstDelayMs?: number;
  readonly log?: (message: string) => void;
}

const maxDelayMs = 15_000;

/** 401 and 403 of an Azure client; a registry's token exchange reports a missing role as 401. */
export function isRefusal(error: unknown): boolean {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return status === 401 || status === 403;
}

/** Does the work again, with growing and jittered pauses, until it is not refused or the time is over. */
export function untilAllowed<T>(
  work: () => Promise<T>,
  { waitSeconds, firstDelayMs = 1_000, log = () => undefined }: RetryOptions,
): Promise<T> {
  return retry(work, {
    firstMs: firstDelayMs,
    longestMs: maxDelayMs,
    withinMs: waitSeconds * 1_000,
    isTransient: isRefusal,
    onRetry: (error, _retries, pauseMs) =>
      log(`refused (${(error as Error).message.slice(0, 200)}); the role assignment may not be there yet, asking again in ${pauseMs} ms`),
  });
}
