import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { open, type Entry, type ZipFile } from 'yauzl';
import { messageOf } from '../../contracts/program/log';

export interface ZipLimits {
  readonly maxEntries: number;
  readonly maxTotalBytes: number;
  /** Unpacked bytes for each packed byte, over the whole archive. */
  readonly maxRatio: number;
}
class UnsafeZipError extends Error {
  override readonly name = 'UnsafeZipError';
}

interface EntryFacts {
  readonly fileName: string;
  readonly uncompressedSize: number;
  readonly externalFileAttributes: number;
  readonly generalPurposeBitFlag: number;
}

const fileTypeMask = 0o170000;
const regularOrUnset = new Set([0, 0o100000, 0o040000]);
const encryptedFlag = 1;
/** Below this an archive of small text files may compress better than any sensible ratio. */
const ratioFreeBytes = 10_000_000;
const problem = (what: string) => new UnsafeZipError(`the archive is refused: ${what}`);

/** Why this list of entries must not be unpacked; undefined when it may. Nothing has been written when this decides. */
export function archiveProblem(entries: readonly EntryFacts[], archiveBytes: number, limits: ZipLimits): string | undefined {
  if (entries.length > limits.maxEntries) return `expected at most ${limits.maxEntries} entries, got ${entries.length}`;
  const seen = new Set<string>();
  for (const { fileName, externalFileAttributes, generalPurposeBitFlag } of entries) {
    const parts = fileName.replace(/\/$/, '').split('/');
    const printable = fileName.length <= 1_000 && !/[\u0000-\u001f\\:]/.test(fileName);
    if (!printable || parts.some((part) => part === '' || part === '.' || part === '..'))
      return `expected a relative path inside the archive, got ${JSON.stringify(fileName.slice(0, 200))}`;
    if (!regularOrUnset.has((externalFileAttributes >>> 16) & fileTypeMask))
      return `expected files and directories only, got a link or device at ${JSON.stringify(fileName)}`;
    if ((generalPurposeBitFlag & encryptedFlag) !== 0) return `expected plain entries, got an encrypted one at ${JSON.stringify(fileName)}`;
    const key = parts.join('/').toLowerCase();
    if (seen.has(key)) return `expected each path once, got ${JSON.stringify(fileName)} twice`;
    seen.add(key);
  }
  const total = entries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  if (total > limits.maxTotalBytes) return `expected at most ${limits.maxTotalBytes} bytes unpacked, got ${total}`;
  if (total > ratioFreeBytes && total > archiveBytes * limits.maxRatio)
    return `expected at most ${limits.maxRatio} bytes for each packed byte, got ${Math.round(total / archiveBytes)}`;
  return undefined;
}

const openZip = (file: string): Promise<ZipFile> =>
  new Promise((resolve, reject) => {
    open(file, { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true }, (error, zip) =>
      error ? reject(problem(error.message)) : resolve(zip),
    );
  });

function readEntries(zip: ZipFile, maxEntries: number): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    zip.on('entry', (entry: Entry) => {
      entries.push(entry);
      if (entries.length > maxEntries) resolve(entries);
      else zip.readEntry();
    });
    zip.once('end', () => resolve(entries));
    zip.once('error', (error: Error) => reject(problem(error.message)));
    zip.readEntry();
  });
}

const openEntry = (zip: ZipFile, entry: Entry): Promise<Readable> =>
  new Promise((resolve, reject) => {
    zip.openReadStream(entry, (error, stream) => (error ? reject(problem(error.message)) : resolve(stream)));
  });

/** Unpacks into an empty directory after all entries have been judged; returns the number of bytes written. */
export async function extractZip(file: string, directory: string, limits: ZipLimits): Promise<number> {
  const zip = await openZip(file);
  try {
    const entries = await readEntries(zip, limits.maxEntries);
    const refused = archiveProblem(entries, (await stat(file)).size, limits);
    if (refused !== undefined) throw problem(refused);
    await mkdir(directory, { recursive: true });
    let written = 0;
    for (const entry of entries) {
      const target = join(directory, entry.fileName);
      if (entry.fileName.endsWith('/')) {
        await mkdir(target, { recursive: true });
        continue;
      }
      await mkdir(dirname(target), { recursive: true });
      const output = createWriteStream(target, { flags: 'wx', mode: 0o600 });
      // yauzl ends a stream that yields more bytes than its entry declared, so the declared sum bounds what is written.
      await pipeline(await openEntry(zip, entry), output).catch((error: unknown) => {
        throw problem(messageOf(error));
      });
      written += output.bytesWritten;
    }
    return written;
  } finally {
    zip.close();
  }
}
