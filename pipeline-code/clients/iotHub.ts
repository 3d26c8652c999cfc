import type { TokenCredential } from '@azure/identity';
import { Client } from 'azure-iothub';
import { Message } from 'azure-iothub/dist/common-core/message';
import { NoRetry } from 'azure-iothub/dist/common-core/retry_policy';
import { withDeadline } from '../../contracts/program/deadline';
import { retry } from '../../contracts/program/retry';
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
const retries = { attempts: 4, firstMs: 500, longestMs: 8_000 };
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
  const closing = new AbortController();
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
    await withDeadline(Promise.resolve(old?.close()), 2_000, 'the client did not close').catch(() => undefined);
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
    let linkWasOpen = false;
    const attempt = async () => {
      if (closing.signal.aborted) throw new Error('the C2D sender is closed');
      linkWasOpen = client !== undefined;
      try {
        await withDeadline(
          connected().then((open) => open.send(deviceId, amqpMessage(message))),
          attemptTimeoutMs,
          `C2D to ${deviceId}: no answer from the IoT Hub within ${attemptTimeoutMs / 1_000} s`,
        );
      } catch (error) {
        await discard();
        throw error;
      }
    };
    // A link that was open before may have lost its right with its token; a new one tells whether the right is still there.
    const isTransient = (error: unknown) =>
      !finalErrors.has(c2dErrorName(error)) || (linkWasOpen && c2dErrorName(error) === 'UnauthorizedError');
    await retry(attempt, { ...retries, isTransient, signal: closing.signal });
  };

  return {
    send(deviceId, message) {
      const sent = tail.then(() => sendOne(deviceId, message));
      tail = sent.catch(() => undefined);
      return sent;
    },
    async close() {
      closing.abort();
      await discard();
    },
  };
}
