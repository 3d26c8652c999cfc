import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { telemetryLabels } from '../../contracts/telemetry';
import { DiskQueue } from '../disk-queue/diskQueue';
import { startForwarder, type Forwarder } from '../disk-queue/forwarder';
import { messageOf, type LogLevel, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { otlpSender } from './otlpSender';
import { newSender, numbered, stateOnDisk, type NewItem, type SenderState, type SentItem } from './sentItem';
import { nanoseconds, type SiteTelemetryItem } from './telemetryItem';

export type Labels = Readonly<Record<string, string>>;
/** What a program measures and logs. Neither call waits or fails: telemetry must not hold up what it is about. */
export interface Telemetry {
  gauge(name: string, value: number, labels?: Labels): void;
  log(level: LogLevel, message: string, labels?: Labels): void;
}
export interface EmitterSettings {
  readonly FACTORY: string;
  readonly DEVICE_ID: string;
  readonly SITE_DIRECTORY: string;
  readonly OTLP_PORT: number;
}

const severities = { debug: 5, info: 9, warn: 13, error: 17 } as const;
const queueBytes = 64 * 1024 * 1024;
const maxWaiting = 20_000;
const retryMs = 1_000;
export const forwardedItems = 1_000;
export const forwardedBytes = 1024 * 1024;

type Send = (items: readonly SiteTelemetryItem[], signal: AbortSignal) => Promise<void>;
export const senderDirectory = (siteDirectory: string, program: string) => join(siteDirectory, 'telemetry', program);

/** Keeps items on disk until the OT collector has taken them. An item gets its id, and counts as sent, when it is written. */
export class TelemetryEmitter implements Telemetry, Running {
  private waiting: NewItem[] = [];
  private storing: Promise<void> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private dropped = 0;
  private readonly forwarder: Forwarder;

  private constructor(
    private readonly queue: DiskQueue<SentItem>,
    private state: SenderState,
    send: Send,
    private readonly labels: Labels,
    private readonly report: Log,
  ) {
    this.forwarder = startForwarder(
      queue,
      (sentItems, signal) =>
        send(
          sentItems.map(({ item }) => item),
          signal,
        ),
      { name: 'telemetry', log: report, maxItems: forwardedItems, maxBytes: forwardedBytes, longestPauseMs: 5_000 },
    );
  }

  static async open(
    program: string,
    settings: EmitterSettings,
    log: Log,
    send: Send = otlpSender(settings.OTLP_PORT),
  ): Promise<TelemetryEmitter> {
    const directory = senderDirectory(settings.SITE_DIRECTORY, program);
    await mkdir(directory, { recursive: true });
    const state = (await stateOnDisk(directory)) ?? newSender();
    const queue = await DiskQueue.open<SentItem>(directory, { maxBytes: queueBytes });
    const labels = {
      [telemetryLabels.factory]: settings.FACTORY,
      [telemetryLabels.device]: settings.DEVICE_ID,
      [telemetryLabels.component]: program,
    };
    return new TelemetryEmitter(queue, state, send, labels, log);
  }

  gauge(name: string, value: number, labels: Labels = {}): void {
    if (Number.isFinite(value))
      this.emit({ kind: 'metric', name, value, time: nanoseconds(Date.now()), labels: { ...this.labels, ...labels } });
  }

  log(level: LogLevel, message: string, labels: Labels = {}): void {
    this.emit({
      kind: 'log',
      severity: severities[level],
      body: message.slice(0, 8_000),
      time: nanoseconds(Date.now()),
      labels: { ...this.labels, ...labels },
    });
  }

  private emit(item: NewItem): void {
    this.waiting.push(item);
    if (this.waiting.length > maxWaiting) {
      this.waiting.shift();
      this.dropped += 1;
      // One line for each power of two: a full disk must not be filled with lines about it.
      if (Number.isInteger(Math.log2(this.dropped)))
        this.report('error', 'telemetry dropped, because the disk queue takes no more', { dropped: this.dropped });
    }
    if (this.retry === undefined) this.store();
  }

  private store(): void {
    this.storing ??= this.append().finally(() => {
      this.storing = undefined;
    });
  }

  private async append(): Promise<void> {
    while (this.waiting.length > 0) {
      const items = this.waiting.splice(0, forwardedItems);
      try {
        const sentItems = numbered(items, this.state);
        await this.queue.append(sentItems);
        this.state = sentItems.at(-1) ?? this.state;
      } catch (error) {
        this.waiting.unshift(...items);
        this.report('warn', 'telemetry not stored, trying again', { items: this.waiting.length, reason: messageOf(error) });
        this.retry = setTimeout(() => {
          this.retry = undefined;
          this.store();
        }, retryMs);
        return;
      }
    }
  }

  /** What was emitted is on the disk afterwards; the next start sends it. */
  async close(): Promise<void> {
    clearTimeout(this.retry);
    await this.storing;
    clearTimeout(this.retry);
    await this.append();
    clearTimeout(this.retry);
    await this.forwarder.stop();
    await this.queue.close();
  }
}
