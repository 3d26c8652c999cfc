import { createHash } from 'node:crypto';
import { createReadStream, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';
import type { EvidenceReader } from './evidenceReader';

/** Raw files of a file or folder (not below it), in name order. */
export function rawFilesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(path, entry.name))
    .sort();
}

export const rawBlobNames = (dataset: string, files: readonly string[]) => files.map((file) => `${dataset}/${basename(file)}`);

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** Drops files into the raw container as one delivery, but those that are there already, byte for byte; returns how many it dropped. */
export async function dropRawFiles(reader: EvidenceReader, writer: ContainerClient, files: readonly string[]): Promise<number> {
  const { dataset, rawContainer } = reader.outputs;
  const names = rawBlobNames(dataset, files);
  const there = new Set((await reader.list(reader.container('data', rawContainer), `${dataset}/`)).map(({ name }) => name));
  let dropped = 0;
  for (let start = 0; start < files.length; start += 8) {
    await Promise.all(
      files.slice(start, start + 8).map(async (file, index) => {
        const name = names[start + index] ?? '';
        if (there.has(name) && (await reader.blob(reader.container('data', rawContainer), name))?.sha256 === (await digestOf(file))) return;
        await writer.getBlockBlobClient(name).uploadFile(file, { blobHTTPHeaders: { blobContentType: 'text/csv' } });
        dropped++;
      }),
    );
  }
  return dropped;
}
