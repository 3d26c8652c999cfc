import { z } from 'zod';
import { httpsUrl, managedIdentity, resourceManager, text } from './settings';

/** Settings of `tag-and-deliver` (step 7). */
export const tagAndDeliverSettings = z.object({
  ...managedIdentity,
  ...resourceManager,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  DATA_QUEUE_ENDPOINT: httpsUrl(),
  QUEUE_NAME: text(),
  DELIVERY_QUEUE_NAME: text(),
  DELIVERIES_CONTAINER: text(),
  EDGE_BLOB_ENDPOINT: httpsUrl(),
  PACKAGED_MODELS_CONTAINER: text(),
  SUBSCRIPTION_ID: z.uuid(),
  RESOURCE_GROUP: text(),
  ML_WORKSPACE: text(),
  ML_BLOB_ENDPOINT: httpsUrl(),
  MODELS_CONTAINER: text(),
  MODELS_DATASTORE: text(),
  /** Host (and port, where it is not 443) of the container registry. */
  REGISTRY_LOGIN_SERVER: text(),
  /** Names of model, package and repositories follow from both. */
  FACTORY: text(),
  DATASET_NAME: text(),
  /** IoT Hub device id of the factory's AI Model Manager. */
  DEVICE_ID: text(),
  RELEASE: z.enum(['automatic', 'approved']),
  PIPELINE_VERSION: text(),
  SOURCE_COMMIT: text(),
});
export type TagAndDeliverSettings = z.output<typeof tagAndDeliverSettings>;
