import { retry } from '../contracts/program/retry';

/** 401 and 403 of an Azure client; a registry's token exchange reports a missing role as 401. */
function isAuthorizationError(error: unknown): boolean {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return status === 401 || status === 403;
}

/** Role assignments take minutes to reach a service in Azure: what is refused before that is retried until the time is over. */
export const retryUntilAuthorized = <T>(work: () => Promise<T>, waitSeconds: number): Promise<T> =>
  retry(work, {
    firstMs: 1_000,
    longestMs: 15_000,
    withinMs: waitSeconds * 1_000,
    isTransient: isAuthorizationError,
    onRetry: (error, _retries, pauseMs) =>
      console.error(
        `refused (${(error as Error).message.slice(0, 200)}); the role assignment may not be there yet, asking again in ${pauseMs} ms`,
      ),
  });
