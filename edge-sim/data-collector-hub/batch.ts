import { createHash, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { batchBlob, type InferenceRecord, type LandingManifest } from '../../contracts/landingZone';

export interface Batch {
  readonly manifest: LandingManifest;
  readonly content: Buffer;
}

/** RFC 9562 version 7: batches of a hub sort in the order in which they were made. */
export function timeOrderedUuid(now: Date): string {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)]);
  bytes.writeUIntBE(now.getTime(), 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A batch of these records, each once. There must be one record at least. */
export async function buildBatch(
  origin: { readonly factory: string; readonly device: string },
  queued: readonly InferenceRecord[],
  now: Date,
): Promise<Batch> {
  const records = [...new Map(queued.map((record) => [record.recordId, record])).values()];
  const text = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const content = await promisify(gzip)(text);
  const times = records.map(({ ts }) => Date.parse(ts));
  const [firstTs, lastTs] = [times.reduce((a, b) => Math.min(a, b)), times.reduce((a, b) => Math.max(a, b))].map((time) =>
    new Date(time).toISOString(),
  ) as [string, string];
  const results = records.filter((record) => record.kind === 'result');
  const batchId = timeOrderedUuid(now);
  return {
    content,
    manifest: {
      schemaVersion: '1',
      batchId,
      ...origin,
      blob: batchBlob(origin.factory, origin.device, firstTs, batchId),
      sha256: createHash('sha256').update(content).digest('hex'),
      sizeBytes: content.length,
      contentBytes: text.length,
      records: records.length,
      samples: records.length - results.length,
      results: results.length,
      firstTs,
      lastTs,
      packageVersions: [...new Set(results.map(({ result }) => result.packageVersion))].slice(0, 100),
    },
  };
}
