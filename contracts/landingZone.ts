import { z } from 'zod';
import { inferenceResult } from './databus';

/**
 * Recycled inference data (steps 13a to 13c). Siemens publishes no format for it, so this one is ours: a batch is one gzipped
 * NDJSON blob and, written last, its manifest; both are written once and never again.
 */
export const inferenceRecord = z.discriminatedUnion('kind', [
  /** One sample of the line, as the databus had it. `qc` is the worst quality code of its values. */
  z.object({
    schemaVersion: z.literal('1'),
    kind: z.literal('sample'),
    recordId: z.uuid(),
    ts: z.iso.datetime(),
    factory: z.string().max(100),
    device: z.string().max(100),
    qc: z.number().int().min(0).max(3),
    input: z.record(z.string().max(200), z.number().nullable()),
  }),
  /** What the deployed package said of a window. */
  z.object({
    schemaVersion: z.literal('1'),
    kind: z.literal('result'),
    recordId: z.uuid(),
    ts: z.iso.datetime(),
    factory: z.string().max(100),
    device: z.string().max(100),
    pipeline: z.string().max(200),
    result: inferenceResult,
  }),
]);
export type InferenceRecord = z.output<typeof inferenceRecord>;

export const landingManifest = z.object({
  schemaVersion: z.literal('1'),
  batchId: z.uuid(),
  factory: z.string(),
  device: z.string(),
  blob: z.string(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
  /** Decompressed size: a reader allots no more than this. */
  contentBytes: z.number().int().positive(),
  records: z.number().int().positive(),
  samples: z.number().int().nonnegative(),
  results: z.number().int().nonnegative(),
  firstTs: z.iso.datetime(),
  lastTs: z.iso.datetime(),
  packageVersions: z.array(z.string()).max(100),
});
export type LandingManifest = z.output<typeof landingManifest>;

/** Blob of a batch: a name for good, so that writing it again can only meet itself. */
export const batchBlob = (factory: string, device: string, firstTs: string, batchId: string) =>
  `inference/${factory}/${device}/yyyy=${firstTs.slice(0, 4)}/mm=${firstTs.slice(5, 7)}/dd=${firstTs.slice(8, 10)}/hh=${firstTs.slice(11, 13)}/${batchId}.ndjson.gz`;
export const batchManifestBlob = (blob: string) => blob.replace(/\.ndjson\.gz$/, '.manifest.json');

/** Limits of a batch; a reader refuses more. */
export const maxBatchRecords = 50_000;
export const maxBatchContentBytes = 64 * 1024 * 1024;
