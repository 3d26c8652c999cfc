import { mkdir, open, readdir, readFile, rename, rm, truncate, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { line, readLines, recoverSegment, segmentName, segmentNumber, type Segment } from './segment';

interface DiskQueueOptions {
  /** Unacknowledged bytes that the queue holds at most. */
  readonly maxBytes: number;
  readonly segmentBytes?: number;
  /** Appends do not wait for the disk but for the system: a killed process loses nothing, a power cut at most what came within this time. */
  readonly syncWithinMs?: number;
}
interface Peeked<T> {
  readonly items: T[];
  /** Takes these items, and all before them, out of the queue for good. */
  ack(): Promise<void>;
}
/** The queue holds all it may; the sender keeps its items and tries again later. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
}

interface Position {
  readonly segment: number;
  readonly offset: number;
  /** Items before this position since the queue was opened. */
  readonly taken: number;
}
interface Waiting {
  readonly bytes: Buffer;
  readonly items: number;
  resolve(): void;
  reject(error: unknown): void;
}

const positionFile = 'position.json';
const storedPosition = z.object({ segment: z.number().int().min(0), offset: z.number().int().min(0) });
const lastWritten = (segments: readonly Segment[]): number | undefined => segments.findLast(({ bytes }) => bytes > 0)?.number;
const isBefore = (a: Position, b: Position) => a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);

async function readPosition(directory: string): Promise<z.output<typeof storedPosition>> {
  try {
    return storedPosition.parse(JSON.parse(await readFile(join(directory, positionFile), 'utf8')));
  } catch {
    // Without a readable position all that is on the disk is sent again: duplicates can be dropped, losses cannot be undone.
    return { segment: 0, offset: 0 };
  }
}

/**
 * First in, first out, on disk: an item is there for good when `append` resolves and leaves only by `ack`. A process may be killed at
 * any moment. One process and one reader at a time for each directory.
 */
export class DiskQueue<T> {
  private handle: FileHandle | undefined;
  private waiting: Waiting[] = [];
  private flushing: Promise<void> | undefined;
  private acking: Promise<void> = Promise.resolve();
  private wakers = new Set<() => void>();
  private unflushedBytes = 0;
  private appended = 0;
  private closed = false;
  private syncTimer: NodeJS.Timeout | undefined;

  private constructor(
    private readonly directory: string,
    private readonly maxBytes: number,
    private readonly segmentBytes: number,
    private readonly syncWithinMs: number | undefined,
    private segments: Segment[],
    private position: Position,
    private nextNumber: number,
  ) {}

