import { ExponentialBackOffWithJitter, Message, NoRetry } from 'azure-iot-common';
import { Client } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { withDeadline } from '../../contracts/program/deadline';
import { backoffMs, pause } from '../../contracts/program/retry';

export interface DeviceIdentity {
  /** Host name of the IoT Hub, with a port where it is not 8883. */
  readonly host: string;
  readonly deviceId: string;
  /** Asked for again and again: another certificate is taken up while the present one still counts. */
  readonly keyPair: () => Promise<DeviceKeyPair>;
  readonly certificateCheckMs?: number;
}
export interface DeviceKeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
export interface HubMessage {
  readonly messageId: string | undefined;
  readonly contentType: string | undefined;
  readonly properties: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
export interface HubEvent {
  readonly properties: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
  readonly messageId?: string;
}
export interface HubConnection {
  /**
   * Messages from the cloud, in order, each before the next. MQTT acknowledges a message before its handler has run, so a
   * handler must keep what it needs before it starts long work. A handler that rejects ends the process.
   */
  onMessage(handler: (message: HubMessage) => Promise<void> | void): void;
  /** Resolves when the hub has stored the event. */
  sendEvent(event: HubEvent): Promise<void>;
  /** Told about every lost and regained connection, and about every certificate that came into use or did not. */
  onState(listener: StateListener): void;
  close(): Promise<void>;
}
export type HubState = 'connected' | 'disconnected' | 'certificate taken up' | 'certificate not taken up';
export type StateListener = (state: HubState, reason?: string) => void;

const operationTimeoutMs = 30_000;
const closeTimeoutMs = 5_000;
const reopenBackoff = { firstMs: 1_000, longestMs: 30_000 };

const answered = <T>(what: string, work: Promise<T>): Promise<T> =>
  withDeadline(work, operationTimeoutMs, `${what}: no answer from the IoT Hub within ${operationTimeoutMs / 1_000} s`);
const closed = (closing: Promise<unknown>): Promise<unknown> =>
  withDeadline(closing, closeTimeoutMs, 'the client did not close').catch(() => undefined);

function received(message: Message): HubMessage {
  const properties: Record<string, string> = {};
  for (let index = 0; index < message.properties.count(); index++) {
    const { key, value } = message.properties.getItem(index) as { key: string; value: string };
    properties[key] = value;
  }
  return {
    messageId: message.messageId || undefined,
    contentType: message.contentType || undefined,
    properties,
    body: Buffer.from(message.getBytes()),
  };
}

interface Connected {
  readonly client: Client;
  readonly certificatePem: string;
}

/**
 * Connects as an X.509 device over MQTT. Rejects when the first connection is refused; later losses are repaired. A certificate that replaces
 * the present one gets a connection of its own: only when the hub has accepted it, the one before ends.
 */
export async function connectDevice({ host, deviceId, keyPair, certificateCheckMs = 2_000 }: DeviceIdentity): Promise<HubConnection> {
  const listeners = new Set<StateListener>();
  const tell: StateListener = (state, reason) => listeners.forEach((listener) => listener(state, reason));
  const stopping = new AbortController();
  const sending = new Set<Promise<unknown>>();
  let current!: Connected;
  let exchanging: Promise<void> | undefined;
  /** The SDK repairs a lost connection for four minutes, then gives up; at once when it was refused. */
  let lost = false;

  // The hub delivers what waited as soon as the device is there: the listener must be, too, and keep it for a later handler.
  const early: HubMessage[] = [];
  let handle: ((message: HubMessage) => Promise<void> | void) | undefined;
  let tail: Promise<void> = Promise.resolve();
  const pass = (message: HubMessage) => {
    if (!handle) {
      early.push(message);
      return;
    }
    const handler = handle;
    tail = tail
      .then(() => handler(message))
      .catch((error: unknown) => {
        setImmediate(() => {
          throw error;
        });
      });
  };

  async function open({ certificatePem, privateKeyPem }: DeviceKeyPair): Promise<Connected> {
    const client = Client.fromConnectionString(`HostName=${host};DeviceId=${deviceId};x509=true`, Mqtt);
    const connected = { client, certificatePem };
    const isPresent = () => current === connected && !stopping.signal.aborted;
    client.on('disconnect', (error: Error | undefined) => {
      if (!isPresent()) return;
      lost = true;
      if (exchanging === undefined) tell('disconnected', error?.message);
    });
    client.on('error', (error: Error) => isPresent() && tell('disconnected', error.message));
    client.on('connect', () => isPresent() && tell('connected'));
    try {
      await client.setOptions({ cert: certificatePem, key: privateKeyPem });
      const opened = client.open();
      client.on('message', (message: Message) => pass(received(message)));
      await answered(`connecting ${deviceId} to ${host}`, opened);
      return connected;
    } catch (error) {
      void client.close().catch(() => undefined);
      throw error;
    }
  }

  /** The hub ends a connection when another of the same device is accepted; the one before must not come back. */
  async function exchange(pair: DeviceKeyPair): Promise<void> {
    const before = current;
    await Promise.allSettled([...sending]);
    before.client.setRetryPolicy(new NoRetry());
    try {
      current = await open(pair);
      lost = false;
    } catch (error) {
      before.client.setRetryPolicy(new ExponentialBackOffWithJitter());
      throw error;
    }
    await closed(before.client.close());
  }

  async function keepConnected(): Promise<void> {
    for (let attempt = 0; ;) {
      await pause(attempt === 0 ? certificateCheckMs : backoffMs(attempt, reopenBackoff), stopping.signal);
      if (stopping.signal.aborted) return;
      try {
        const pair = await keyPair();
        const another = pair.certificatePem !== current.certificatePem;
        if (another || lost) {
          await (exchanging = exchange(pair));
          tell(another ? 'certificate taken up' : 'connected');
        }
        attempt = 0;
      } catch (error) {
        attempt += 1;
        tell(lost ? 'disconnected' : 'certificate not taken up', (error as Error).message);
      }
      exchanging = undefined;
    }
  }

  current = await open(await keyPair());
  const keeping = keepConnected();

  async function send(message: Message): Promise<void> {
    await exchanging?.catch(() => undefined);
    const work = answered('sending an event', current.client.sendEvent(message)).finally(() => sending.delete(work));
    sending.add(work);
    await work;
  }

  return {
    onMessage(handler) {
      handle = handler;
      for (const message of early.splice(0)) pass(message);
    },
    async sendEvent({ properties, body, messageId }) {
      const message = new Message(body);
      message.contentType = 'application/json';
      message.contentEncoding = 'utf-8';
      if (messageId !== undefined) message.messageId = messageId;
      for (const [key, value] of Object.entries(properties)) message.properties.add(key, value);
      await send(message);
    },
    onState: (listener) => void listeners.add(listener),
    async close() {
      stopping.abort();
      await closed(keeping.then(() => current.client.close()));
    },
  };
}
