import { z } from 'zod';
import { integer, text } from './settings';

const site = { FACTORY: text(), DEVICE_ID: text(), DATABUS_PORT: integer(1, 65_535) };

/** Settings of `databus`, the MQTT broker of the site. */
export const databusSettings = z.object({ DATABUS_PORT: site.DATABUS_PORT });

/** Settings of `production-line`. */
export const productionLineSettings = z.object({
  ...site,
  /** 'simulate' publishes a simulated machine from the start; 'idle' waits for a command on the databus. */
  LINE_MODE: z.enum(['simulate', 'idle']),
  SAMPLE_INTERVAL_MS: integer(1, 3_600_000),
});

/** Settings of `inference-server` (AIIS, steps 10 and on). */
export const inferenceServerSettings = z.object({
  ...site,
  /** Where imported packages are kept; shared with the model manager, which leaves new packages in its `inbox`. */
  SITE_DIRECTORY: text(),
  PYTHON: text(),
  MAX_ACTIVE_PIPELINES: integer(1, 16),
});

/** Settings of `model-manager` (AIMM, steps 8b, 9 and 10). */
export const modelManagerSettings = z.object({
  ...site,
  SITE_DIRECTORY: text(),
  IOT_HUB_HOST: text(),
  /** Files of the device certificate and its key, PEM. */
  CERTIFICATE_FILE: text(),
  PRIVATE_KEY_FILE: text(),
  MIN_FREE_DISK_BYTES: integer(0, 1e15),
  MAX_PACKAGE_BYTES: integer(1, 2_200_000_000),
});

export type DatabusSettings = z.output<typeof databusSettings>;
export type ProductionLineSettings = z.output<typeof productionLineSettings>;
export type InferenceServerSettings = z.output<typeof inferenceServerSettings>;
export type ModelManagerSettings = z.output<typeof modelManagerSettings>;
