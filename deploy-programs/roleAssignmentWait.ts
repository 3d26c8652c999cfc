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
export async function untilAllowed<T>(
  work: () => Promise<T>,
  { waitSeconds, firstDelayMs = 1_000, log = () => undefined }: RetryOptions,
): Promise<T> {
  const deadline = Date.now() + waitSeconds * 1_000;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = delayMs * (0.5 + Math.random() / 2);
      if (!isRefusal(error) || Date.now() + pauseMs > deadline) throw error;
      log(
        `refused (${(error as Error).message.slice(0, 200)}); the role assignment may not be there yet, asking again in ${Math.round(pauseMs)} ms`,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
