import { randomUUID } from 'node:crypto';
import { encodeQueueMessage, type EventGridEvent } from '../../contracts/eventGrid';
import type { Principal } from '../region/tokenAuthority';
import { nameOf } from '../region/armId';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import type { BlobAccess, QueueAccess } from '../region/serviceInterfaces';

/** An event on its way to one subscription. */
export interface PendingDelivery {
  readonly id: string;
  readonly subscriptionId: string;
  readonly event: EventGridEvent;
  readonly publishedAt: string;
  readonly attempts: number;
  readonly nextAttemptAt: string;
  readonly lastAttemptAt?: string;
  readonly lastOutcome?: string;
  /** Set when delivery was given up and the event waits for its dead-letter blob. */
  readonly deadLetterReason?: DeadLetterReason;
  readonly givenUpAt?: string;
}
type DeadLetterReason = 'MaxDeliveryAttemptsExceeded' | 'TimeToLiveExceeded' | 'RequestEntityTooLarge';

/** Where the events of a subscription go, as which identity; resolved anew at each attempt. */
export interface Route {
  readonly queueId: string;
  readonly messageTimeToLiveSeconds?: number;
  readonly as: Principal | undefined;
  readonly maxDeliveryAttempts: number;
  readonly timeToLiveMs: number;
  readonly deadLetter?: { readonly containerId: string; readonly as: Principal | undefined; readonly folder: string };
}

/** Event Grid's published schedule, in seconds; the last step repeats. */
const retryScheduleSeconds = [10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 21_600, 43_200];
const deadLetterPatienceMs = 4 * 3_600_000;
const maxMessageBytes = 64 * 1024;
const parallelDeliveries = 16;

/** Time until the next attempt; up to a tenth more, so that failures do not march in step. */
export function nextAttemptMs(attempts: number, scale: number, random = Math.random()): number {
  const step = retryScheduleSeconds[Math.min(Math.max(attempts, 1), retryScheduleSeconds.length) - 1] ?? 0;
  return step * 1_000 * scale * (1 + random / 10);
}

/** Delivers from a durable outbox: at least once, with back-off, then to the dead-letter container. */
export class EventDelivery {
  private readonly waiting: string[] = [];
  private readonly timers = new Map<string, () => void>();
  private readonly inFlight = new Set<Promise<void>>();
  private started = false;

  constructor(
    private readonly context: RegionContext,
    private readonly outbox: AppendOnlyStore<PendingDelivery>,
    private readonly access: { queues: QueueAccess; blobs: BlobAccess },
    private readonly routeOf: (subscriptionId: string) => Route | undefined,
    private readonly retryScale: number,
  ) {}

  /** Durable when this returns; the delivery follows on its own. */
  enqueue(subscriptionId: string, event: EventGridEvent): void {
    const now = this.context.clock.now().toISOString();
    const pending: PendingDelivery = { id: randomUUID(), subscriptionId, event, publishedAt: now, attempts: 0, nextAttemptAt: now };
    this.outbox.set(pending.id, pending);
    if (this.started) this.schedule(pending);
  }

  start(): void {
    this.started = true;
    for (const pending of this.outbox.values()) this.schedule(pending);
  }

  async stop(): Promise<void> {
    this.started = false;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
    this.waiting.length = 0;
    await Promise.allSettled([...this.inFlight]);
  }

  /** Forgets what was on its way to a removed subscription. */
  forget(subscriptionId: string): void {
    for (const pending of [...this.outbox.values()]) if (pending.subscriptionId === subscriptionId) this.outbox.delete(pending.id);
  }

  private schedule(pending: PendingDelivery): void {
    const waitMs = Math.max(0, Date.parse(pending.nextAttemptAt) - this.context.clock.now().getTime());
    if (waitMs === 0) return this.ready(pending.id);
    this.timers.set(
      pending.id,
      this.context.clock.after(waitMs, () => this.ready(pending.id)),
    );
  }

  private ready(id: string): void {
    this.timers.delete(id);
    this.waiting.push(id);
    this.pump();
  }

  private pump(): void {
    while (this.started && this.inFlight.size < parallelDeliveries) {
      const id = this.waiting.shift();
      if (id === undefined) return;
      const work: Promise<void> = this.attempt(id)
        .catch((error: unknown) => this.context.log('event-grid', 'an attempt broke off', { reason: (error as Error).message }))
        .finally(() => {
          this.inFlight.delete(work);
          this.pump();
        });
      this.inFlight.add(work);
    }
  }

