import type { Duplex } from 'node:stream';
import type { IConnectPacket } from 'mqtt-packet';
import {
  connectReturn,
  MqttConnection,
  subscriptionRefused,
  type ConnectDecision,
  type IncomingMessage,
  type MqttClientPolicy,
} from '../mqtt/mqttConnection';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { certificateRefusal, type DeviceRecord, type DeviceRegistry, type PresentedCertificate } from './deviceRegistry';
import type { DeviceQueues, PendingMessage } from './deviceQueues';
import type { HubProperties, HubRecord } from './hubRecord';
import { formatPropertyBag, parsePropertyBag, type MessageProperties } from './propertyBag';

/** A device-to-cloud message with what the hub knows of its sender. */
export interface DeviceMessage {
  readonly device: DeviceRecord;
  readonly body: Buffer;
  readonly properties: MessageProperties;
}
export interface DeviceSession {
  readonly subscribed: boolean;
}

const maxDeviceMessageBytes = 256 * 1024;
const deliveryWindow = 10;
const sessionKey = (hubId: string, deviceId: string) => `${hubId.toLowerCase()}|${deviceId}`;

/** The devices that are connected to one hub over MQTT, and what each may do: its own topics and nothing else. */
export class DeviceConnections {
  private readonly connected = new Map<string, { connection: MqttConnection; pump: () => void }>();

  constructor(
    private readonly context: RegionContext,
    private readonly hub: () => { readonly record: HubRecord; readonly properties: HubProperties; readonly host: string },
    private readonly registry: DeviceRegistry,
    private readonly queues: DeviceQueues,
    private readonly sessions: AppendOnlyStore<DeviceSession>,
    private readonly route: (message: DeviceMessage) => void,
  ) {}

  accept(socket: Duplex, certificate: PresentedCertificate | undefined): void {
    new MqttConnection(socket, this.context.clock, (connect) => this.decide(connect, certificate));
  }
  isConnected(deviceId: string): boolean {
    return this.connected.has(deviceId);
  }
  /** A message was queued for the device. */
  queued(deviceId: string): void {
    this.connected.get(deviceId)?.pump();
  }
  /** The identity changed or went away: the device must prove itself again. */
  disconnect(deviceId: string): void {
    this.connected.get(deviceId)?.connection.close();
  }
  forget(deviceId: string): void {
    this.disconnect(deviceId);
    this.sessions.delete(sessionKey(this.hub().record.id, deviceId));
  }
  closeAll(): void {
    for (const { connection } of [...this.connected.values()]) connection.close();
  }

  private decide(connect: IConnectPacket, certificate: PresentedCertificate | undefined): ConnectDecision {
    const { record, host } = this.hub();
    const refuse = (returnCode: number, reason: string): ConnectDecision => {
      this.report(connect.clientId.slice(0, 128), 'connect', 401, reason);
      return { accepted: false, returnCode };
    };
    const [userHost = '', userDevice = ''] = (connect.username ?? '').split('/');
    if (userHost.toLowerCase() !== host.toLowerCase())
      return refuse(connectReturn.notAuthorized, `the user name must start with ${host}/, it starts with "${userHost.slice(0, 200)}"`);
    if (userDevice !== connect.clientId)
      return refuse(connectReturn.identifierRejected, `the client id must be the device id "${userDevice.slice(0, 128)}"`);
    const device = this.registry.get(record.id, connect.clientId);
    if (!device) return refuse(connectReturn.notAuthorized, 'the device is not registered');
    if (device.status !== 'enabled') return refuse(connectReturn.notAuthorized, 'the device is disabled');
    const reason = certificateRefusal(device, certificate, this.context.clock.now());
    if (reason !== undefined) return refuse(connectReturn.notAuthorized, reason);
    return { accepted: true, policy: this.policy(device, connect.clean === true) };
  }

  private report(deviceId: string, action: string, status: 401 | 403, reason: string): void {
    this.context.gate.report({
      service: 'iot-hub',
      status,
      identity: `device ${deviceId}`,
      action,
      scope: `${this.hub().record.id}/devices/${deviceId}`,
      reason,
    });
  }

  private policy(device: DeviceRecord, clean: boolean): MqttClientPolicy {
    const { deviceId } = device;
    const hubId = this.hub().record.id;
    const key = sessionKey(hubId, deviceId);
    if (clean) this.sessions.delete(key);
    const sessionPresent = this.sessions.has(key);
    let subscribed = this.sessions.get(key)?.subscribed ?? false;
    const inFlight = new Map<number, PendingMessage>();
    const commandTopic = `devices/${deviceId}/messages/devicebound/`;
    let own: MqttConnection | undefined;

    const pump = () => {
      if (!own || !subscribed) return;
      for (const message of [...this.queues.waiting(hubId, deviceId)]) {
        if (inFlight.size >= deliveryWindow) return;
        if (inFlight.has(message.sequence)) continue;
        inFlight.set(message.sequence, message);
        own.deliver(`${commandTopic}${formatPropertyBag(message.properties)}`, Buffer.from(message.bodyBase64, 'base64'), () => {
          inFlight.delete(message.sequence);
          this.queues.complete(message);
          pump();
        });
      }
    };
    return {
      sessionPresent,
      ready: (connection) => {
        this.connected.get(deviceId)?.connection.close();
        own = connection;
        this.connected.set(deviceId, { connection, pump });
        this.context.log('iot-hub', 'device connected', { hub: this.hub().record.name, deviceId });
        pump();
      },
      publish: (message) => this.receive(device, message),
      subscribe: (filter, qos) => {
        if (filter !== `${commandTopic}#` || qos > 1) {
          this.report(deviceId, 'subscribe', 403, `${deviceId} may subscribe to ${commandTopic}# only, not to "${filter.slice(0, 200)}"`);
          return subscriptionRefused;
        }
        subscribed = true;
        if (!clean) this.sessions.set(key, { subscribed });
        queueMicrotask(pump);
        return qos;
      },
      unsubscribe: (filter) => {
        if (filter !== `${commandTopic}#`) return;
        subscribed = false;
        this.sessions.delete(key);
      },
      closed: () => {
        if (own && this.connected.get(deviceId)?.connection === own) this.connected.delete(deviceId);
        own = undefined;
        for (const message of inFlight.values()) this.queues.abandon(message, this.hub().properties.cloudToDevice.maxDeliveryCount);
        inFlight.clear();
      },
    };
  }

  private receive(device: DeviceRecord, { topic, payload }: IncomingMessage): boolean {
    const refuse = (reason: string) => {
      this.report(device.deviceId, 'publish', 403, reason);
      return false;
    };
    const prefix = `devices/${device.deviceId}/messages/events/`;
    if (!topic.startsWith(prefix)) return refuse(`${device.deviceId} may publish to ${prefix}… only, not to "${topic.slice(0, 200)}"`);
    const bag = topic.slice(prefix.length);
    if (payload.length + bag.length > maxDeviceMessageBytes)
      return refuse(`a message may have ${maxDeviceMessageBytes} bytes with its properties, this one has ${payload.length + bag.length}`);
    const properties = parsePropertyBag(bag);
    if (!properties) return refuse('the properties in the topic are not readable');
    this.route({ device, body: payload, properties });
    return true;
  }
}
