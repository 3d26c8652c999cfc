import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { EventGridEvent } from '../../contracts/eventGrid';
import { containerId, nameOf, queueId } from '../region/armId';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import type { BlobAccess, Directory, EventPublisher, QueueAccess } from '../region/serviceInterfaces';
import { EventDelivery, type PendingDelivery, type Route } from './delivery';
import { eventFilter, filterMatches } from './eventFilter';

const identity = z.object({ type: z.enum(['SystemAssigned', 'UserAssigned']), userAssignedIdentity: z.string().optional() });
export const subscriptionProperties = z.object({
  destination: z.object({
    accountId: z.string().min(1),
    queueName: z.string().min(1),
    messageTimeToLiveSeconds: z.number().int().optional(),
  }),
  deliveryIdentity: identity,
  deadLetter: z.object({ accountId: z.string().min(1), containerName: z.string().min(1), identity }).optional(),
  filter: eventFilter.default(eventFilter.parse({})),
  maxDeliveryAttempts: z.number().int().min(1).max(30).default(30),
  timeToLiveMinutes: z.number().int().min(1).max(1_440).default(1_440),
});
export type SubscriptionProperties = z.output<typeof subscriptionProperties>;

/** A system topic: the events of one source. */
export interface SystemTopic {
  readonly id: string;
  readonly source: string;
  readonly topicType: string;
}
export interface EventSubscription extends SubscriptionProperties {
  readonly id: string;
  readonly topicId: string;
}

const keyOf = (id: string) => id.toLowerCase();

/** System topics and their subscriptions; what is published is filtered, made durable, then delivered as the subscription's identity. */
export class EventGrid implements Service, EventPublisher {
  readonly name = 'event-grid';
  /** What was declared and answered, for the provider, by ARM id in lower case. */
  readonly resources: AppendOnlyStore<Record<string, unknown>>;
  private readonly topics: AppendOnlyStore<SystemTopic>;
  private readonly subscriptions: AppendOnlyStore<EventSubscription>;
  private readonly delivery: EventDelivery;

  /** `retryScale` shortens Azure's back-off (10 s, 30 s, 1 min, …), which a laptop need not wait for. */
  constructor(
    private readonly context: RegionContext,
    private readonly connections: { directory: Pick<Directory, 'find'>; queues: QueueAccess; blobs: BlobAccess },
    options: { retryScale?: number } = {},
  ) {
    this.resources = context.openStore('event-grid/resources');
    this.topics = context.openStore('event-grid/topics');
    this.subscriptions = context.openStore('event-grid/subscriptions');
    this.delivery = new EventDelivery(
      context,
      context.openStore<PendingDelivery>('event-grid/outbox'),
      connections,
      (id) => this.route(id),
      options.retryScale ?? 0.1,
    );
  }

  start(): Promise<void> {
    this.delivery.start();
    return Promise.resolve();
  }
  stop(): Promise<void> {
    return this.delivery.stop();
  }

  publish(source: string, { eventType, subject, data, dataVersion = '' }: Parameters<EventPublisher['publish']>[1]): Promise<void> {
    const topic = this.topicOfSource(source);
    if (!topic) return Promise.resolve();
    const event: EventGridEvent = {
      topic: topic.source,
      subject,
      eventType,
      id: randomUUID(),
      data,
      dataVersion,
      metadataVersion: '1',
      eventTime: this.context.clock.now().toISOString(),
    };
    for (const subscription of this.subscriptions.values()) {
      if (keyOf(subscription.topicId) === keyOf(topic.id) && filterMatches(subscription.filter, event))
        this.delivery.enqueue(subscription.id, event);
    }
    return Promise.resolve();
  }

  declareTopic(topic: SystemTopic): void {
    this.topics.set(keyOf(topic.id), topic);
  }
  topic(id: string): SystemTopic | undefined {
    return this.topics.get(keyOf(id));
  }
  topicOfSource(source: string): SystemTopic | undefined {
    for (const topic of this.topics.values()) if (keyOf(topic.source) === keyOf(source)) return topic;
    return undefined;
  }
  subscription(id: string): EventSubscription | undefined {
    return this.subscriptions.get(keyOf(id));
  }
  removeTopic(id: string): void {
    for (const subscription of [...this.subscriptions.values()])
      if (keyOf(subscription.topicId) === keyOf(id)) this.removeSubscription(subscription.id);
    this.topics.delete(keyOf(id));
  }
  declareSubscription(subscription: EventSubscription): void {
    this.subscriptions.set(keyOf(subscription.id), subscription);
  }
  removeSubscription(id: string): void {
    const subscription = this.subscriptions.get(keyOf(id));
    if (!subscription) return;
    this.subscriptions.delete(keyOf(id));
    this.delivery.forget(subscription.id);
  }

  private route(id: string): Route | undefined {
    const subscription = this.subscriptions.get(keyOf(id));
    if (!subscription) return undefined;
    const { topicId, destination, deliveryIdentity, deadLetter, maxDeliveryAttempts, timeToLiveMinutes } = subscription;
    const principal = ({ type, userAssignedIdentity = '' }: SubscriptionProperties['deliveryIdentity']) =>
      this.connections.directory.find({ resourceId: type === 'UserAssigned' ? userAssignedIdentity : topicId });
    return {
      queueId: queueId(destination.accountId, destination.queueName),
      ...(destination.messageTimeToLiveSeconds === undefined ? {} : { messageTimeToLiveSeconds: destination.messageTimeToLiveSeconds }),
      as: principal(deliveryIdentity),
      maxDeliveryAttempts,
      timeToLiveMs: timeToLiveMinutes * 60_000,
      ...(deadLetter
        ? {
            deadLetter: {
              containerId: containerId(deadLetter.accountId, deadLetter.containerName),
              as: principal(deadLetter.identity),
              folder: `${nameOf(topicId)}/${nameOf(id)}`,
            },
          }
        : {}),
    };
  }
}
