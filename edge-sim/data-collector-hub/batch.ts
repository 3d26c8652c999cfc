import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { v7 } from 'uuid';
import { batchBlob, type InferenceRecord, type LandingManifest } from '../../contracts/landingZone';

export interface Batch {
  readonly manifest: LandingManifest;
  readonly content: Buffer;
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
  // Batches of a hub sort in the order in which they were made.
  const batchId = v7({ msecs: now.getTime() });
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
