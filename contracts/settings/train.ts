import { z } from 'zod';
import { httpsUrl, managedIdentity, resourceManager, text } from './settings';

/** Settings of `train` (steps 3a and 3b); `model-development` puts them into the Azure ML job. */
export const trainSettings = z.object({
  ...managedIdentity,
  ...resourceManager,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  PROCESSED_CONTAINER: text(),
  /** Path of the data version's manifest inside the processed container. */
  MANIFEST_PATH: text(),
  SUBSCRIPTION_ID: z.uuid(),
  RESOURCE_GROUP: text(),
  ML_WORKSPACE: text(),
  MODEL_NAME: text(),
  JOB_NAME: text(),
  ML_BLOB_ENDPOINT: httpsUrl(),
  MODELS_CONTAINER: text(),
  MODELS_DATASTORE: text(),
  SOURCE_COMMIT: text(),
});
export type TrainSettings = z.output<typeof trainSettings>;
