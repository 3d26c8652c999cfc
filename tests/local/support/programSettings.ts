import type { DeliveryRegion } from './deliveryRegion';
import { computeId, environmentId, group } from './deliveryResources';

/** The plant and the data set that all these programs work for. */
export const factory = 'plant-1';
export const dataset = 'line';
export const deviceId = 'aimm-plant-1';

const ofQueue = (region: DeliveryRegion, queue: string) => ({
  AZURE_CLIENT_ID: '11111111-1111-4111-8111-111111111111',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential' as const,
  DATA_BLOB_ENDPOINT: region.endpoints('data').blob,
  DATA_QUEUE_ENDPOINT: region.endpoints('data').queue,
  QUEUE_NAME: queue,
});

/** Where the programs from training to delivery find everything; each of them reads what it needs. */
export const regionSettings = (region: DeliveryRegion) => ({
  AZURE_RESOURCE_MANAGER_ENDPOINT: region.resourceManagerEndpoint,
  AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
  SUBSCRIPTION_ID: region.subscriptionId,
  RESOURCE_GROUP: group,
  ML_WORKSPACE: 'ml',
  DATASET_NAME: dataset,
  ML_BLOB_ENDPOINT: region.endpoints('ml').blob,
  MODELS_CONTAINER: 'models',
  MODELS_DATASTORE: 'models',
  EDGE_BLOB_ENDPOINT: region.endpoints('edge').blob,
  PACKAGED_MODELS_CONTAINER: 'packaged-models',
  PROCESSED_CONTAINER: 'processed',
  FACTORY: factory,
  PIPELINE_VERSION: '1',
  SOURCE_COMMIT: 'abc',
  DELIVERIES_CONTAINER: 'deliveries',
});

export const modelDevelopmentSettings = (region: DeliveryRegion) => ({
  ...ofQueue(region, 'model-development'),
  ...regionSettings(region),
  COMPUTE_ID: computeId,
  ENVIRONMENT_ID: environmentId,
  TRAIN_CLIENT_ID: region.identity('train').clientId,
});

export const validateAndPackageSettings = (region: DeliveryRegion) => ({
  ...ofQueue(region, 'validate-and-package'),
  ...regionSettings(region),
  GATE_MAX_FALSE_ALARM_RATE: 0.1,
  GATE_MIN_FAULT_DETECTION: 0.3,
  GATE_MIN_LABEL_AUC: 0.7,
});

export const tagAndDeliverSettings = (region: DeliveryRegion) => ({
  ...ofQueue(region, 'tag-and-deliver'),
  ...regionSettings(region),
  DELIVERY_QUEUE_NAME: 'delivery',
  REGISTRY_LOGIN_SERVER: region.loginServer,
  DEVICE_ID: deviceId,
  RELEASE: 'automatic' as const,
});

export const deliverySettings = (region: DeliveryRegion) => ({
  ...ofQueue(region, 'delivery'),
  ...regionSettings(region),
  CHECKPOINTS_CONTAINER: 'checkpoints',
  IOT_HUB_HOST: region.hubHost,
  EVENT_HUBS_HOST: region.eventHubsHost,
  EVENT_HUB_NAME: 'from-devices',
  CONSUMER_GROUP: 'delivery',
  SAS_LIFETIME_SECONDS: 600,
  STEP_TIMEOUT_SECONDS: 60,
  DELIVERY_TIMEOUT_SECONDS: 600,
  POLLING_INTERVAL_SECONDS: 1,
});
