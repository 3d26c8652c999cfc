import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

type Line<T> = { k: string; v: T } | { k: string; d: 1 };

/**
 * A map that survives a crash: one JSON line per change, appended and flushed before the call returns, replayed at open. A
 * last line that a crash cut short is dropped. The file is rewritten when it holds far more lines than live entries.
 */
export class AppendOnlyStore<T> {
  private readonly live = new Map<string, T>();
  private lines = 0;
  private descriptor: number;

  constructor(private readonly file: string) {
    mkdirSync(dirname(file), { recursive: true });
    if (existsSync(file)) this.replay();
    this.descriptor = openSync(file, 'a', 0o600);
  }

  private replay() {
    const content = readFileSync(this.file);
    let start = 0;
    while (start < content.length) {
      const end = content.indexOf(10, start);
      if (end === -1) {
        truncateSync(this.file, start);
        return;
      }
      const line = JSON.parse(content.toString('utf8', start, end)) as Line<T>;
      if ('d' in line) this.live.delete(line.k);
      else this.live.set(line.k, line.v);
      this.lines++;
      start = end + 1;
    }
  }

  private append(line: Line<T>) {
    writeSync(this.descriptor, `${JSON.stringify(line)}\n`);
    this.lines++;
    if (this.lines > 1_000 && this.lines > 4 * this.live.size) this.compact();
  }

  /** Rewrites the file with what is live. Call it when what was deleted must not stay on disk. */
  compact(): void {
    const temporary = `${this.file}.compact`;
    const descriptor = openSync(temporary, 'w', 0o600);
    for (const [k, v] of this.live) writeSync(descriptor, `${JSON.stringify({ k, v })}\n`);
    fsyncSync(descriptor);
    closeSync(descriptor);
    closeSync(this.descriptor);
    renameSync(temporary, this.file);
    this.descriptor = openSync(this.file, 'a', 0o600);
    this.lines = this.live.size;
  }

  get(key: string): T | undefined {
    return this.live.get(key);
  }
  has(key: string): boolean {
    return this.live.has(key);
  }
  set(key: string, value: T): void {
    this.live.set(key, value);
    this.append({ k: key, v: value });
  }
  delete(key: string): boolean {
    if (!this.live.delete(key)) return false;
    this.append({ k: key, d: 1 });
    return true;
  }
  entries(): IterableIterator<[string, T]> {
    return this.live.entries();
  }
  values(): IterableIterator<T> {
    return this.live.values();
  }
  get size(): number {
    return this.live.size;
  }
  close(): void {
    closeSync(this.descriptor);
  }
}
