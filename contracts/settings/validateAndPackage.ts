import { z } from 'zod';
import { decimal, httpsUrl, managedIdentity, resourceManager, text } from './settings';

/** Settings of `validate-and-package` (steps 5a and 5b). */
export const validateAndPackageSettings = z.object({
  ...managedIdentity,
  ...resourceManager,
  DATA_BLOB_ENDPOINT: httpsUrl(),
  DATA_QUEUE_ENDPOINT: httpsUrl(),
  PROCESSED_CONTAINER: text(),
  QUEUE_NAME: text(),
  EDGE_BLOB_ENDPOINT: httpsUrl(),
  PACKAGED_MODELS_CONTAINER: text(),
  SUBSCRIPTION_ID: z.uuid(),
  RESOURCE_GROUP: text(),
  ML_WORKSPACE: text(),
  ML_BLOB_ENDPOINT: httpsUrl(),
  MODELS_CONTAINER: text(),
  MODELS_DATASTORE: text(),
  /** Names of model and package follow from both; the package id is a UUID made from them. */
  FACTORY: text(),
  DATASET_NAME: text(),
  GATE_MAX_FALSE_ALARM_RATE: decimal(0, 1),
  GATE_MIN_FAULT_DETECTION: decimal(0, 1),
  GATE_MIN_LABEL_AUC: decimal(0, 1),
  PIPELINE_VERSION: text(),
});
export type ValidateAndPackageSettings = z.output<typeof validateAndPackageSettings>;
