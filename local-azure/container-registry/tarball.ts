import { posix } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, gzipSync } from 'node:zlib';
import { extract, pack, type Header } from 'tar-stream';

interface TarLimits {
  readonly maxBytes: number;
  readonly maxEntries: number;
}
export interface TarFile {
  readonly content: Buffer;
  readonly executable: boolean;
}

/** Path of an entry inside its archive: relative, forward, and never above the root. */
function safeEntryPath(name: string): string {
  const normalized = posix.normalize(name.replace(/^\.\/+/, ''));
  if (name.includes('\0') || name.includes('\\') || posix.isAbsolute(name) || normalized === '..' || normalized.startsWith('../'))
    throw new Error(`the archive entry ${JSON.stringify(name.slice(0, 200))} points outside of the archive`);
  return normalized.replace(/\/+$/, '');
}

/** Calls `onFile` for each file of a tar stream; directories are implied, anything else than files is refused. */
export async function readTar(
  source: Readable,
  gzip: boolean,
  limits: TarLimits,
  onFile: (path: string, file: TarFile) => Promise<void> | void,
): Promise<void> {
  let bytes = 0;
  let entries = 0;
  const tar = extract();
  tar.on('entry', (header: Header, stream, next) => {
    void (async () => {
      if (++entries > limits.maxEntries) throw new Error(`the archive has more than ${limits.maxEntries} entries`);
      const path = safeEntryPath(header.name);
      if (header.type === 'directory') {
        stream.resume();
        return;
      }
      if (header.type !== 'file' && header.type !== 'contiguous-file')
        throw new Error(`the archive entry ${path} is a ${header.type ?? 'special file'}: only files and directories are taken`);
      const chunks: Buffer[] = [];
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        bytes += chunk.length;
        if (bytes > limits.maxBytes) throw new Error(`the archive holds more than ${limits.maxBytes} bytes`);
        chunks.push(chunk);
      }
      await onFile(path, { content: Buffer.concat(chunks), executable: ((header.mode ?? 0) & 0o111) !== 0 });
    })().then(
      () => next(),
      (error: Error) => tar.destroy(error),
    );
  });
  await (gzip ? pipeline(source, createGunzip(), tar as unknown as Writable) : pipeline(source, tar as unknown as Writable));
}

/** One tar with the same bytes for the same files: sorted, without times and owners. */
export async function writeTar(files: ReadonlyMap<string, TarFile>): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  const collected = (async () => {
    for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  })();
  for (const [path, { content, executable }] of [...files].sort(([a], [b]) => (a < b ? -1 : 1))) {
    tar.entry(
      { name: path, size: content.length, mode: executable ? 0o755 : 0o644, mtime: new Date(0), uid: 0, gid: 0, type: 'file' },
      content,
    );
  }
  tar.finalize();
  await collected;
  return Buffer.concat(chunks);
}
export const gzip = (content: Buffer) => gzipSync(content, { level: 6 });
