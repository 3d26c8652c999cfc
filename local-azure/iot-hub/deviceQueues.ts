import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import type { MessageProperties } from './propertyBag';

/** A cloud-to-device message that waits for its device. */
export interface PendingMessage {
  readonly sequence: number;
  readonly hubId: string;
  readonly deviceId: string;
  readonly properties: MessageProperties;
  readonly bodyBase64: string;
  readonly enqueuedMs: number;
  readonly expiresMs: number;
  readonly deliveryCount: number;
}
type FinalOutcome = 'Success' | 'Expired' | 'DeliveryCountExceeded' | 'Purged';

/** Azure's limits of the queue of one device. */
export const maxPendingMessages = 50;
export const maxTimeToLiveMs = 48 * 3_600_000;

const keyOf = (message: { hubId: string; deviceId: string; sequence: number }) =>
  `${message.hubId.toLowerCase()}|${message.deviceId}|${String(message.sequence).padStart(12, '0')}`;
const deviceKey = (hubId: string, deviceId: string) => `${hubId.toLowerCase()}|${deviceId}`;

/** The durable queue of every device. A message leaves it when it was acknowledged, has expired, or was delivered too often. */
export class DeviceQueues {
  private readonly pending = new Map<string, PendingMessage[]>();
  private lastSequence = 0;

  constructor(
    private readonly store: AppendOnlyStore<PendingMessage>,
    private readonly clock: Clock,
    private readonly finished: (message: PendingMessage, outcome: FinalOutcome) => void,
  ) {
    for (const message of [...store.values()].sort((a, b) => a.sequence - b.sequence)) {
      this.lastSequence = Math.max(this.lastSequence, message.sequence);
      this.of(message.hubId, message.deviceId).push(message);
    }
  }

  /** False when the queue of the device is full. */
  enqueue(message: Omit<PendingMessage, 'sequence' | 'deliveryCount' | 'enqueuedMs'>): boolean {
    if (this.waiting(message.hubId, message.deviceId).length >= maxPendingMessages) return false;
    const queued: PendingMessage = { ...message, sequence: ++this.lastSequence, deliveryCount: 0, enqueuedMs: this.clock.now().getTime() };
    this.store.set(keyOf(queued), queued);
    this.of(queued.hubId, queued.deviceId).push(queued);
    return true;
  }

  /** Messages in the order of their arrival; expired ones go first. */
  waiting(hubId: string, deviceId: string): readonly PendingMessage[] {
    const now = this.clock.now().getTime();
    for (const message of this.of(hubId, deviceId).filter((pending) => pending.expiresMs <= now)) this.remove(message, 'Expired');
    return this.of(hubId, deviceId);
  }

  complete(message: PendingMessage): void {
    this.remove(message, 'Success');
  }

  /** The connection broke before the acknowledgement. */
  abandon(message: PendingMessage, maxDeliveryCount: number): void {
    const queue = this.of(message.hubId, message.deviceId);
    const index = queue.findIndex((queued) => queued.sequence === message.sequence);
    const current = queue[index];
    if (!current) return;
    const again: PendingMessage = { ...current, deliveryCount: current.deliveryCount + 1 };
    queue[index] = again;
    this.store.set(keyOf(again), again);
    if (again.deliveryCount >= maxDeliveryCount) this.remove(again, 'DeliveryCountExceeded');
  }

  /** The device is gone, and its messages with it. */
  purge(hubId: string, deviceId: string): void {
    for (const message of [...this.of(hubId, deviceId)]) this.remove(message, 'Purged');
  }

  private of(hubId: string, deviceId: string): PendingMessage[] {
    const key = deviceKey(hubId, deviceId);
    const queue = this.pending.get(key) ?? [];
    this.pending.set(key, queue);
    return queue;
  }

  private remove(message: PendingMessage, outcome: FinalOutcome): void {
    const queue = this.of(message.hubId, message.deviceId);
    const index = queue.findIndex((queued) => queued.sequence === message.sequence);
    if (index === -1) return;
    queue.splice(index, 1);
    this.store.delete(keyOf(message));
    // Messages carry download links: what the device has taken does not stay on disk.
    if (this.store.size === 0) this.store.compact();
    this.finished(message, outcome);
  }
}
