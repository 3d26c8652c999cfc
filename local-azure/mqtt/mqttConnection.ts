import type { Duplex } from 'node:stream';
import { generate, parser as createParser, type IConnectPacket, type Packet } from 'mqtt-packet';
import type { Clock } from '../region/clock';

/** CONNACK codes of MQTT 3.1.1. */
export const connectReturn = { accepted: 0, protocolVersion: 1, identifierRejected: 2, unavailable: 3, notAuthorized: 5 } as const;
export const subscriptionRefused = 0x80;

export interface IncomingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
}
/** What the service decides for one client. All of it is synchronous: what `publish` accepts is durable before its PUBACK. */
export interface MqttClientPolicy {
  readonly sessionPresent: boolean;
  /** The CONNACK is on its way: messages may be delivered. */
  ready(connection: MqttConnection): void;
  /** False closes the connection, as MQTT 3.1.1 has no other way to refuse. */
  publish(message: IncomingMessage): boolean;
  /** The granted QoS or `subscriptionRefused`. Delivers nothing itself: the SUBACK goes first. */
  subscribe(filter: string, qos: number): number;
  unsubscribe(filter: string): void;
  closed(): void;
}
export type ConnectDecision =
  { readonly accepted: true; readonly policy: MqttClientPolicy } | { readonly accepted: false; readonly returnCode: number };

const connectTimeoutMs = 10_000;
/** Of one packet: a device's largest message with its topic, and then some. */
export const maxPacketBytes = 384 * 1024;

/** One MQTT 3.1.1 connection: framing, keep-alive, acknowledgements. Knows nothing of topics. */
export class MqttConnection {
  private readonly parser = createParser({ protocolVersion: 4 });
  private policy: MqttClientPolicy | undefined;
  private readonly unacknowledged = new Map<number, () => void>();
  private nextMessageId = 1;
  private unparsedBytes = 0;
  private keepAliveMs = 0;
  private cancelTimer: () => void;
  private ended = false;

  constructor(
    private readonly socket: Duplex,
    private readonly clock: Clock,
    private readonly decide: (connect: IConnectPacket) => ConnectDecision,
  ) {
    this.cancelTimer = clock.after(connectTimeoutMs, () => this.close());
    this.parser.on('packet', (packet) => {
      this.unparsedBytes = 0;
      if (!this.ended) this.take(packet);
    });
    this.parser.on('error', () => this.close());
    socket.on('data', (chunk: Buffer) => {
      this.unparsedBytes += chunk.length;
      this.parser.parse(chunk);
      if (this.unparsedBytes > maxPacketBytes) this.close();
    });
    socket.on('error', () => this.close());
    socket.on('close', () => this.close());
  }

  /** Messages sent with QoS 1 that the client has not acknowledged yet. */
  get inFlight(): number {
    return this.unacknowledged.size;
  }

  deliver(topic: string, payload: Buffer, acknowledged: () => void): void {
    do this.nextMessageId = (this.nextMessageId % 65_535) + 1;
    while (this.unacknowledged.has(this.nextMessageId));
    this.unacknowledged.set(this.nextMessageId, acknowledged);
    this.write({ cmd: 'publish', topic, payload, qos: 1, dup: false, retain: false, messageId: this.nextMessageId });
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.cancelTimer();
    this.unacknowledged.clear();
    this.policy?.closed();
    this.socket.end();
    setTimeout(() => this.socket.destroy(), 250).unref();
  }

  private write(packet: Packet): void {
    if (!this.ended) this.socket.write(generate(packet, { protocolVersion: 4 }));
  }

  private take(packet: Packet): void {
    if (packet.cmd === 'connect') return this.policy === undefined ? this.connect(packet) : this.close();
    const policy = this.policy;
    if (!policy) return this.close();
    this.restartKeepAlive();
    switch (packet.cmd) {
      case 'publish': {
        if (packet.qos === 2 || !policy.publish({ topic: packet.topic, payload: Buffer.from(packet.payload), qos: packet.qos }))
          return this.close();
        if (packet.qos === 1) this.write({ cmd: 'puback', messageId: packet.messageId ?? 0 });
        return;
      }
      case 'puback': {
        const acknowledged = this.unacknowledged.get(packet.messageId ?? 0);
        this.unacknowledged.delete(packet.messageId ?? 0);
        acknowledged?.();
        return;
      }
      case 'subscribe': {
        const granted = packet.subscriptions.map(({ topic, qos }) => policy.subscribe(topic, qos));
        return this.write({ cmd: 'suback', messageId: packet.messageId ?? 0, granted });
      }
      case 'unsubscribe':
        for (const filter of packet.unsubscriptions) policy.unsubscribe(filter);
        return this.write({ cmd: 'unsuback', messageId: packet.messageId ?? 0, granted: [] });
      case 'pingreq':
        return this.write({ cmd: 'pingresp' });
      default:
        return this.close();
    }
  }

  private connect(packet: IConnectPacket): void {
    const decision: ConnectDecision =
      packet.protocolVersion === 4 ? this.decide(packet) : { accepted: false, returnCode: connectReturn.protocolVersion };
    if (!decision.accepted) {
      this.write({ cmd: 'connack', returnCode: decision.returnCode, sessionPresent: false });
      return this.close();
    }
    this.policy = decision.policy;
    this.keepAliveMs = (packet.keepalive ?? 0) * 1_500;
    this.cancelTimer();
    this.restartKeepAlive();
    this.write({ cmd: 'connack', returnCode: connectReturn.accepted, sessionPresent: decision.policy.sessionPresent });
    decision.policy.ready(this);
  }

  private restartKeepAlive(): void {
    this.cancelTimer();
    this.cancelTimer = this.keepAliveMs > 0 ? this.clock.after(this.keepAliveMs, () => this.close()) : () => undefined;
  }
}
