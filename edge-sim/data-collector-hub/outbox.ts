import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { landingManifest, type InferenceRecord } from '../../contracts/landingZone';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Batch } from './batch';

/** A batch with the records that it took from the queue: how many, and the digest of their ids. */
export interface PendingBatch extends Batch {
  readonly taken: { readonly count: number; readonly ids: string };
}
const stored = z.object({ manifest: landingManifest, taken: z.object({ count: z.number().int().positive(), ids: z.string() }) });

const idsOf = (records: readonly InferenceRecord[]) =>
  createHash('sha256')
    .update(records.map(({ recordId }) => recordId).join())
    .digest('hex');
export const takenFrom = (records: readonly InferenceRecord[]): PendingBatch['taken'] => ({ count: records.length, ids: idsOf(records) });
/** Whether these are the very records that the batch took. */
export const isTaken = (records: readonly InferenceRecord[], { count, ids }: PendingBatch['taken']) =>
  records.length === count && idsOf(records) === ids;

async function writeSynced(file: string, content: Buffer | string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Keeps the batch that is on its way, under its final name, before it is first sent: sent again, it is the same bytes under the same name. */
export class Outbox {
  private constructor(
    private readonly directory: string,
    private readonly log: Log,
  ) {}

  static async open(directory: string, log: Log): Promise<Outbox> {
    await mkdir(directory, { recursive: true });
    return new Outbox(directory, log);
  }

  private get descriptionFile(): string {
    return join(this.directory, 'batch.json');
  }

  private get contentFile(): string {
    return join(this.directory, 'batch.ndjson.gz');
  }

  async load(): Promise<PendingBatch | undefined> {
    const text = await readFile(this.descriptionFile, 'utf8').catch(() => undefined);
    if (text === undefined) return undefined;
    try {
      const { manifest, taken } = stored.parse(JSON.parse(text));
      const content = await readFile(this.contentFile);
      if (createHash('sha256').update(content).digest('hex') !== manifest.sha256)
        throw new Error(`expected content with SHA-256 ${manifest.sha256} in ${this.contentFile}`);
      return { manifest, taken, content };
    } catch (error) {
      const aside = `${this.descriptionFile}.unreadable-${Date.now()}`;
      await rename(this.descriptionFile, aside);
      this.log('error', 'batch put aside', { aside, reason: messageOf(error).slice(0, 500) });
      return undefined;
    }
  }

  async save({ manifest, taken, content }: PendingBatch): Promise<void> {
    await writeSynced(this.contentFile, content);
    await writeSynced(`${this.descriptionFile}.new`, JSON.stringify({ manifest, taken }));
    await rename(`${this.descriptionFile}.new`, this.descriptionFile);
  }

  async clear(): Promise<void> {
    await rm(this.descriptionFile, { force: true });
    await rm(this.contentFile, { force: true });
  }
}
