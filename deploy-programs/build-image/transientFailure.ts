import { retry } from '../../contracts/program/retry';

/** How often, and after what first pause, a transient failure is retried. */
export interface TransientRetry {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly log?: (message: string) => void;
}

const maxDelayMs = 120_000;
/** What registries, package sources and networks say when asking again may help. */
const transient =
  /toomanyrequests|too many requests|rate limit|TLS handshake timeout|i\/o timeout|context deadline exceeded|connection (?:reset|refused)|unexpected EOF|EAI_AGAIN|ECONNRESET|ETIMEDOUT|temporary failure (?:in name resolution|resolving)|(?:500|502|503|504) (?:internal|bad|service|gateway)/i;

/** Whether a failure is the network's or somebody's quota, and not the image's. */
export const isTransient = (error: unknown): boolean => {
  const { message, statusCode } = error as { message?: string; statusCode?: unknown };
  return transient.test(message ?? '') || (typeof statusCode === 'number' && (statusCode === 429 || statusCode >= 500));
};

/** Does the work, and retries its transient failures. */
export function retryTransient<T>(work: () => Promise<T>, { attempts, firstDelayMs, log = () => undefined }: TransientRetry): Promise<T> {
  return retry(work, {
    attempts,
    firstMs: firstDelayMs,
    longestMs: maxDelayMs,
    isTransient,
    onRetry: (error, retries, pauseMs) =>
      log(
        `attempt ${retries + 1} of ${attempts} failed (${(error as Error).message.split('\n').at(-1)?.slice(0, 200) ?? ''}); again in ${pauseMs} ms`,
      ),
  });
}
