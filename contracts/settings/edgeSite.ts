import { z } from 'zod';
import { httpsUrl, integer, text } from './settings';

const site = { FACTORY: text(), DEVICE_ID: text(), DATABUS_PORT: integer(1, 65_535) };
const port = () => integer(1, 65_535);
/** Programs of the site that emit telemetry send it to the OT collector on this port and keep it on disk until it is taken. */
const telemetry = { SITE_DIRECTORY: text(), OTLP_PORT: port(), TELEMETRY_INTERVAL_MS: integer(100, 3_600_000) };

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
  ...telemetry,
  PYTHON: text(),
  MAX_ACTIVE_PIPELINES: integer(1, 16),
});

/** Settings of `model-manager` (AIMM, steps 8b, 9 and 10). */
export const modelManagerSettings = z.object({
  ...site,
  ...telemetry,
  IOT_HUB_HOST: text(),
  /** Files of the device certificate and its key, PEM. */
  CERTIFICATE_FILE: text(),
  PRIVATE_KEY_FILE: text(),
  MIN_FREE_DISK_BYTES: integer(0, 1e15),
  MAX_PACKAGE_BYTES: integer(1, 2_200_000_000),
});

/** Settings of `otel-collector`, the OT side: OTLP in, disk queue, OTLP out; it also measures the host. */
export const otelCollectorSettings = z.object({ ...site, ...telemetry, MODEL_MONITOR_PORT: port() });

/** Settings of `model-monitor`, the IT side: OTLP in, disk queue, Azure Monitor out through the two auth proxies. */
export const modelMonitorSettings = z.object({
  ...site,
  SITE_DIRECTORY: text(),
  MODEL_MONITOR_PORT: port(),
  /** No secret: it only names the Application Insights component. */
  INSTRUMENTATION_KEY: z.guid(),
  INGESTION_PROXY_PORT: port(),
  METRICS_PROXY_PORT: port(),
  /** Path of the Azure Monitor workspace's remote write, with its query: /dataCollectionRules/…/api/v1/write?api-version=… */
  REMOTE_WRITE_PATH: z
    .string()
    .regex(/^\/dataCollectionRules\/[^/]+\/streams\/[^/]+\/api\/v1\/write\?api-version=[\w-]+$/, 'the path of a remote write endpoint'),
});

/** Settings of `auth-proxy`: the names and meanings of the public aad-auth-proxy; one instance per target. */
export const authProxySettings = z.object({
  TARGET_HOST: z.string().regex(/^[\w.-]+(:\d+)?$/, 'a host, with its port where it is not 443'),
  LISTENING_PORT: port(),
  AUDIENCE: httpsUrl(),
  IDENTITY_TYPE: z.literal('aadApplication'),
  AAD_CLIENT_ID: z.guid(),
  AAD_TENANT_ID: z.guid(),
  AAD_CLIENT_CERTIFICATE_PATH: text(),
  AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: integer(1, 100),
  /** Ours: the sign-in authority; 'true' where it is not one that Microsoft's instance discovery knows. */
  AZURE_AUTHORITY_HOST: httpsUrl(),
  DISABLE_INSTANCE_DISCOVERY: z.enum(['true', 'false']),
});

/** Settings of `data-collector` (13a, 13b): from the databus to the hub. */
export const dataCollectorSettings = z.object({ ...site, SITE_DIRECTORY: text(), DATA_COLLECTOR_HUB_PORT: port() });

/** Settings of `data-collector-hub` (13b, 13c): batches, and their upload with the factory's certificate. */
export const dataCollectorHubSettings = z.object({
  ...site,
  SITE_DIRECTORY: text(),
  DATA_COLLECTOR_HUB_PORT: port(),
  EDGE_BLOB_ENDPOINT: httpsUrl(),
  LANDING_ZONE_CONTAINER: text(),
  AAD_CLIENT_ID: z.guid(),
  AAD_TENANT_ID: z.guid(),
  AAD_CLIENT_CERTIFICATE_PATH: text(),
  AZURE_AUTHORITY_HOST: httpsUrl(),
  DISABLE_INSTANCE_DISCOVERY: z.enum(['true', 'false']),
  /** A batch is closed when it is full or when nothing came for this long. */
  BATCH_IDLE_MS: integer(100, 3_600_000),
  BATCH_MAX_RECORDS: integer(1, 50_000),
});

export type DataCollectorSettings = z.output<typeof dataCollectorSettings>;
export type DataCollectorHubSettings = z.output<typeof dataCollectorHubSettings>;
export type ModelManagerSettings = z.output<typeof modelManagerSettings>;