  static async open<T>(directory: string, options: DiskQueueOptions): Promise<DiskQueue<T>> {
    await mkdir(directory, { recursive: true });
    const stored = await readPosition(directory);
    const numbers = (await readdir(directory)).flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => a - b);
    const segments: Segment[] = [];
    let items = 0;
    for (const number of numbers.filter((number) => number >= stored.segment)) {
      const recovered = await recoverSegment(directory, number, number === stored.segment ? stored.offset : 0);
      segments.push(recovered.segment);
      items += recovered.items;
    }
    const last = lastWritten(segments) ?? numbers.findLast((number) => number < stored.segment);
    for (const number of numbers)
      if (number < stored.segment && number !== last) await rm(join(directory, segmentName(number)), { force: true });
    const nextNumber = Math.max(stored.segment, numbers.at(-1) ?? 0) + 1;
    const first = segments[0];
    const position = {
      segment: first?.number ?? nextNumber,
      offset: first?.number === stored.segment ? Math.min(stored.offset, first.bytes) : 0,
      taken: 0,
    };
    const queue = new DiskQueue<T>(
      directory,
      options.maxBytes,
      options.segmentBytes ?? Math.min(4 * 1024 * 1024, Math.ceil(options.maxBytes / 4)),
      options.syncWithinMs,
      segments,
      position,
      nextNumber,
    );
    queue.appended = items;
    return queue;
  }

  /** Items that are surely on the disk and not acknowledged. */
  get size(): number {
    return this.appended - this.position.taken;
  }

  /** Unacknowledged bytes, those that are just being written included. */
  get bytes(): number {
    return (
      this.segments.reduce((sum, segment) => sum + (segment.number < this.position.segment ? 0 : segment.bytes), 0) +
      this.unflushedBytes -
      this.position.offset
    );
  }

  /** Resolves when the items are on the disk. Appends that come while one is being written share the next write. */
  async append(items: readonly T[]): Promise<void> {
    if (this.closed) throw new Error(`expected an open queue, ${this.directory} is closed`);
    if (items.length === 0) return;
    const bytes = Buffer.from(items.map(line).join(''));
    if (this.bytes + bytes.length > this.maxBytes)
      throw new QueueFullError(
        `expected at most ${this.maxBytes} bytes in ${this.directory}, it holds ${this.bytes} and ${bytes.length} more came; keep the items and try again`,
      );
    this.unflushedBytes += bytes.length;
    const written = new Promise<void>((resolve, reject) => {
      this.waiting.push({ bytes, items: items.length, resolve, reject });
    });
    this.flushing ??= this.flush().finally(() => {
      this.flushing = undefined;
    });
    await written;
  }

  /** The oldest items: at most `max`, and where given about `maxBytes` of them, but always one when there is one. */
  async peek(max: number, maxBytes = Number.MAX_SAFE_INTEGER): Promise<Peeked<T>> {
    const items: T[] = [];
    let end = this.position;
    let bytes = 0;
    for (const segment of this.segments.filter(({ number }) => number >= this.position.segment)) {
      if (segment.number > end.segment) end = { segment: segment.number, offset: 0, taken: end.taken };
      for await (const { json, end: offset } of readLines(this.directory, segment, end.offset)) {
        if (items.length > 0 && (items.length >= max || bytes + offset - end.offset > maxBytes)) return this.peeked(items, end);
        bytes += offset - end.offset;
        if (json !== undefined) items.push(JSON.parse(json) as T);
        end = { segment: segment.number, offset, taken: end.taken + (json === undefined ? 0 : 1) };
      }
    }
    return this.peeked(items, end);
  }

  /** Resolves when there is something to peek, when the time is over, or when the queue closes. */
  async waitForItems(milliseconds: number): Promise<void> {
    if (this.size > 0 || this.closed) return;
    await new Promise<void>((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.wakers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, milliseconds);
      this.wakers.add(wake);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.flushing;
    await this.acking;
    for (const wake of this.wakers) wake();
    await this.closeHandle();
  }

  private peeked(items: T[], end: Position): Peeked<T> {
    return { items, ack: () => (this.acking = this.acking.catch(() => undefined).then(() => this.moveTo(end))) };
  }

  private async moveTo(end: Position): Promise<void> {
    if (!isBefore(this.position, end)) return;
    const path = join(this.directory, positionFile);
    const file = await open(`${path}.new`, 'w');
    try {
      await file.writeFile(JSON.stringify({ segment: end.segment, offset: end.offset }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(`${path}.new`, path);
    this.position = end;
    // The item that was appended last stays readable, taken or not.
    const oldestKept = Math.min(end.segment, lastWritten(this.segments) ?? end.segment);
    const done = this.segments.filter(({ number }) => number < oldestKept);
    this.segments = this.segments.filter(({ number }) => number >= oldestKept);
    for (const { number } of done) await rm(join(this.directory, segmentName(number)), { force: true });
  }

  private async flush(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      const bytes = Buffer.concat(batch.map((waiting) => waiting.bytes));
      try {
        await this.write(bytes);
        this.appended += batch.reduce((sum, waiting) => sum + waiting.items, 0);
        this.unflushedBytes -= bytes.length;
        for (const waiting of batch) waiting.resolve();
        for (const wake of this.wakers) wake();
      } catch (error) {
        this.unflushedBytes -= bytes.length;
        for (const waiting of batch) waiting.reject(error);
      }
    }
  }

  private async write(bytes: Buffer): Promise<void> {
    const last = this.segments.at(-1);
    const segment = this.handle === undefined || last === undefined || last.bytes >= this.segmentBytes ? await this.startSegment() : last;
    const handle = this.handle;
    if (handle === undefined) throw new Error(`expected an open file in ${this.directory}`);
    try {
      await handle.writeFile(bytes);
      if (this.syncWithinMs === undefined) await handle.datasync();
      else this.syncTimer ??= setTimeout(() => this.syncNow(), this.syncWithinMs);
      segment.bytes += bytes.length;
    } catch (error) {
      // What was half written may not come back later: its append fails, so the sender sends it again.
      this.handle = undefined;
      await handle.close().catch(() => undefined);
      await truncate(join(this.directory, segmentName(segment.number)), segment.bytes).catch(() => undefined);
      throw error;
    }
  }

  private syncNow(): void {
    this.syncTimer = undefined;
    // A disk that fails here fails the next append too, whose sender sees it.
    this.handle?.datasync().catch(() => undefined);
  }

  private async closeHandle(): Promise<void> {
    const handle = this.handle;
    this.handle = undefined;
    clearTimeout(this.syncTimer);
    this.syncTimer = undefined;
    if (this.syncWithinMs !== undefined) await handle?.datasync();
    await handle?.close();
  }

  private async startSegment(): Promise<Segment> {
    await this.closeHandle();
    const segment = { number: this.nextNumber, bytes: 0 };
    this.handle = await open(join(this.directory, segmentName(segment.number)), 'ax');
    this.nextNumber += 1;
    const directory = await open(this.directory, 'r');
    await directory.sync().finally(() => directory.close());
    this.segments.push(segment);
    return segment;
  }
}
