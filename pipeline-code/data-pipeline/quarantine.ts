import { createHash } from 'node:crypto';
import { type ContainerClient } from '@azure/storage-blob';
import { z } from 'zod';
import { type QuarantineReason } from '../../contracts/datasetManifest';
import { readJsonBlob, writeBlob } from '../clients/storage';
import { type Refusal } from './csvLayout';

const quarantineReason = z.object({
  file: z.string(),
  row: z.number().nullable(),
  column: z.string().nullable(),
  expected: z.string(),
  found: z.string(),
  etag: z.string(),
  quarantinedAt: z.iso.datetime(),
});
const maxCopiedBytes = 256 * 1024 ** 2;
const plainEtag = (etag: string) => etag.replaceAll(/[^A-Za-z0-9]/g, '');
/** Names come from outside: one that would make a path of its own, or none at all, is kept by its digest. */
const isPlain = (name: string) =>
  name.length <= 700 &&
  !/[\\\p{Cc}]/u.test(name) &&
  name.split('/').every((part) => part !== '' && !/^\.+$/.test(part) && !part.endsWith('.'));
const filedAs = (name: string) => (isPlain(name) ? name : `sha256-${createHash('sha256').update(name).digest('hex')}`);
export const quarantineFolder = (dataset: string, name: string, etag: string) => `${dataset}/${filedAs(name)}/${plainEtag(etag)}`;

/** What is known to be bad, by name and ETag: the reader of the raw container has no right to take the original away. */
export async function quarantinedBefore(container: ContainerClient, dataset: string): Promise<Map<string, QuarantineReason>> {
  const known = new Map<string, QuarantineReason>();
  for await (const blob of container.listBlobsFlat({ prefix: `${dataset}/`, abortSignal: AbortSignal.timeout(300_000) })) {
    if (!blob.name.endsWith('/reason.json')) continue;
    const reason = await readJsonBlob(container, blob.name, quarantineReason);
    if (reason !== undefined) known.set(quarantineFolder(dataset, reason.value.file, reason.value.etag), reason.value);
  }
  return known;
}

/** Copies the bad blob, where it is not too large for that, and writes the reason last. */
export async function putIntoQuarantine(
  container: ContainerClient,
  dataset: string,
  blob: { readonly name: string; readonly etag: string },
  refusal: Refusal,
  content: Buffer | undefined,
): Promise<QuarantineReason> {
  const folder = quarantineFolder(dataset, blob.name, blob.etag);
  const reason: QuarantineReason = { file: blob.name, ...refusal, etag: blob.etag, quarantinedAt: new Date().toISOString() };
  if (content !== undefined && content.length <= maxCopiedBytes)
    await writeBlob(container, `${folder}/content`, content, 'application/octet-stream');
  await writeBlob(container, `${folder}/reason.json`, `${JSON.stringify(reason, null, 2)}\n`, 'application/json');
  return reason;
}

export const reasonText = ({ expected, found }: Pick<QuarantineReason, 'expected' | 'found'>) => `expected ${expected}, found ${found}`;
