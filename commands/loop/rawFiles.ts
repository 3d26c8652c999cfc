import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ContainerClient } from '@azure/storage-blob';

/** Raw files of a file or folder (not below it), in name order. */
export function rawFilesAt(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { withFileTypes: true }).filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map((entry) => join(path, entry.name)).sort();
}

/** Drops files into the raw container as one delivery; returns the blob names. */
export async function dropRawFiles(container: ContainerClient, dataset: string, files: readonly string[]): Promise<string[]> {
  const names = files.map((file) => `${dataset}/${basename(file)}`);
  for (let start = 0; start < files.length; start += 8) {
    await Promise.all(files.slice(start, start + 8).map((file, index) => container.getBlockBlobClient(names[start + index] ?? '').uploadFile(file, { blobHTTPHeaders: { blobContentType: 'text/csv' } })));
  }
  return names;
}
