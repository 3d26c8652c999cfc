/** How often, and with what first pause, a failure that may pass is tried again. */
export interface TransientRetry {
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly log?: (message: string) => void;
}

const maxDelayMs = 120_000;
/** What registries, package sources and networks say when asking again may help. */
const passing =
  /toomanyrequests|too many requests|rate limit|TLS handshake timeout|i\/o timeout|context deadline exceeded|connection (?:reset|refused)|unexpected EOF|EAI_AGAIN|ECONNRESET|ETIMEDOUT|temporary failure (?:in name resolution|resolving)|(?:500|502|503|504) (?:internal|bad|service|gateway)/i;

/** Whether a failure is the network's or somebody's quota, and not the image's. */
export const isTransient = (error: unknown): boolean => {
  const { message, statusCode } = error as { message?: string; statusCode?: unknown };
  return passing.test(message ?? '') || (typeof statusCode === 'number' && (statusCode === 429 || statusCode >= 500));
};

/** Does the work again, with growing and jittered pauses, while it fails in a way that may pass. */
export async function untilItPasses<T>(
  work: () => Promise<T>,
  { attempts, firstDelayMs, log = () => undefined }: TransientRetry,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isTransient(error)) throw error;
      const pauseMs = Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs) * (0.5 + Math.random() / 2);
      log(
        `attempt ${attempt} of ${attempts} failed (${(error as Error).message.split('\n').at(-1)?.slice(0, 200) ?? ''}); again in ${Math.round(pauseMs)} ms`,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
