import { batchManifestBlob, type InferenceRecord } from '../../contracts/landingZone';
import type { DiskQueue } from '../disk-queue/diskQueue';
import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs, pause } from '../../contracts/program/retry';
import { buildBatch } from './batch';
import type { BatchStore } from './landingZone';
import { isTaken, takenFrom, type Outbox, type PendingBatch } from './outbox';

interface BatchLimits {
  readonly idleMs: number;
  readonly maxRecords: number;
  readonly maxBytes: number;
  /** Even a line that never rests gives a batch this often. */
  readonly maxAgeMs: number;
}
const pollMs = 100;
const backoff = { firstMs: 500, longestMs: 30_000 };

/** From the queue to the landing zone, one batch after the other: kept, taken out of the queue, uploaded, manifest last, forgotten. */
export class BatchUploader {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lastArrival = performance.now();
  private openSince: number | undefined;

  constructor(
    private readonly queue: DiskQueue<InferenceRecord>,
    private readonly outbox: Outbox,
    private readonly store: BatchStore,
    private readonly origin: { readonly factory: string; readonly device: string },
    private readonly limits: BatchLimits,
    private readonly log: Log,
  ) {}

  start(): void {
    this.running = this.run();
  }

  arrived(): void {
    this.lastArrival = performance.now();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.running;
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      try {
        const pending = (await this.outbox.load()) ?? (this.isReady() ? await this.closeBatch() : undefined);
        if (pending) await this.upload(pending);
        else await pause(pollMs, this.stopping.signal);
        failures = 0;
      } catch (error) {
        if (this.stopping.signal.aborted) return;
        const nextMs = backoffMs(failures, backoff);
        failures += 1;
        if (failures === 1 || failures % 20 === 0)
          this.log('warn', 'batch not uploaded, trying again', {
            failures,
            waiting: this.queue.size,
            nextMs,
            reason: messageOf(error).slice(0, 1_000),
          });
        await pause(nextMs, this.stopping.signal);
      }
    }
  }

  private isReady(): boolean {
    const now = performance.now();
    if (this.queue.size === 0) {
      this.openSince = undefined;
      return false;
    }
    this.openSince ??= now;
    return (
      this.queue.size >= this.limits.maxRecords ||
      this.queue.bytes >= this.limits.maxBytes ||
      now - this.lastArrival >= this.limits.idleMs ||
      now - this.openSince >= this.limits.maxAgeMs
    );
  }

  private async closeBatch(): Promise<PendingBatch> {
    const { items } = await this.queue.peek(this.limits.maxRecords, this.limits.maxBytes);
    const pending = { ...(await buildBatch(this.origin, items, new Date())), taken: takenFrom(items) };
    await this.outbox.save(pending);
    this.openSince = undefined;
    return pending;
  }

  private async upload({ manifest, content, taken }: PendingBatch): Promise<void> {
    // After a crash the records may still stand in the queue; they are in the batch and must not go into another one.
    const { items, ack } = await this.queue.peek(taken.count);
    if (isTaken(items, taken)) await ack();
    await this.store.putOnce(manifest.blob, content, 'application/gzip');
    await this.store.putOnce(batchManifestBlob(manifest.blob), Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`), 'application/json');
    await this.outbox.clear();
    this.log('info', 'batch uploaded', {
      blob: manifest.blob,
      records: manifest.records,
      samples: manifest.samples,
      results: manifest.results,
      firstTs: manifest.firstTs,
      lastTs: manifest.lastTs,
    });
  }
}
