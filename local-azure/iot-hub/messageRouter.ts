import type { Principal } from '../region/tokenAuthority';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import type { Directory, EventIngress } from '../region/serviceInterfaces';
import type { DeviceMessage } from './deviceConnections';
import type { EventHubEndpoint, HubProperties, HubRecord } from './hubRecord';
import { backoffMs } from '../../contracts/program/retry';

/** Event Hubs as the router needs it: the ingress, and which event hub an endpoint names. */
export interface RoutingTarget extends EventIngress {
  eventHubAt(endpointUri: string, entityPath: string): { readonly id: string } | undefined;
}

/** A message on its way to an endpoint: durable until the endpoint has it. */
export interface RoutedMessage {
  readonly hubId: string;
  readonly endpoint: string;
  readonly sequence: number;
  readonly deviceId: string;
  readonly bodyBase64: string;
  readonly applicationProperties: Readonly<Record<string, string>>;
  readonly systemProperties: Readonly<Record<string, string | number>>;
  readonly enqueuedMs: number;
}

const retryBackoff = { firstMs: 500, longestMs: 30_000 };
const retentionMs = 24 * 3_600_000;
const amqpNames: Readonly<Record<string, string>> = {
  mid: 'message_id',
  cid: 'correlation_id',
  ct: 'content_type',
  ce: 'content_encoding',
  uid: 'user_id',
  to: 'to',
};
const authMethod = JSON.stringify({ scope: 'device', type: 'x509Certificate', issuer: 'external', acceptingIpFilterRule: null });

/** Names of the endpoints that enabled routes give a device message to. */
const endpointsFor = (properties: HubProperties): string[] => [
  ...new Set(
    properties.routing.routes
      .filter((route) => route.isEnabled && route.source === 'DeviceMessages' && route.condition === 'true')
      .flatMap((route) => route.endpointNames),
  ),
];

/** Takes device messages durably and hands them on in order, endpoint by endpoint, as the hub's identity. Retries until the endpoint takes them. */
export class MessageRouter {
  private lastSequence = 0;
  private readonly waiting = new Map<string, RoutedMessage[]>();
  private readonly cancels = new Map<string, () => void>();
  private readonly busy = new Set<string>();
  private running = false;

  constructor(
    private readonly context: RegionContext,
    private readonly store: AppendOnlyStore<RoutedMessage>,
    private readonly directory: Directory,
    private readonly target: RoutingTarget,
    private readonly hub: (hubId: string) => { readonly record: HubRecord; readonly properties: HubProperties } | undefined,
  ) {
    for (const message of [...store.values()].sort((a, b) => a.sequence - b.sequence)) {
      this.lastSequence = Math.max(this.lastSequence, message.sequence);
      this.lane(message).push(message);
    }
  }

  start(): void {
    this.running = true;
    for (const lane of this.waiting.keys()) void this.drain(lane);
  }
  stop(): void {
    this.running = false;
    for (const cancel of this.cancels.values()) cancel();
    this.cancels.clear();
  }
  forget(hubId: string): void {
    for (const [lane, messages] of this.waiting) {
      if (!lane.startsWith(`${hubId.toLowerCase()}|`)) continue;
      for (const message of messages.splice(0)) this.store.delete(String(message.sequence));
    }
  }

  /** Durable once this returns. */
  accept(record: HubRecord, properties: HubProperties, { device, body, properties: { application, system } }: DeviceMessage): void {
    const endpoints = endpointsFor(properties);
    const routable = endpoints.filter((name) => name !== 'events');
    if (routable.length === 0)
      this.context.log('iot-hub', 'device message dropped: no enabled route leads to an event hub', {
        hub: record.name,
        deviceId: device.deviceId,
      });
    const enqueuedMs = this.context.clock.now().getTime();
    const systemProperties: Record<string, string | number> = {
      'iothub-connection-device-id': device.deviceId,
      'iothub-connection-auth-method': authMethod,
      'iothub-connection-auth-generation-id': device.generationId,
      'iothub-enqueuedtime': enqueuedMs,
      'iothub-message-source': 'Telemetry',
    };
    for (const [short, value] of Object.entries(system)) {
      const name = amqpNames[short];
      if (name !== undefined) systemProperties[name] = value;
    }
    for (const endpoint of routable) {
      const message: RoutedMessage = {
        hubId: record.id,
        endpoint,
        sequence: ++this.lastSequence,
        deviceId: device.deviceId,
        bodyBase64: body.toString('base64'),
        applicationProperties: application,
        systemProperties,
        enqueuedMs,
      };
      this.store.set(String(message.sequence), message);
      this.lane(message).push(message);
      void this.drain(laneOf(message));
    }
  }

  private lane(message: RoutedMessage): RoutedMessage[] {
    const messages = this.waiting.get(laneOf(message)) ?? [];
    this.waiting.set(laneOf(message), messages);
    return messages;
  }

  private async drain(lane: string, retries = 0): Promise<void> {
    if (!this.running || this.busy.has(lane)) return;
    this.cancels.get(lane)?.();
    this.cancels.delete(lane);
    this.busy.add(lane);
    const messages = this.waiting.get(lane) ?? [];
    let failed = false;
    for (let message = messages[0]; message && this.running && !failed; message = messages[0]) {
      try {
        if (message.enqueuedMs < this.context.clock.now().getTime() - retentionMs)
          throw new ExpiredMessage('the endpoint did not take it within a day');
        await this.deliver(message);
      } catch (error) {
        failed = !(error instanceof ExpiredMessage);
        this.context.log('iot-hub', failed ? 'routing waits' : 'device message dropped', {
          endpoint: message.endpoint,
          deviceId: message.deviceId,
          reason: (error as Error).message,
        });
      }
      if (!failed && messages[0] === message) {
        messages.shift();
        this.store.delete(String(message.sequence));
      }
    }
    this.busy.delete(lane);
    if (failed && this.running)
      this.cancels.set(
        lane,
        this.context.clock.after(backoffMs(retries, retryBackoff), () => void this.drain(lane, retries + 1)),
      );
  }

  private async deliver(message: RoutedMessage): Promise<void> {
    const hub = this.hub(message.hubId);
    const endpoint = hub?.properties.routing.endpoints.eventHubs.find((eventHub) => eventHub.name === message.endpoint);
    if (!hub || !endpoint) throw new ExpiredMessage(`the hub has no endpoint "${message.endpoint}" any more`);
    const eventHub = this.target.eventHubAt(endpoint.endpointUri, endpoint.entityPath);
    if (!eventHub) throw new Error(`no event hub "${endpoint.entityPath}" at ${endpoint.endpointUri}`);
    await this.target.send(
      eventHub.id,
      {
        body: Buffer.from(message.bodyBase64, 'base64'),
        partitionKey: message.deviceId,
        applicationProperties: { ...message.applicationProperties },
        systemProperties: { ...message.systemProperties },
      },
      this.identity(hub.record, endpoint),
    );
  }

  private identity(record: HubRecord, endpoint: EventHubEndpoint): Principal {
    const userAssigned = endpoint.identity?.userAssignedIdentity;
    const found =
      userAssigned === undefined ? this.directory.find({ resourceId: record.id }) : this.directory.find({ resourceId: userAssigned });
    if (!found)
      throw new Error(
        userAssigned === undefined
          ? `the hub ${record.name} has no system-assigned identity`
          : `the identity ${userAssigned} does not exist`,
      );
    return found;
  }
}

const laneOf = (message: RoutedMessage) => `${message.hubId.toLowerCase()}|${message.endpoint}`;
class ExpiredMessage extends Error {}
