import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { acceptAmqp } from '../amqp/amqpEndpoint';
import type { Principal } from '../region/tokenAuthority';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { listen } from '../region/ports';
import type { RegionContext, Service } from '../region/regionContext';
import type { EventIngress } from '../region/serviceInterfaces';
import { defaultConsumerGroup, type ConsumerGroupRecord, type EventHubRecord, type NamespaceRecord } from './eventHubRecords';
import { namespaceLinks, receiverKey, sendAction } from './namespaceLinks';
import { PartitionLog } from './partitionLog';
import { PartitionReceivers } from './partitionReceivers';

const key = (id: string) => id.toLowerCase();
const maxEventBytes = 1_048_576;

/** An error with the AMQP condition that Event Hubs would answer. */
export class EventHubsError extends Error {
  override readonly name = 'EventHubsError';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(`${code}: ${message}`);
  }
}

/** Partition of a key: the same key always goes to the same partition. */
export const partitionOfKey = (partitionKey: string, partitionCount: number) =>
  createHash('sha256').update(partitionKey).digest().readUInt32BE(0) % partitionCount;

/** Event Hubs of the region: one TLS port per namespace, one durable log per partition. */
export class EventHubs implements Service, EventIngress {
  readonly name = 'event-hubs';
  private readonly namespaces: AppendOnlyStore<NamespaceRecord>;
  private readonly hubs: AppendOnlyStore<EventHubRecord>;
  private readonly groups: AppendOnlyStore<ConsumerGroupRecord>;
  private readonly ports: AppendOnlyStore<number>;
  private readonly logs = new Map<string, PartitionLog>();
  private readonly receivers = new PartitionReceivers();
  private readonly servers = new Map<string, { server: Server; port: number; connections: Set<() => void> }>();
  private started = false;
  /** What was declared and answered, for the provider. */
  readonly declared: AppendOnlyStore<Record<string, unknown>>;

  constructor(private readonly context: RegionContext) {
    this.declared = context.openStore('event-hubs/declared');
    this.namespaces = context.openStore('event-hubs/namespaces');
    this.hubs = context.openStore('event-hubs/hubs');
    this.groups = context.openStore('event-hubs/consumer-groups');
    this.ports = context.openStore('event-hubs/ports');
  }

  async start(): Promise<void> {
    this.started = true;
    for (const namespace of this.namespaces.values()) await this.open(namespace);
  }

  async stop(): Promise<void> {
    this.started = false;
    for (const id of [...this.servers.keys()]) await this.close(id);
    for (const log of this.logs.values()) log.close();
    this.logs.clear();
  }

  readonly now = () => this.context.clock.now();

  namespace(id: string): NamespaceRecord | undefined {
    return this.namespaces.get(key(id));
  }
  /** `localhost:<port>`; the service must be started. */
  host(namespaceId: string): string {
    const open = this.servers.get(key(namespaceId));
    if (!open) throw new EventHubsError('amqp:not-found', `the namespace ${namespaceId} is not open`);
    return `localhost:${open.port}`;
  }
  async putNamespace(id: string, name: string): Promise<NamespaceRecord> {
    const now = this.context.clock.now().toISOString();
    const record: NamespaceRecord = { id, name, createdAt: this.namespace(id)?.createdAt ?? now, updatedAt: now };
    this.namespaces.set(key(id), record);
    if (this.started) await this.open(record);
    return record;
  }
  async deleteNamespace(id: string): Promise<void> {
    for (const hub of [...this.hubs.values()]) if (key(hub.namespaceId) === key(id)) this.deleteEventHub(hub.id);
    this.namespaces.delete(key(id));
    await this.close(key(id));
  }

  eventHub(id: string): EventHubRecord | undefined {
    return this.hubs.get(key(id));
  }
  putEventHub(hub: Omit<EventHubRecord, 'createdAt' | 'updatedAt'>): EventHubRecord {
    const before = this.eventHub(hub.id);
    if (!this.namespace(hub.namespaceId))
      throw new EventHubsError('ParentResourceNotFound', `the namespace ${hub.namespaceId} does not exist.`);
    if (before && before.partitionCount !== hub.partitionCount)
      throw new EventHubsError(
        'BadRequest',
        `the partition count of ${hub.name} is ${before.partitionCount} and cannot be changed to ${hub.partitionCount}.`,
      );
    const now = this.context.clock.now().toISOString();
    const record: EventHubRecord = { ...hub, createdAt: before?.createdAt ?? now, updatedAt: now };
    this.hubs.set(key(hub.id), record);
    for (let partition = 0; partition < hub.partitionCount; partition++) this.log(record, partition).setRetention(hub.retentionMs);
    return record;
  }
  deleteEventHub(id: string): void {
    const hub = this.eventHub(id);
    if (!hub) return;
    this.receivers.evict(`${key(hub.id)}|`);
    for (const group of [...this.groups.values()]) if (key(group.eventHubId) === key(id)) this.groups.delete(key(group.id));
    for (let partition = 0; partition < hub.partitionCount; partition++) {
      this.log(hub, partition).remove();
      this.logs.delete(`${key(hub.id)}|${partition}`);
    }
    this.hubs.delete(key(id));
  }

