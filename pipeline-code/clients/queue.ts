import { createHash } from 'node:crypto';
import { QueueClient } from '@azure/storage-queue';
import { decodeQueueMessage, encodeQueueMessage } from '../../contracts/eventGrid';
import { credential } from './credential';
import { messageOf, type Log } from '../../contracts/program/log';

const retryOptions = { maxTries: 4, tryTimeoutInMs: 30_000, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 };
/** A message that was taken this often without being finished is not tried again. */
const maxDequeues = 5;

export const queueClient = (endpoint: string, name: string) => new QueueClient(`${endpoint}/${name}`, credential(), { retryOptions });

export interface QueueMessage {
  readonly id: string;
  /** Decoded, but not yet checked against a schema. */
  readonly body: unknown;
  readonly dequeueCount: number;
  /** Deletes the message: its work is done. */
  done(): Promise<void>;
}

/**
 * Takes up to `count` messages; they come back after `visibilitySeconds` unless they are done. What cannot be read, or was taken too
 * often, is logged with the hash of its content and deleted. An empty answer means an empty queue.
 */
export async function receiveMessages(
  queue: QueueClient,
  options: { readonly visibilitySeconds: number; readonly count?: number; readonly log: Log },
): Promise<QueueMessage[]> {
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: options.count ?? 1,
      visibilityTimeout: options.visibilitySeconds,
      abortSignal: AbortSignal.timeout(120_000),
    });
    if (receivedMessageItems.length === 0) return [];
    const messages: QueueMessage[] = [];
    for (const item of receivedMessageItems) {
      const done = async () => {
        const answer = await queue
          .deleteMessage(item.messageId, item.popReceipt, { abortSignal: AbortSignal.timeout(120_000) })
          .catch((error: { statusCode?: number }) => error);
        if ('statusCode' in answer && answer.statusCode !== 404) throw answer;
      };
      const refuse = async (reason: string) => {
        options.log('error', 'poison message deleted', {
          reason,
          messageId: item.messageId,
          dequeueCount: item.dequeueCount,
          sha256: createHash('sha256').update(item.messageText).digest('hex'),
        });
        await done();
      };
      if (item.dequeueCount > maxDequeues) await refuse(`taken ${item.dequeueCount} times without success`);
      else {
        try {
          messages.push({ id: item.messageId, body: decodeQueueMessage(item.messageText), dequeueCount: item.dequeueCount, done });
        } catch (error) {
          await refuse(messageOf(error));
        }
      }
    }
    if (messages.length > 0) return messages;
  }
}

export async function sendMessage(queue: QueueClient, body: unknown): Promise<void> {
  await queue.sendMessage(encodeQueueMessage(body), { abortSignal: AbortSignal.timeout(120_000) });
}
