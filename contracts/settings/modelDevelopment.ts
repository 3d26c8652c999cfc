import { z } from 'zod';
import { httpsUrl, managedIdentity, resourceManager, text } from './settings';

/** Settings of `model-development` (step 3a: submits the Azure ML job and exits). */
export const modelDevelopmentSettings = z.object({
  ...managedIdentity,
  ...resourceManager,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  DATA_QUEUE_ENDPOINT: httpsUrl(),
  PROCESSED_CONTAINER: text(),
  QUEUE_NAME: text(),
  SUBSCRIPTION_ID: z.uuid(),
  RESOURCE_GROUP: text(),
  ML_WORKSPACE: text(),
  FACTORY: text(),
  /** The factory's own data set; those of smoke tests pass too. */
  DATASET_NAME: text(),
  COMPUTE_ID: text(),
  ENVIRONMENT_ID: text(),
  /** The client id of the compute cluster's identity: `train` runs as it. */
  TRAIN_CLIENT_ID: z.uuid(),
  ML_BLOB_ENDPOINT: httpsUrl(),
  MODELS_CONTAINER: text(),
  MODELS_DATASTORE: text(),
  SOURCE_COMMIT: text(),
});
export type ModelDevelopmentSettings = z.output<typeof modelDevelopmentSettings>;