  consumerGroup(id: string): ConsumerGroupRecord | undefined {
    return this.groups.get(key(id));
  }
  putConsumerGroup(group: Omit<ConsumerGroupRecord, 'createdAt' | 'updatedAt'>): ConsumerGroupRecord {
    if (!this.eventHub(group.eventHubId))
      throw new EventHubsError('ParentResourceNotFound', `the event hub ${group.eventHubId} does not exist.`);
    const now = this.context.clock.now().toISOString();
    const record: ConsumerGroupRecord = { ...group, createdAt: this.consumerGroup(group.id)?.createdAt ?? now, updatedAt: now };
    this.groups.set(key(group.id), record);
    return record;
  }
  deleteConsumerGroup(id: string): void {
    const group = this.consumerGroup(id);
    const hub = group && this.eventHub(group.eventHubId);
    this.groups.delete(key(id));
    if (group && hub) this.receivers.evict(receiverKey(hub, group.name));
  }

  /** The event hub that an endpoint URI (`sb://host[:port]`) and an entity path name. */
  eventHubAt(endpointUri: string, entityPath: string): EventHubRecord | undefined {
    const host = /^(?:sb|amqps|https):\/\/([^/]+)\/?$/i.exec(endpointUri)?.[1]?.toLowerCase();
    for (const [id, { port }] of this.servers) {
      if (host === `localhost:${port}`)
        return [...this.hubs.values()].find((hub) => key(hub.namespaceId) === id && key(hub.name) === key(entityPath));
    }
    return undefined;
  }

  async send(eventHubId: string, event: Parameters<EventIngress['send']>[1], as: Principal): Promise<void> {
    const decision = this.context.gate.authorizePrincipal(as, { service: this.name, actions: [sendAction], scope: eventHubId });
    if (!decision.allowed) throw new EventHubsError('amqp:unauthorized-access', `${as.displayName} lacks ${sendAction} at ${eventHubId}`);
    const hub = this.eventHub(eventHubId);
    if (!hub) throw new EventHubsError('amqp:not-found', `the event hub ${eventHubId} does not exist`);
    if (event.body.length > maxEventBytes)
      throw new EventHubsError(
        'amqp:link:message-size-exceeded',
        `an event may have ${maxEventBytes} bytes, this one has ${event.body.length}`,
      );
    const { body, partitionKey, applicationProperties, systemProperties } = event;
    this.log(hub, partitionOfKey(partitionKey, hub.partitionCount)).append({
      body,
      partitionKey,
      applicationProperties,
      systemProperties,
      enqueuedMs: this.context.clock.now().getTime(),
    });
  }

  private log(hub: EventHubRecord, partition: number): PartitionLog {
    const name = `${key(hub.id)}|${partition}`;
    const known = this.logs.get(name);
    if (known) return known;
    const folder = createHash('sha256').update(key(hub.id)).digest('hex').slice(0, 16);
    const log = new PartitionLog(
      join(this.context.directory, this.name, 'events', `${hub.name}-${folder}`, String(partition)),
      hub.retentionMs,
    );
    this.logs.set(name, log);
    return log;
  }

  private async open(namespace: NamespaceRecord): Promise<void> {
    const id = key(namespace.id);
    if (this.servers.has(id)) return;
    const { privateKey, certificate } = this.context.tls;
    const links = namespaceLinks(
      namespace,
      {
        eventHub: (name) => [...this.hubs.values()].find((hub) => key(hub.namespaceId) === id && key(hub.name) === key(name)),
        hasConsumerGroup: (hub, name) =>
          key(name) === key(defaultConsumerGroup) ||
          [...this.groups.values()].some((group) => key(group.eventHubId) === key(hub.id) && key(group.name) === key(name)),
        log: (hub, partition) => this.log(hub, partition),
      },
      this.receivers,
    );
    const connections = new Set<() => void>();
    const server = createServer({ key: privateKey, cert: certificate, minVersion: 'TLSv1.2' }, (socket) => {
      socket.setNoDelay(true);
      const close = acceptAmqp(this.context, socket, links);
      connections.add(close);
      socket.on('close', () => connections.delete(close));
    });
    const port = await listen(server, this.ports, id);
    this.servers.set(id, { server, port, connections });
    this.context.log(this.name, 'namespace open', { namespace: namespace.name, port });
  }

  private async close(id: string): Promise<void> {
    const open = this.servers.get(id);
    if (!open) return;
    this.servers.delete(id);
    for (const close of open.connections) close();
    await new Promise((resolve) => open.server.close(resolve));
  }
}
