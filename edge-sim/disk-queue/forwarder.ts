import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs, pause } from '../../contracts/program/retry';
import type { DiskQueue } from './diskQueue';

/** The receiver looked at these items and will never take them, however often they are sent. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
}

interface ForwarderOptions {
  readonly name: string;
  readonly log: Log;
  readonly maxItems: number;
  readonly maxBytes?: number;
  readonly firstPauseMs?: number;
  readonly longestPauseMs?: number;
}
export interface Forwarder {
  /** Ends the sending that is under way; what was not acknowledged stays in the queue. */
  stop(): Promise<void>;
}

/**
 * Sends what the queue holds, oldest first, for as long as it runs: an item leaves the queue when `send` resolved. A failure is
 * retried with growing pauses. A `RefusedError` halves the batch until the item is found that cannot go; that one is logged and dropped,
 * or all behind it would wait for ever.
 */
export function startForwarder<T>(
  queue: DiskQueue<T>,
  send: (items: T[], signal: AbortSignal) => Promise<void>,
  options: ForwarderOptions,
): Forwarder {
  const { name, log, maxItems, maxBytes, firstPauseMs = 200, longestPauseMs = 15_000 } = options;
  const stopping = new AbortController();
  const forward = async (): Promise<void> => {
    let failures = 0;
    let limit = maxItems;
    while (!stopping.signal.aborted) {
      try {
        const { items, ack } = await queue.peek(limit, maxBytes);
        if (items.length === 0) {
          await Promise.race([queue.waitForItems(1_000), pause(1_000, stopping.signal)]);
          continue;
        }
        try {
          await send(items, stopping.signal);
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          if (items.length > 1) {
            limit = Math.ceil(items.length / 2);
            continue;
          }
          log('error', 'dropped an item that the receiver refuses', {
            name,
            reason: error.message,
            item: JSON.stringify(items[0]).slice(0, 2_000),
          });
        }
        await ack();
        if (failures > 0) log('info', 'sending again', { name, failures });
        failures = 0;
        limit = Math.min(maxItems, limit * 2);
      } catch (error) {
        if (stopping.signal.aborted) return;
        const nextMs = backoffMs(failures, { firstMs: firstPauseMs, longestMs: longestPauseMs });
        failures += 1;
        if (failures === 1 || failures % 20 === 0)
          log('warn', 'could not send, trying again', {
            name,
            failures,
            waiting: queue.size,
            reason: messageOf(error),
            nextMs,
          });
        await pause(nextMs, stopping.signal);
      }
    }
  };
  const running = forward();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
