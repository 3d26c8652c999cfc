/** Rejects with the message when the work takes longer; the work itself goes on. */
export async function withDeadline<T>(work: Promise<T>, durationMs: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(message)), durationMs);
  });
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
}
