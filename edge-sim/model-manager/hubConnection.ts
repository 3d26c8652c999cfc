import { ExponentialBackOffWithJitter, Message, NoRetry } from 'azure-iot-common';
import { Client } from 'azure-iot-device';
import { Mqtt } from 'azure-iot-device-mqtt';
import { withDeadline } from '../../contracts/program/deadline';
import { backoffMs, pause } from '../../contracts/program/retry';
import { Inbox } from './inbox';

interface DeviceIdentity {
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
  /** Called at every lost and regained connection, and at every certificate that came into use or did not. */
  onState(listener: StateListener): void;
  close(): Promise<void>;
}
type HubState = 'connected' | 'disconnected' | 'certificate taken up' | 'certificate not taken up';
type StateListener = (state: HubState, reason?: string) => void;

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

interface OpenClient {
  readonly client: Client;
  readonly certificatePem: string;
}

/** One device of an IoT Hub, with one client that is present and, while its certificate is exchanged, the next one. */
class DeviceConnection implements HubConnection {
  // The hub delivers what waited as soon as the device is there: the inbox must be, too.
  private readonly inbox = new Inbox<HubMessage>();
  private readonly listeners = new Set<StateListener>();
  private readonly stopping = new AbortController();
  private readonly sending = new Set<Promise<unknown>>();
  private current!: OpenClient;
  private exchanging: Promise<void> | undefined;
  /** The SDK repairs a lost connection for four minutes, then gives up; at once when it was refused. */
  private lost = false;
  private keeping: Promise<void> = Promise.resolve();

  constructor(private readonly identity: DeviceIdentity) {}

  async open(): Promise<this> {
    this.current = await this.openClient(await this.identity.keyPair());
    this.keeping = this.keepConnected();
    return this;
  }

  onMessage(handler: (message: HubMessage) => Promise<void> | void): void {
    this.inbox.setHandler(handler);
  }

  onState(listener: StateListener): void {
    this.listeners.add(listener);
  }

  async sendEvent({ properties, body, messageId }: HubEvent): Promise<void> {
    const message = new Message(body);
    message.contentType = 'application/json';
    message.contentEncoding = 'utf-8';
    if (messageId !== undefined) message.messageId = messageId;
    for (const [key, value] of Object.entries(properties)) message.properties.add(key, value);
    await this.exchanging?.catch(() => undefined);
    const work = answered('sending an event', this.current.client.sendEvent(message)).finally(() => this.sending.delete(work));
    this.sending.add(work);
    await work;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await closed(this.keeping.then(() => this.current.client.close()));
  }

  private report(state: HubState, reason?: string): void {
    for (const listener of this.listeners) listener(state, reason);
  }

  private async openClient({ certificatePem, privateKeyPem }: DeviceKeyPair): Promise<OpenClient> {
    const { host, deviceId } = this.identity;
    const client = Client.fromConnectionString(`HostName=${host};DeviceId=${deviceId};x509=true`, Mqtt);
    const opened = { client, certificatePem };
    const isCurrent = () => this.current === opened && !this.stopping.signal.aborted;
    client.on('disconnect', (error: Error | undefined) => {
      if (!isCurrent()) return;
      this.lost = true;
      if (this.exchanging === undefined) this.report('disconnected', error?.message);
    });
    client.on('error', (error: Error) => isCurrent() && this.report('disconnected', error.message));
    client.on('connect', () => isCurrent() && this.report('connected'));
    try {
      await client.setOptions({ cert: certificatePem, key: privateKeyPem });
      const opening = client.open();
      client.on('message', (message: Message) => this.inbox.push(received(message)));
      await answered(`connecting ${deviceId} to ${host}`, opening);
      return opened;
    } catch (error) {
      void client.close().catch(() => undefined);
      throw error;
    }
  }

  /** The hub ends a connection when another of the same device is accepted; the one before must not come back. */
  private async exchange(pair: DeviceKeyPair): Promise<void> {
    const before = this.current;
    await Promise.allSettled([...this.sending]);
    before.client.setRetryPolicy(new NoRetry());
    try {
      this.current = await this.openClient(pair);
      this.lost = false;
    } catch (error) {
      before.client.setRetryPolicy(new ExponentialBackOffWithJitter());
      throw error;
    }
    await closed(before.client.close());
  }

  /** Looks at the certificate file and the connection again and again: another certificate, or a lost connection, needs another client. */
  private async keepConnected(): Promise<void> {
    const { keyPair, certificateCheckMs = 2_000 } = this.identity;
    for (let failures = 0; ;) {
      await pause(failures === 0 ? certificateCheckMs : backoffMs(failures, reopenBackoff), this.stopping.signal);
      if (this.stopping.signal.aborted) return;
      try {
        const pair = await keyPair();
        const another = pair.certificatePem !== this.current.certificatePem;
        if (another || this.lost) {
          await (this.exchanging = this.exchange(pair));
          this.report(another ? 'certificate taken up' : 'connected');
        }
        failures = 0;
      } catch (error) {
        failures += 1;
        this.report(this.lost ? 'disconnected' : 'certificate not taken up', (error as Error).message);
      }
      this.exchanging = undefined;
    }
  }
}

/**
 * Connects as an X.509 device over MQTT. Rejects when the first connection is refused; later losses are repaired. A certificate that replaces
 * the present one gets a connection of its own: only when the hub has accepted it, the one before ends.
 */
export const connectDevice = (identity: DeviceIdentity): Promise<HubConnection> => new DeviceConnection(identity).open();
