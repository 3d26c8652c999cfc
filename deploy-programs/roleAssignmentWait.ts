const [firstDelayMs, maxDelayMs] = [1_000, 15_000];

/** 401 and 403 of an Azure client; a registry's token exchange reports a missing role as 401. */
function isAuthorizationError(error: unknown): boolean {
  const status = (error as { statusCode?: unknown } | null)?.statusCode;
  return status === 401 || status === 403;
}

/** Role assignments take minutes to reach a service in Azure: what is refused before that is done again, with growing and jittered pauses, until the time is over. */
export async function retryUntilAuthorized<T>(work: () => Promise<T>, waitSeconds: number): Promise<T> {
  const deadline = Date.now() + waitSeconds * 1_000;
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, maxDelayMs)) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = delayMs * (0.5 + Math.random() / 2);
      if (!isAuthorizationError(error) || Date.now() + pauseMs > deadline) throw error;
      console.error(
        `refused (${(error as Error).message.slice(0, 200)}); the role assignment may not be there yet, asking again in ${Math.round(pauseMs)} ms`,
      );
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }
}
