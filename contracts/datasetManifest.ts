import { z } from 'zod';
import { featureDefinition } from './features/featureDefinition';

/** Which part of the work a window belongs to; decided once, by the data pipeline, from the window's place in its file. */
export const windowRoles = ['train', 'calibrate', 'held-out', 'evaluate'] as const;
export type WindowRole = (typeof windowRoles)[number];

/**
 * What the data pipeline says of a data version. Columns of its `windows.parquet` besides one DOUBLE per feature (named by `featureNames`):
 * source VARCHAR, window_start / window_end TIMESTAMP (UTC), samples INTEGER, role VARCHAR, label BOOLEAN (null without labels).
 */
export const datasetManifest = z.object({
  schemaVersion: z.literal('1'),
  dataset: z.string(),
  /** Hash of source hashes, feature definition and settings; 16 hex digits. */
  dataVersion: z.string().regex(/^[0-9a-f]{16}$/),
  createdAt: z.iso.datetime(),
  features: featureDefinition,
  sources: z.array(
    z.object({
      origin: z.enum(['raw', 'landing-zone']),
      name: z.string(),
      etag: z.string(),
      sha256: z.string(),
      sizeBytes: z.number(),
      rows: z.number(),
      windows: z.number(),
      firstTime: z.iso.datetime(),
      lastTime: z.iso.datetime(),
    }),
  ),
  /** Path inside the processed container. */
  windowsPath: z.string(),
  windowCount: z.number().int().positive(),
  windowsByRole: z.record(z.enum(windowRoles), z.number()),
  labelled: z.boolean(),
  settings: z.record(z.string(), z.union([z.string(), z.number(), z.null()])),
  quarantined: z.array(z.object({ file: z.string(), row: z.number().nullable(), column: z.string().nullable(), reason: z.string() })),
});
export type DatasetManifest = z.output<typeof datasetManifest>;
export const manifestPath = (dataset: string, dataVersion: string) => `${dataset}/${dataVersion}/manifest.json`;

/** Programs read all windows of a data version into memory. */
export const maxWindowsBytes = 512 * 1024 ** 2;

/** `reason.json` beside a quarantined copy. */
export interface QuarantineReason {
  readonly file: string;
  readonly row: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly found: string;
  readonly etag: string;
  readonly quarantinedAt: string;
}
