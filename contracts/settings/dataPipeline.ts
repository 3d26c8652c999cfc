import { z } from 'zod';
import { httpsUrl, integer, decimal, managedIdentity, text } from './settings';

/** Settings of `data-pipeline` (steps 1a and 1b). */
export const dataPipelineSettings = z.object({
  ...managedIdentity,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  DATA_QUEUE_ENDPOINT: httpsUrl(),
  EDGE_BLOB_ENDPOINT: httpsUrl(),
  RAW_CONTAINER: text(),
  PROCESSED_CONTAINER: text(),
  QUARANTINE_CONTAINER: text(),
  LANDING_ZONE_CONTAINER: text(),
  /** Where the lease is held that makes a run the only one. */
  CHECKPOINTS_CONTAINER: text(),
  QUEUE_NAME: text(),
  DATASET_NAME: z.string().regex(/^[a-z0-9][a-z0-9-]{1,40}$/, 'lower case letters, digits and dashes'),
  /** The queue must have been empty for this long before the drained blobs become one data version. */
  SETTLE_SECONDS: integer(0, 3600),
  WINDOW_SECONDS: decimal(0.1, 86_400),
  STRIDE_SECONDS: decimal(0.1, 86_400),
  /** Share of each raw file, from its start, that is reference normal operation: 'auto' is 0.4 with labels and 1 without. */
  REFERENCE_FRACTION: z.union([z.literal('auto'), decimal(0.1, 1)]),
  /** Names of columns; empty means detected. Several are separated by commas. */
  TIME_COLUMN: z.string().optional(),
  LABEL_COLUMNS: z.string().optional(),
  IGNORED_COLUMNS: z.string().optional(),
  MAX_FILE_BYTES: integer(1, 2 ** 40),
  /** Disk of the job: raw files, the samples made of them and the windows are on it at the same time. */
  DISK_BYTES: integer(1, 2 ** 50),
  RETRAIN_MIN_NEW_WINDOWS: integer(1, 1e9),
  RETRAIN_MIN_INTERVAL_SECONDS: integer(0, 31_536_000),
});
/** What raw files may take of the job's disk: their samples and windows need as much again. */
export const maxRawBytes = (diskBytes: number): number => Math.floor(diskBytes / 2);
export type DataPipelineSettings = z.output<typeof dataPipelineSettings>;
