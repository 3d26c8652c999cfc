import type { TokenCredential } from '@azure/identity';
import { Client } from 'azure-iothub';
import { Message } from 'azure-iothub/dist/common-core/message';
import { NoRetry } from 'azure-iothub/dist/common-core/retry_policy';
import { guardSdkErrors } from './sdkErrorGuard';

guardSdkErrors();

export interface C2dMessage {
  readonly messageId: string;
  readonly body: Buffer;
  /** Application properties; content type and expiry are system properties and have their own fields. */
  readonly properties: Readonly<Record<string, string>>;
  /** The only type that IoT Hub's clients know. */
  readonly contentType: 'application/json';
  /** Epoch milliseconds: the SDK breaks on a Date. Without it the hub's default time to live counts. */
  readonly expiryTimeMs?: number;
}
export interface C2dSender {
  /** Resolves when the hub has queued the message durably. That the device handled it is only known from what it sends back. */
  send(deviceId: string, message: C2dMessage): Promise<void>;
  close(): Promise<void>;
}

const attemptTimeoutMs = 20_000;
const attempts = 4;
/** Another attempt cannot change these answers. */
const finalErrors = new Set([
  'UnauthorizedError',
  'DeviceNotFoundError',
  'DeviceMaximumQueueDepthExceededError',
  'MessageTooLargeError',
  'ArgumentError',
  'CredentialUnavailableError',
  'AuthenticationRequiredError',
]);

/** The SDK wraps what the hub answered: the cause has the telling name. */
export function c2dErrorName(error: unknown): string {
  const cause = (error as { amqpError?: unknown }).amqpError;
  return cause instanceof Error && !finalErrors.has((error as Error).name) ? cause.name : (error as Error).name;
}
export const retryDelayMs = (attempt: number, random: () => number) => Math.min(8_000, 500 * 2 ** attempt) * (0.5 + random() / 2);

async function within<T>(durationMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>(
    (_, reject) =>
      (timer = setTimeout(() => reject(new Error(`${what}: no answer from the IoT Hub within ${durationMs / 1_000} s`)), durationMs)),
  );
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
}

function amqpMessage({ messageId, body, properties, contentType, expiryTimeMs }: C2dMessage): Message {
  const message = new Message(body);
  message.messageId = messageId;
  message.contentType = contentType;
  if (expiryTimeMs !== undefined) message.expiryTimeUtc = expiryTimeMs;
  for (const [key, value] of Object.entries(properties)) message.properties.add(key, value);
  return message;
}

/**
 * Sends cloud-to-device messages. `host` is the hub's host name, with a port where it is not 5671. A client that failed or
 * fell silent is thrown away: the SDK's own retries last four minutes and its links do not always come back. So is one whose
 * token has expired: the SDK gives up renewing at the first failure, and the hub has ended its link.
 */
export function openC2dSender(host: string, credential: TokenCredential): C2dSender {
  let client: Client | undefined;
  let closed = false;
  let tokenEndsMs = 0;
  const watched: TokenCredential = {
    async getToken(scopes, options) {
      const token = await credential.getToken(scopes, options);
      if (token) tokenEndsMs = token.expiresOnTimestamp;
      return token;
    },
  };

  const discard = async () => {
    const old = client;
    client = undefined;
    await within(2_000, 'close', Promise.resolve(old?.close())).catch(() => undefined);
  };
  const connected = async () => {
    if (client && Date.now() >= tokenEndsMs) await discard();
    if (client) return client;
    const fresh = Client.fromTokenCredential(host, watched);
    fresh.setRetryPolicy(new NoRetry());
    client = fresh;
    fresh.on('disconnect', () => {
      if (client === fresh) client = undefined;
    });
    await fresh.open();
    return fresh;
  };

  let tail: Promise<unknown> = Promise.resolve();
  const sendOne = async (deviceId: string, message: C2dMessage) => {
    for (let attempt = 0; ; attempt++) {
      if (closed) throw new Error('the C2D sender is closed');
      const before = client;
      try {
        await within(
          attemptTimeoutMs,
          `C2D to ${deviceId}`,
          connected().then((open) => open.send(deviceId, amqpMessage(message))),
        );
        return;
      } catch (error) {
        // A link that was open before may have lost its right with its token; a new one tells whether the right is still there.
        const stale = before !== undefined && c2dErrorName(error) === 'UnauthorizedError';
        await discard();
        if ((finalErrors.has(c2dErrorName(error)) && !stale) || attempt + 1 >= attempts) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryDelayMs(attempt, Math.random)));
      }
    }
  };

  return {
    send(deviceId, message) {
      const sent = tail.then(() => sendOne(deviceId, message));
      tail = sent.catch(() => undefined);
      return sent;
    },
    async close() {
      closed = true;
      await discard();
    },
  };
}