  private async attempt(id: string): Promise<void> {
    const pending = this.outbox.get(id);
    const route = pending && this.routeOf(pending.subscriptionId);
    if (!pending || !route) return void this.outbox.delete(id);
    if (pending.deadLetterReason) return this.deadLetter(pending, route, pending.deadLetterReason);
    const now = this.context.clock.now();
    if (pending.attempts > 0 && now.getTime() - Date.parse(pending.publishedAt) > route.timeToLiveMs)
      return this.deadLetter(pending, route, 'TimeToLiveExceeded');
    const message = encodeQueueMessage(pending.event);
    if (Buffer.byteLength(message) > maxMessageBytes)
      return this.deadLetter({ ...pending, lastOutcome: 'RequestEntityTooLarge' }, route, 'RequestEntityTooLarge');
    try {
      if (!route.as) throw Object.assign(new Error('the identity of the subscription does not exist'), { code: 'IdentityNotFound' });
      await this.access.queues.send(route.queueId, message, route.as, route.messageTimeToLiveSeconds);
      this.outbox.delete(id);
    } catch (error) {
      const failed = this.afterFailure(pending, error, 'a delivery failed');
      if (failed.attempts >= route.maxDeliveryAttempts) return this.deadLetter(failed, route, 'MaxDeliveryAttemptsExceeded');
      this.retry(failed);
    }
  }

  private afterFailure(pending: PendingDelivery, error: unknown, message: string): PendingDelivery {
    const lastOutcome = (error as { code?: string }).code ?? 'Error';
    const now = this.context.clock.now();
    const attempts = pending.attempts + 1;
    this.context.log('event-grid', message, {
      subscription: nameOf(pending.subscriptionId),
      subject: pending.event.subject,
      attempts,
      outcome: lastOutcome,
      reason: (error as Error).message,
    });
    return {
      ...pending,
      attempts,
      lastAttemptAt: now.toISOString(),
      lastOutcome,
      nextAttemptAt: new Date(now.getTime() + nextAttemptMs(attempts, this.retryScale)).toISOString(),
    };
  }

  private retry(pending: PendingDelivery): void {
    this.outbox.set(pending.id, pending);
    if (this.started) this.schedule(pending);
  }

  private async deadLetter(pending: PendingDelivery, { deadLetter }: Route, reason: DeadLetterReason): Promise<void> {
    const now = this.context.clock.now();
    const givenUpAt = pending.givenUpAt ?? now.toISOString();
    if (!deadLetter || now.getTime() - Date.parse(givenUpAt) > deadLetterPatienceMs) {
      this.context.log('event-grid', 'an event was dropped', {
        subscription: nameOf(pending.subscriptionId),
        subject: pending.event.subject,
        reason,
      });
      return void this.outbox.delete(pending.id);
    }
    const waiting: PendingDelivery = { ...pending, deadLetterReason: reason, givenUpAt };
    const hour = [now.getUTCFullYear(), now.getUTCMonth() + 1, now.getUTCDate(), now.getUTCHours()].join('/');
    const letter = {
      ...pending.event,
      deadLetterReason: reason,
      deliveryAttempts: pending.attempts,
      lastDeliveryOutcome: pending.lastOutcome ?? 'None',
      publishTime: pending.publishedAt,
      lastDeliveryAttemptTime: pending.lastAttemptAt ?? null,
    };
    try {
      if (!deadLetter.as)
        throw Object.assign(new Error('the identity of the dead-letter destination does not exist'), { code: 'IdentityNotFound' });
      await this.access.blobs.write(
        deadLetter.containerId,
        `${deadLetter.folder}/${hour}/${pending.id}.json`,
        Buffer.from(JSON.stringify([letter])),
        deadLetter.as,
      );
      this.outbox.delete(pending.id);
      this.context.log('event-grid', 'an event was dead-lettered', {
        subscription: nameOf(pending.subscriptionId),
        subject: pending.event.subject,
        reason,
      });
    } catch (error) {
      this.retry(this.afterFailure(waiting, error, 'a dead letter could not be written'));
    }
  }
}
