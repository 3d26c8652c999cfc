import { createHash } from 'node:crypto';
import { type ContainerClient } from '@azure/storage-blob';
import { z } from 'zod';
import { type QuarantineReason } from '../../contracts/datasetManifest';
import { readJsonBlob, writeBlob } from '../clients/storage';
import { type Log } from '../../contracts/program/log';
import { type FileRefusal } from './csvLayout';

interface Blob {
  readonly name: string;
  readonly etag: string;
}
const quarantineReason = z.object({
  file: z.string(),
  row: z.number().nullable(),
  column: z.string().nullable(),
  expected: z.string(),
  found: z.string(),
  etag: z.string(),
  quarantinedAt: z.iso.datetime(),
});
export const maxCopiedBytes = 256 * 1024 ** 2;
const plainEtag = (etag: string) => etag.replaceAll(/[^A-Za-z0-9]/g, '');
/** Names come from outside: one that would make a path of its own, or none at all, is kept by its digest. */
const isPlain = (name: string) =>
  name.length <= 700 &&
  !/[\\\p{Cc}]/u.test(name) &&
  name.split('/').every((part) => part !== '' && !/^\.+$/.test(part) && !part.endsWith('.'));
const filedAs = (name: string) => (isPlain(name) ? name : `sha256-${createHash('sha256').update(name).digest('hex')}`);
const folderOf = (dataset: string, { name, etag }: Blob) => `${dataset}/${filedAs(name)}/${plainEtag(etag)}`;

export const reasonText = ({ expected, found }: Pick<QuarantineReason, 'expected' | 'found'>) => `expected ${expected}, found ${found}`;

/** The bad files of a data set, by name and ETag: the reader of the raw container has no right to take the original away. */
export class Quarantine {
  /** Why each bad file of this pass is bad, whether it was refused before or now. */
  readonly reasons: QuarantineReason[] = [];

  private constructor(
    private readonly container: ContainerClient,
    private readonly dataset: string,
    private readonly known: ReadonlyMap<string, QuarantineReason>,
    private readonly log: Log,
  ) {}

  static async open(container: ContainerClient, dataset: string, log: Log): Promise<Quarantine> {
    const known = new Map<string, QuarantineReason>();
    for await (const blob of container.listBlobsFlat({ prefix: `${dataset}/`, abortSignal: AbortSignal.timeout(300_000) })) {
      if (!blob.name.endsWith('/reason.json')) continue;
      const reason = await readJsonBlob(container, blob.name, quarantineReason);
      if (reason !== undefined) known.set(folderOf(dataset, { name: reason.value.file, etag: reason.value.etag }), reason.value);
    }
    return new Quarantine(container, dataset, known, log);
  }

  /** Whether the blob was refused before. */
  holds(blob: Blob): boolean {
    const reason = this.known.get(folderOf(this.dataset, blob));
    if (reason !== undefined) this.reasons.push(reason);
    return reason !== undefined;
  }

  /** Copies the content, where it is not too large for that, and writes the reason last. */
  async refuse(blob: Blob, refusal: FileRefusal, content?: Buffer): Promise<void> {
    const folder = folderOf(this.dataset, blob);
    const reason: QuarantineReason = { file: blob.name, ...refusal, etag: blob.etag, quarantinedAt: new Date().toISOString() };
    if (content !== undefined && content.length <= maxCopiedBytes)
      await writeBlob(this.container, `${folder}/content`, content, 'application/octet-stream');
    await writeBlob(this.container, `${folder}/reason.json`, `${JSON.stringify(reason, null, 2)}\n`, 'application/json');
    this.reasons.push(reason);
    this.log('warn', 'file quarantined', { file: blob.name, row: reason.row, column: reason.column, reason: reasonText(reason) });
  }
}
