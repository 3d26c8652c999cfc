import fc from 'fast-check';
import { backoffMs, pause, retry } from '../../../../contracts/program/retry';

const options = { firstMs: 1, longestMs: 4 };
const failing = (times: number) => {
  let calls = 0;
  const work = async () => {
    calls += 1;
    if (calls <= times) throw new Error(`failure ${calls}`);
    return calls;
  };
  return { work, calls: () => calls };
};

describe('pauses', () => {
  it('grow up to the ceiling and are never above it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 64 }), (firstMs, times) => {
        const longestMs = firstMs * times;
        const pauses = Array.from({ length: 40 }, (_, retries) => backoffMs(retries, { firstMs, longestMs }));
        pauses.forEach((pauseMs, retries) => {
          const wholeMs = Math.min(longestMs, firstMs * 2 ** retries);
          expect(pauseMs).toBeGreaterThanOrEqual(Math.floor(wholeMs / 2));
          expect(pauseMs).toBeLessThanOrEqual(wholeMs);
        });
      }),
    );
  });
  it('differ, so that clients do not come back together', () => {
    expect(new Set(Array.from({ length: 50 }, () => backoffMs(3, { firstMs: 1_000, longestMs: 60_000 }))).size).toBeGreaterThan(10);
  });
  it('have a ceiling after any number of failures', () => {
    expect(backoffMs(100_000, { firstMs: 500, longestMs: 60_000 })).toBeLessThanOrEqual(60_000);
  });
  it('end at once with the signal, before and while they last', async () => {
    const startedAt = performance.now();
    await pause(60_000, AbortSignal.abort());
    await pause(60_000, AbortSignal.timeout(10));
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

describe('a retry', () => {
  it('gives the first result and names each failure before its pause', async () => {
    const retried: unknown[] = [];
    const { work } = failing(2);
    const onRetry = (error: unknown, retries: number, pauseMs: number) => retried.push([(error as Error).message, retries, pauseMs <= 4]);
    expect(await retry(work, { ...options, onRetry })).toBe(3);
    expect(retried).toEqual([
      ['failure 1', 0, true],
      ['failure 2', 1, true],
    ]);
  });
  it('ends with its last error when the attempts are used up', async () => {
    const { work, calls } = failing(9);
    await expect(retry(work, { ...options, attempts: 4 })).rejects.toThrow('failure 4');
    expect(calls()).toBe(4);
  });
  it('ends with its last error when the next attempt would begin too late', async () => {
    const { work, calls } = failing(9);
    await expect(retry(work, { firstMs: 60_000, longestMs: 60_000, withinMs: 1_000 })).rejects.toThrow('failure 1');
    expect(calls()).toBe(1);
  });
  it('ends at once with an error that another attempt cannot mend', async () => {
    const { work, calls } = failing(9);
    const isTransient = (error: unknown) => (error as Error).message !== 'failure 2';
    await expect(retry(work, { ...options, isTransient })).rejects.toThrow('failure 2');
    expect(calls()).toBe(2);
  });
  it('ends with its last error, and without another attempt, when it is aborted in a pause', async () => {
    const { work, calls } = failing(9);
    const startedAt = performance.now();
    await expect(retry(work, { firstMs: 60_000, longestMs: 60_000, signal: AbortSignal.timeout(20) })).rejects.toThrow('failure 1');
    expect(calls()).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});
