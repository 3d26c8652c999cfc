import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { isTerminal } from '../../contracts/aimmMessages';
import { messageOf, type Log } from '../../contracts/program/log';
import { delivery, type Delivery } from './deliveryMachine';

/** A message for the cloud that the hub has not acknowledged yet. */
const outgoing = z.object({
  messageId: z.string(),
  properties: z.record(z.string(), z.string()),
  body: z.record(z.string(), z.unknown()),
});
type Outgoing = z.output<typeof outgoing>;
const stored = z.object({ schemaVersion: z.literal('1'), deliveries: z.array(delivery), outbox: z.array(outgoing) });
const endedKept = 500;

/** Deliveries and unsent messages in one file, replaced whole: after a crash it holds the state before or after a change. */
export class DeliveryStore {
  readonly deliveries = new Map<string, Delivery>();
  readonly outbox: Outgoing[] = [];
  private writing: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;

  private constructor(private readonly file: string) {}

  static async open(file: string, log: Log): Promise<DeliveryStore> {
    const store = new DeliveryStore(file);
    await mkdir(dirname(file), { recursive: true });
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text === undefined) return store;
    try {
      const { deliveries, outbox } = stored.parse(JSON.parse(text));
      for (const delivery of deliveries) store.deliveries.set(delivery.deliveryId, delivery);
      store.outbox.push(...outbox);
    } catch (error) {
      const aside = `${file}.unreadable-${Date.now()}`;
      await rename(file, aside);
      log('error', 'state file put aside', { aside, reason: messageOf(error).slice(0, 500) });
    }
    return store;
  }

  /** Resolves when everything up to now is on disk. Calls during a write share the next one. */
  save(): Promise<void> {
    this.waiting ??= this.writing.then(() => {
      this.waiting = undefined;
      return (this.writing = this.write());
    });
    return this.waiting;
  }

  private async write(): Promise<void> {
    const ended = [...this.deliveries.values()]
      .filter(({ state }) => isTerminal(state))
      .sort((left, right) => left.updatedAt.localeCompare(right.updatedAt));
    for (const { deliveryId } of ended.slice(0, -endedKept)) this.deliveries.delete(deliveryId);
    const fresh = `${this.file}.new`;
    const handle = await open(fresh, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify({ schemaVersion: '1', deliveries: [...this.deliveries.values()], outbox: this.outbox }));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(fresh, this.file);
  }
}
