import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, readdirSync, rmSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { EventPosition } from './eventPosition';

export interface StoredEvent {
  readonly sequenceNumber: number;
  readonly offset: number;
  readonly enqueuedMs: number;
  readonly partitionKey?: string;
  readonly body: Buffer;
  readonly applicationProperties: Readonly<Record<string, unknown>>;
  readonly systemProperties: Readonly<Record<string, unknown>>;
}
interface Entry {
  readonly segment: number;
  readonly position: number;
  readonly length: number;
  readonly offset: number;
  readonly enqueuedMs: number;
}

const segmentBytes = 8 * 1024 * 1024;
const segmentName = (firstSequenceNumber: number) => `${String(firstSequenceNumber).padStart(16, '0')}.log`;

/**
 * The events of one partition: segments of JSON lines, appended before the call returns, read back on demand. A last line that a
 * crash cut short is dropped. Whole segments go when everything in them is older than the retention.
 */
export class PartitionLog {
  private entries: Entry[] = [];
  private firstSequenceNumber = 0;
  private nextOffset = 0;
  private readonly descriptors = new Map<number, number>();
  private lastSegment = 0;
  private lastSegmentLength = 0;
  private readonly watchers = new Set<() => void>();

  constructor(
    private readonly directory: string,
    private retentionMs: number,
  ) {
    mkdirSync(directory, { recursive: true });
    const segments = readdirSync(directory)
      .filter((name) => /^\d{16}\.log$/.test(name))
      .map((name) => Number(name.slice(0, 16)))
      .sort((a, b) => a - b);
    this.firstSequenceNumber = segments[0] ?? 0;
    for (const segment of segments) this.replay(segment);
    this.lastSegment = segments.at(-1) ?? 0;
  }

  get beginSequenceNumber(): number {
    return this.firstSequenceNumber;
  }
  get lastSequenceNumber(): number {
    return this.firstSequenceNumber + this.entries.length - 1;
  }
  get last(): { readonly sequenceNumber: number; readonly offset: number; readonly enqueuedMs: number } | undefined {
    const entry = this.entries.at(-1);
    return entry && { sequenceNumber: this.lastSequenceNumber, offset: entry.offset, enqueuedMs: entry.enqueuedMs };
  }

  append(event: Omit<StoredEvent, 'sequenceNumber' | 'offset'>): StoredEvent {
    const stored: StoredEvent = { ...event, sequenceNumber: this.lastSequenceNumber + 1, offset: this.nextOffset };
    const line = Buffer.from(`${JSON.stringify({ ...stored, body: stored.body.toString('base64') })}\n`);
    if (this.lastSegmentLength >= segmentBytes) {
      this.lastSegment = stored.sequenceNumber;
      this.lastSegmentLength = 0;
      this.dropExpired(event.enqueuedMs);
    }
    writeSync(this.descriptor(this.lastSegment), line, 0, line.length, this.lastSegmentLength);
    this.entries.push({
      segment: this.lastSegment,
      position: this.lastSegmentLength,
      length: line.length,
      offset: stored.offset,
      enqueuedMs: stored.enqueuedMs,
    });
    this.lastSegmentLength += line.length;
    this.nextOffset += line.length;
    for (const watcher of this.watchers) watcher();
    return stored;
  }

  /** Sequence number of the first event at or after the position; one past the last when there is none yet. */
  sequenceNumberAt(position: EventPosition): number {
    if (position.kind === 'latest') return this.lastSequenceNumber + 1;
    if (position.kind === 'sequenceNumber')
      return Math.max(
        this.firstSequenceNumber,
        Math.min(this.lastSequenceNumber + 1, position.inclusive ? position.value : position.value + 1),
      );
    const matches = (entry: Entry) =>
      position.kind === 'enqueuedTime'
        ? entry.enqueuedMs > position.afterMs
        : position.inclusive
          ? entry.offset >= position.value
          : entry.offset > position.value;
    const index = this.entries.findIndex(matches);
    return index === -1 ? this.lastSequenceNumber + 1 : this.firstSequenceNumber + index;
  }

  /** The event, or undefined when it does not exist (any more, or yet). */
  read(sequenceNumber: number): StoredEvent | undefined {
    const entry = this.entries[sequenceNumber - this.firstSequenceNumber];
    if (!entry) return undefined;
    const line = Buffer.alloc(entry.length);
    readSync(this.descriptor(entry.segment), line, 0, entry.length, entry.position);
    const parsed = JSON.parse(line.toString('utf8')) as Omit<StoredEvent, 'body'> & { body: string };
    return { ...parsed, body: Buffer.from(parsed.body, 'base64') };
  }

  /** Calls back after every append; the returned function ends that. */
  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  setRetention(retentionMs: number): void {
    this.retentionMs = retentionMs;
  }

  dropExpired(nowMs: number): void {
    const segments = [...new Set(this.entries.map((entry) => entry.segment))];
    for (const segment of segments) {
      const inside = this.entries.filter((entry) => entry.segment === segment);
      if (segment === this.lastSegment || inside.some((entry) => entry.enqueuedMs > nowMs - this.retentionMs)) return;
      this.entries = this.entries.slice(inside.length);
      this.firstSequenceNumber += inside.length;
      const descriptor = this.descriptors.get(segment);
      if (descriptor !== undefined) closeSync(descriptor);
      this.descriptors.delete(segment);
      rmSync(join(this.directory, segmentName(segment)), { force: true });
    }
  }

  close(): void {
    for (const descriptor of this.descriptors.values()) closeSync(descriptor);
    this.descriptors.clear();
  }
  remove(): void {
    this.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private descriptor(segment: number): number {
    const known = this.descriptors.get(segment);
    if (known !== undefined) return known;
    const file = join(this.directory, segmentName(segment));
    const opened = openSync(file, existsSync(file) ? 'r+' : 'w+', 0o600);
    this.descriptors.set(segment, opened);
    return opened;
  }

  private replay(segment: number): void {
    const descriptor = this.descriptor(segment);
    const content = Buffer.alloc(fstatSync(descriptor).size);
    readSync(descriptor, content, 0, content.length, 0);
    let start = 0;
    while (start < content.length) {
      const end = content.indexOf(10, start);
      if (end === -1) {
        truncateSync(join(this.directory, segmentName(segment)), start);
        break;
      }
      const { offset, enqueuedMs } = JSON.parse(content.toString('utf8', start, end)) as StoredEvent;
      const length = end + 1 - start;
      this.entries.push({ segment, position: start, length, offset, enqueuedMs });
      this.nextOffset = offset + length;
      start = end + 1;
    }
    this.lastSegmentLength = start;
  }
}
