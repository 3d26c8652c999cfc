import { randomUUID } from 'node:crypto';
import { type Log } from '../../contracts/program/log';
import { type C2dSender } from '../clients/iotHub';
import { type DeliveryRecords, type StoredRecord } from './deliveryRecords';
import { type Deadlines, decideExchange, type ExchangeAction, type ExchangeEvent, isOpen, nextDueMs } from './exchange';
import { newDelivery, presignedUrlResponse } from './messages';
import { type SignedUrl } from './signedUrl';

interface DeliveryDependencies {
  readonly records: DeliveryRecords;
  readonly sender: Pick<C2dSender, 'send'>;
  readonly sign: (blobName: string, now: Date) => Promise<SignedUrl>;
  readonly deadlines: Deadlines;
  readonly log: Log;
  readonly now: () => Date;
}

const maximumConflicts = 10;
/** The hub keeps a message for two days at most. */
const maximumMessageLifeMs = 47 * 3_600_000;
const loadedAtOnce = 16;
/** A delivery that does not move is logged this often, so that an alert that looks back two days sees every one that is open. */
const tellMs = 3_600_000;

/** Holds the open deliveries of this replica and moves them; what is true stands in the records, not here. */
export class DeliveryService {
  private readonly open = new Map<string, StoredRecord>();
  /** Events of one delivery are handled one after the other. */
  private readonly tails = new Map<string, Promise<unknown>>();
  private readonly toldMs = new Map<string, number>();
  constructor(private readonly dependencies: DeliveryDependencies) {}

  /** Takes up what was open when the application last stopped. */
  async resume(): Promise<number> {
    let batch: string[] = [];
    const load = async () => {
      await Promise.all(batch.map(async (id) => this.remember(id, await this.dependencies.records.read(id))));
      batch = [];
    };
    for await (const id of this.dependencies.records.ids()) {
      batch.push(id);
      if (batch.length >= loadedAtOnce) await load();
    }
    await load();
    return this.open.size;
  }

  /** `deviceId` is given for what a device sent: only the device of a delivery may move it. */
  handle(deliveryId: string, event: ExchangeEvent, deviceId?: string): Promise<void> {
    const done = (this.tails.get(deliveryId) ?? Promise.resolve()).then(() => this.apply(deliveryId, event, deviceId));
    const tail = done.catch(() => undefined).finally(() => this.tails.get(deliveryId) === tail && this.tails.delete(deliveryId));
    this.tails.set(deliveryId, tail);
    return done;
  }

  /** Looks after deliveries whose step or whole time is over. */
  async tick(): Promise<void> {
    const now = this.dependencies.now().getTime();
    const due = [...this.open.values()].filter(({ record }) => nextDueMs(record, this.dependencies.deadlines) <= now);
    await Promise.all(due.map(({ record }) => this.handle(record.deliveryId, { kind: 'due' })));
    for (const {
      record: { deliveryId, updatedAt },
    } of [...this.open.values()])
      if (now - Math.max(Date.parse(updatedAt), this.toldMs.get(deliveryId) ?? 0) >= tellMs) await this.tell(deliveryId, now);
  }

  /** Read anew: another replica may have ended it. */
  private async tell(deliveryId: string, nowMs: number): Promise<void> {
    this.toldMs.set(deliveryId, nowMs);
    const stored = await this.dependencies.records.read(deliveryId);
    this.remember(deliveryId, stored);
    if (stored === undefined || !isOpen(stored.record)) return;
    const { state, reportedState, announcements, updatedAt } = stored.record;
    this.dependencies.log('info', 'delivery waits', { deliveryId, state, reportedState, announcements, updatedAt });
  }

  private remember(deliveryId: string, stored: StoredRecord | undefined): void {
    if (stored && isOpen(stored.record)) this.open.set(deliveryId, stored);
    else {
      this.open.delete(deliveryId);
      this.toldMs.delete(deliveryId);
    }
  }

  private async apply(deliveryId: string, event: ExchangeEvent, deviceId: string | undefined): Promise<void> {
    const { records, deadlines, log, now } = this.dependencies;
    for (let conflicts = 0; conflicts < maximumConflicts; conflicts++) {
      const stored = this.open.get(deliveryId) ?? (await records.read(deliveryId));
      if (!stored) return log('warn', 'no such delivery, ignored', { deliveryId, event: event.kind, deviceId });
      if (deviceId !== undefined && stored.record.deviceId !== deviceId)
        return log('warn', 'a device spoke for the delivery of another, ignored', { deliveryId, event: event.kind, deviceId });
      const { record, actions } = decideExchange(stored.record, event, now(), deadlines);
      if (record === stored.record) {
        this.remember(deliveryId, stored);
        return log('info', 'nothing to do', { deliveryId, event: event.kind, state: record.state });
      }
      const saved = await records.replace(record, stored.etag);
      this.open.delete(deliveryId);
      if (!saved) continue;
      this.remember(deliveryId, saved);
      const reason = event.kind === 'reported' ? event.body.reason : undefined;
      const moved = {
        deliveryId,
        event: event.kind,
        state: record.state,
        reportedState: record.reportedState,
        announcements: record.announcements,
        updatedAt: record.updatedAt,
      };
      log('info', 'delivery moved', { ...moved, ...(reason === undefined ? {} : { reason }) });
      for (const action of actions) await this.perform(action, saved, deviceId);
      return;
    }
    throw new Error(`delivery ${deliveryId}: its record changed ${maximumConflicts} times while it was being written`);
  }

  private async perform(action: ExchangeAction, { record }: StoredRecord, deviceId: string | undefined): Promise<void> {
    const { sender, sign, deadlines, log, now } = this.dependencies;
    const at = now();
    try {
      if (action === 'announce') {
        // It expires when the next one is due, so that a device that was away finds one announcement and not a heap.
        await sender.send(
          record.deviceId,
          newDelivery(record, randomUUID(), at, Math.min(nextDueMs(record, deadlines), at.getTime() + maximumMessageLifeMs)),
        );
      } else {
        await sender.send(record.deviceId, presignedUrlResponse(record, randomUUID(), at, await sign(record.packageBlob, at)));
      }
    } catch (error) {
      // The record already says what is owed; it is sent again when the step is due.
      return log('error', 'could not send to the device, tried again later', {
        deliveryId: record.deliveryId,
        action,
        error: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
      });
    }
    log('info', 'sent to the device', { deliveryId: record.deliveryId, action });
    if (action === 'sendUrl') await this.apply(record.deliveryId, { kind: 'urlSent' }, deviceId);
  }
}
