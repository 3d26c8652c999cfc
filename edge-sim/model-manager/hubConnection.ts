import { Message } from 'azure-iot-common';
import { Client } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';

export interface DeviceIdentity {
  /** Host name of the IoT Hub, with a port where it is not 8883. */
  readonly host: string;
  readonly deviceId: string;
  /** Asked for at each new connection, so that a certificate that was replaced meanwhile counts. */
  readonly keyPair: () => Promise<DeviceKeyPair>;
}
export interface DeviceKeyPair { readonly certificatePem: string; readonly privateKeyPem: string }
export interface HubMessage { readonly messageId: string | undefined; readonly contentType: string | undefined; readonly properties: Readonly<Record<string, string>>; readonly body: Buffer }
export interface HubEvent { readonly properties: Readonly<Record<string, string>>; readonly body: Buffer | string; readonly messageId?: string }
export interface HubConnection {
  /**
   * Messages from the cloud, in order, each before the next. MQTT acknowledges a message before its handler has run, so a
   * handler must keep what it needs before it starts long work. A handler that rejects ends the process.
   */
  onMessage(handler: (message: HubMessage) => Promise<void> | void): void;
  /** Resolves when the hub has stored the event. */
  sendEvent(event: HubEvent): Promise<void>;
  /** Told about every lost and regained connection. */
  onState(listener: (state: 'connected' | 'disconnected', reason?: string) => void): void;
  close(): Promise<void>;
}

const operationTimeoutMs = 30_000;
const reopenDelayMs = (attempt: number) => Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);

async function within<T>(durationMs: number, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`${what}: no answer from the IoT Hub within ${durationMs / 1_000} s`)), durationMs)));
  return Promise.race([work, expired]).finally(() => clearTimeout(timer));
}

function received(message: Message): HubMessage {
  const properties: Record<string, string> = {};
  for (let index = 0; index < message.properties.count(); index++) {
    const { key, value } = message.properties.getItem(index) as { key: string; value: string };
    properties[key] = value;
  }
  return { messageId: message.messageId || undefined, contentType: message.contentType || undefined, properties, body: Buffer.from(message.getBytes()) };
}

/** Connects as an X.509 device over MQTT. Rejects when the first connection is refused; later losses are repaired. */
export async function connectDevice({ host, deviceId, keyPair }: DeviceIdentity): Promise<HubConnection> {
  const client = Client.fromConnectionString(`HostName=${host};DeviceId=${deviceId};x509=true`, Mqtt);
  const signInAnew = async () => {
    const { certificatePem, privateKeyPem } = await keyPair();
    await client.setOptions({ cert: certificatePem, key: privateKeyPem });
  };
  await signInAnew();
  const listeners = new Set<(state: 'connected' | 'disconnected', reason?: string) => void>();
  const tell = (state: 'connected' | 'disconnected', reason?: string) => listeners.forEach((listener) => listener(state, reason));
  let closed = false;
  let reopening = false;

  // The SDK repairs a lost connection for four minutes, then gives up with this event.
  client.on('disconnect', (error: Error | undefined) => {
    if (closed) return;
    tell('disconnected', error?.message);
    void reopen();
  });
  client.on('error', (error: Error) => tell('disconnected', error.message));
  client.on('connect', () => tell('connected'));

  async function reopen() {
    if (reopening) return;
    reopening = true;
    for (let attempt = 0; !closed; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, reopenDelayMs(attempt)));
      if (closed) break;
      try {
        await signInAnew();
        await within(operationTimeoutMs, 'open', client.open());
        break;
      } catch (error) {
        tell('disconnected', (error as Error).message);
      }
    }
    reopening = false;
  }

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
    tail = tail.then(() => handler(message)).catch((error: unknown) => {
      setImmediate(() => {
        throw error;
      });
    });
  };
  try {
    const opened = client.open();
    client.on('message', (message: Message) => pass(received(message)));
    await within(operationTimeoutMs, `connecting ${deviceId} to ${host}`, opened);
  } catch (error) {
    closed = true;
    void client.close().catch(() => undefined);
    throw error;
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
      const send = () => within(operationTimeoutMs, 'sending an event', client.sendEvent(message));
      // A send connects by itself, with the certificate that the client knows; it may have been replaced.
      await send().catch(async (error: Error) => {
        if (error.name !== 'UnauthorizedError') throw error;
        await signInAnew();
        await send();
      });
    },
    onState: (listener) => void listeners.add(listener),
    async close() {
      closed = true;
      await within(5_000, 'close', client.close()).catch(() => undefined);
    },
  };
}
