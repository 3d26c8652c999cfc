import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { newestItem } from '../disk-queue/newestItem';
import type { SiteTelemetryItem } from './telemetryItem';

type Unnumbered<T> = T extends unknown ? Omit<T, 'itemId'> : never;
/** An item that is not on the disk yet. */
export type NewItem = Unnumbered<SiteTelemetryItem>;
interface SentCounts {
  readonly logs: number;
  readonly metrics: number;
}
/** How far a sender has come: the stream that its item ids begin with, and how much of each kind it has sent in it. */
export interface SenderState {
  readonly stream: string;
  readonly sent: SentCounts;
}
/** An item as its sender keeps it. The last one on the disk tells how much was ever sent, so the count cannot differ from what is there. */
export interface SentItem extends SenderState {
  readonly item: SiteTelemetryItem;
}

const count = z.number().int().nonnegative();
const senderState = z.object({ stream: z.uuid(), sent: z.object({ logs: count, metrics: count }) });

/** Gives items the numbers that follow on the sender's last one. */
export function numbered(items: readonly NewItem[], { stream, sent }: SenderState): SentItem[] {
  let { logs, metrics } = sent;
  return items.map((item) => {
    if (item.kind === 'log') logs += 1;
    else metrics += 1;
    return { stream, sent: { logs, metrics }, item: { ...item, itemId: `${stream}/${logs + metrics}` } };
  });
}

/** What a sender has sent so far by its own disk; undefined when it has sent nothing. */
export async function stateOnDisk(directory: string): Promise<SenderState | undefined> {
  const newest = await newestItem(directory);
  return newest === undefined ? undefined : senderState.parse(newest);
}

export const newSender = (): SenderState => ({ stream: randomUUID(), sent: { logs: 0, metrics: 0 } });
