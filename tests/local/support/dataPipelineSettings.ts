import type { DataPipelineSettings } from '../../../contracts/settings/dataPipeline';

/** The data pipeline in a region of storage alone. */
export const dataPipelineSettings: DataPipelineSettings = {
  AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000001',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
  DATA_BLOB_ENDPOINT: 'https://localhost/data1',
  DATA_QUEUE_ENDPOINT: 'https://localhost/data1',
  EDGE_BLOB_ENDPOINT: 'https://localhost/edge1',
  RAW_CONTAINER: 'raw',
  PROCESSED_CONTAINER: 'processed',
  QUARANTINE_CONTAINER: 'quarantine',
  LANDING_ZONE_CONTAINER: 'landing-zone',
  CHECKPOINTS_CONTAINER: 'checkpoints',
  QUEUE_NAME: 'data-pipeline',
  DATASET_NAME: 'line',
  SETTLE_SECONDS: 0,
  WINDOW_SECONDS: 30,
  STRIDE_SECONDS: 10,
  REFERENCE_FRACTION: 'auto',
  MAX_FILE_BYTES: 1_000_000,
  DISK_BYTES: 2 ** 33,
  RETRAIN_MIN_NEW_WINDOWS: 500,
  RETRAIN_MIN_INTERVAL_SECONDS: 0,
};
