import { randomUUID } from 'node:crypto';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import type { z } from 'zod';
import { withDeadline } from '../../contracts/program/deadline';
import { messageOf, type Log } from '../../contracts/program/log';
import { retry } from '../../contracts/program/retry';

interface PublishOptions {
  readonly retain?: boolean;
}
export interface RawSubscription {
  /** Called for every message in order; while it returns a promise, the broker sends no more: this is the back-pressure. */
  readonly receive: (payload: Buffer, topic: string) => void | Promise<void>;
}

/** One connection to the site's databus. Publishing resolves when the broker has acknowledged. */
export interface Databus {
  publishJson(topic: string, value: unknown, options?: PublishOptions): Promise<void>;
  publishText(topic: string, text: string, options?: PublishOptions): Promise<void>;
  subscribe(topic: string, subscription: RawSubscription): Promise<void>;
  /** Messages that the schema refuses are logged and dropped. The handler may publish and wait; it holds nothing up. */
  subscribeJson<S extends z.ZodType>(topic: string, schema: S, receive: (value: z.output<S>) => void | Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface DatabusAddress {
  readonly port: number;
  readonly host?: string;
  /** How long the first connection is tried. */
  readonly connectSeconds?: number;
}
const requestSeconds = 30;

const answered = <T>(request: Promise<T>, expected: string): Promise<T> =>
  withDeadline(request, requestSeconds * 1_000, `expected the databus to ${expected} within ${requestSeconds} s`);

async function connect(address: DatabusAddress, clientId: string): Promise<MqttClient> {
  const url = `mqtt://${address.host ?? '127.0.0.1'}:${address.port}`;
  const options: IClientOptions = {
    clientId,
    protocolVersion: 4,
    clean: true,
    connectTimeout: 5_000,
    reconnectPeriod: 500,
    keepalive: 30,
    resubscribe: true,
  };
  try {
    // Without the third argument the promise would stay open while the broker is not there yet.
    return await retry(() => connectAsync(url, options, false), {
      firstMs: 100,
      longestMs: 2_000,
      withinMs: (address.connectSeconds ?? 60) * 1_000,
    });
  } catch (error) {
    throw new Error(`expected a databus at ${url}, got "${messageOf(error)}"; start the databus first`);
  }
}

export async function connectDatabus(address: DatabusAddress, clientName: string, log: Log): Promise<Databus> {
  const client = await connect(address, `${clientName}-${randomUUID().slice(0, 8)}`);
  client.on('error', (error) => log('warn', 'databus connection failed', { reason: error.message }));
  client.on('offline', () => log('warn', 'databus is away, reconnecting'));
  const subscriptions = new Map<string, RawSubscription[]>();
  const failed = (topic: string, error: unknown) => log('error', 'message handler failed', { topic, reason: messageOf(error) });
  client.handleMessage = (packet, done) => {
    const waiting = (subscriptions.get(packet.topic) ?? []).flatMap(({ receive }) => {
      try {
        return receive(Buffer.from(packet.payload), packet.topic) ?? [];
      } catch (error) {
        failed(packet.topic, error);
        return [];
      }
    });
    if (waiting.length === 0) return done();
    Promise.all(waiting)
      .catch((error: unknown) => failed(packet.topic, error))
      .finally(() => done());
  };

  const publishText = async (topic: string, text: string, options: PublishOptions = {}): Promise<void> => {
    await answered(client.publishAsync(topic, text, { qos: 1, retain: options.retain ?? false }), `acknowledge a message on ${topic}`);
  };
  const subscribe = async (topic: string, subscription: RawSubscription): Promise<void> => {
    subscriptions.set(topic, [...(subscriptions.get(topic) ?? []), subscription]);
    await answered(client.subscribeAsync(topic, { qos: 1 }), `accept the subscription to ${topic}`);
  };
  return {
    publishText,
    publishJson: (topic, value, options) => publishText(topic, JSON.stringify(value), options),
    subscribe,
    subscribeJson: (topic, schema, receive) =>
      subscribe(topic, {
        receive: (payload) => {
          let value: unknown;
          try {
            value = JSON.parse(payload.toString('utf8'));
          } catch {
            return log('warn', 'dropped a message that is not JSON', { topic, bytes: payload.length });
          }
          const parsed = schema.safeParse(value);
          if (!parsed.success)
            return log('warn', 'dropped a message', {
              topic,
              reason: parsed.error.issues
                .slice(0, 3)
                .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
                .join('; '),
            });
          Promise.resolve(parsed.data)
            .then(receive)
            .catch((error: unknown) => failed(topic, error));
        },
      }),
    close: () => client.endAsync(),
  };
}
