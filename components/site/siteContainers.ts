import type * as inputs from '@pulumi/azure-native/types/input';
import type * as pulumi from '@pulumi/pulumi';
import type { ProgramName } from '../../contracts/programs';
import {
  authProxySettings,
  databusSettings,
  dataCollectorHubSettings,
  dataCollectorSettings,
  inferenceServerSettings,
  modelManagerSettings,
  modelMonitorSettings,
  otelCollectorSettings,
  productionLineSettings,
} from '../../contracts/settings/edgeSite';
import type { SettingsOf, SettingsSchema } from '../../contracts/settings/settings';
import type { Configuration } from '../configuration/schema';
import { programContainer } from '../programs/programContainer';
import type { TelemetryTargets } from '../resource/platformLinks';
import { certificateSecretName } from './simulatedEnrolment';

/** What the programs of a site are configured with. */
export interface SiteContainersArgs {
  /** Image of each program, by digest. */
  readonly images: Readonly<Record<ProgramName, pulumi.Input<string>>>;
  /** Name of the factory, on telemetry and batches. */
  readonly factory: string;
  /** Device that the model manager is in the hub. */
  readonly deviceId: pulumi.Input<string>;
  /** Hub that it connects to. */
  readonly iotHubHost: pulumi.Input<string>;
  /** Ports, line and intervals of the simulated site. */
  readonly site: Configuration['edgeSite'];
  /** How the programs that talk to Azure sign in. */
  readonly signIn: {
    readonly clientId: pulumi.Input<string>;
    readonly tenantId: pulumi.Input<string>;
    readonly authorityHost: string;
    readonly disableInstanceDiscovery: boolean;
  };
  /** Where logs and metrics go. */
  readonly telemetry: TelemetryTargets;
  /** Resource that tokens for telemetry are asked for. */
  readonly monitorAudience: string;
  /** Where inference data go. */
  readonly landingZone: { readonly blobEndpoint: pulumi.Input<string>; readonly container: pulumi.Input<string> };
}

// The public auth proxy tells PEM from PKCS #12 by the extension.
const certificateFileName = `${certificateSecretName}.pem`;
const [siteMount, certificateMount] = [
  { volumeName: 'site', mountPath: '/site' },
  { volumeName: 'certificates', mountPath: '/certificates' },
];
const certificateFile = `${certificateMount.mountPath}/${certificateFileName}`;

/** What the programs of a site share, and the site's certificate. */
export const siteVolumes: inputs.app.VolumeArgs[] = [
  { name: siteMount.volumeName, storageType: 'EmptyDir' },
  {
    name: certificateMount.volumeName,
    storageType: 'Secret',
    secrets: [{ secretRef: certificateSecretName, path: certificateFileName }],
  },
];

interface ContainerOptions {
  readonly name?: string;
  readonly cpu?: number;
  readonly volumeMounts?: readonly { readonly volumeName: string; readonly mountPath: string }[];
}
/** The settings that programs of a site have in common, and how one becomes a container: a quarter of a core each, unless it says so. */
function siteSettings({ factory, deviceId, images, site, signIn }: SiteContainersArgs) {
  return {
    container: <S extends SettingsSchema>(
      program: ProgramName,
      schema: S,
      settings: SettingsOf<NoInfer<S>, pulumi.Input<string>>,
      { cpu = 0.25, ...options }: ContainerOptions = {},
    ) => programContainer({ program, image: images[program], schema, settings, cpu, ...options }),
    identity: {
      AAD_CLIENT_ID: signIn.clientId,
      AAD_TENANT_ID: signIn.tenantId,
      AAD_CLIENT_CERTIFICATE_PATH: certificateFile,
      AZURE_AUTHORITY_HOST: signIn.authorityHost,
      DISABLE_INSTANCE_DISCOVERY: String(signIn.disableInstanceDiscovery),
    },
    plant: { FACTORY: factory, DEVICE_ID: deviceId, DATABUS_PORT: String(site.databusPort) },
    telemetry: {
      SITE_DIRECTORY: siteMount.mountPath,
      OTLP_PORT: String(site.otlpPort),
      TELEMETRY_INTERVAL_MS: String(site.telemetryIntervalMs),
    },
  };
}

/** Telemetry on its way to Azure Monitor: the collector on the shop floor, the model monitor, and a proxy that signs in for it at each of two endpoints. */
function telemetryContainers(args: SiteContainersArgs): inputs.app.ContainerArgs[] {
  const { site, telemetry: targets, monitorAudience } = args;
  const { container, identity, plant, telemetry } = siteSettings(args);
  const authProxy = (target: string, host: pulumi.Input<string>, port: number) =>
    container(
      'auth-proxy',
      authProxySettings,
      {
        ...identity,
        TARGET_HOST: host,
        LISTENING_PORT: String(port),
        AUDIENCE: `${monitorAudience}/.default`,
        IDENTITY_TYPE: 'aadApplication',
        AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: '10',
      },
      { name: `auth-proxy-${target}`, volumeMounts: [certificateMount] },
    );
  return [
    authProxy('ingestion', targets.ingestionHost, site.ingestionProxyPort),
    authProxy('metrics', targets.remoteWriteHost, site.metricsProxyPort),
    container(
      'model-monitor',
      modelMonitorSettings,
      {
        ...plant,
        SITE_DIRECTORY: siteMount.mountPath,
        MODEL_MONITOR_PORT: String(site.modelMonitorPort),
        INSTRUMENTATION_KEY: targets.instrumentationKey,
        INGESTION_PROXY_PORT: String(site.ingestionProxyPort),
        METRICS_PROXY_PORT: String(site.metricsProxyPort),
        REMOTE_WRITE_PATH: targets.remoteWritePath,
      },
      { volumeMounts: [siteMount] },
    ),
    container(
      'otel-collector',
      otelCollectorSettings,
      { ...plant, ...telemetry, MODEL_MONITOR_PORT: String(site.modelMonitorPort) },
      { volumeMounts: [siteMount] },
    ),
  ];
}

/** Inference data on their way to the landing zone. */
function recyclingContainers(args: SiteContainersArgs): inputs.app.ContainerArgs[] {
  const { site, landingZone } = args;
  const { container, identity, plant } = siteSettings(args);
  const hub = { SITE_DIRECTORY: siteMount.mountPath, DATA_COLLECTOR_HUB_PORT: String(site.dataCollectorHubPort) };
  return [
    container(
      'data-collector-hub',
      dataCollectorHubSettings,
      {
        ...plant,
        ...identity,
        ...hub,
        EDGE_BLOB_ENDPOINT: landingZone.blobEndpoint,
        LANDING_ZONE_CONTAINER: landingZone.container,
        BATCH_IDLE_MS: String(site.batchIdleMs),
        BATCH_MAX_RECORDS: String(site.batchMaxRecords),
      },
      { volumeMounts: [siteMount, certificateMount] },
    ),
    container('data-collector', dataCollectorSettings, { ...plant, ...hub }, { volumeMounts: [siteMount] }),
  ];
}

/** What runs models, and what brings them. */
function modelContainers(args: SiteContainersArgs): inputs.app.ContainerArgs[] {
  const { container, plant, telemetry } = siteSettings(args);
  return [
    container(
      'inference-server',
      inferenceServerSettings,
      { ...plant, ...telemetry, PYTHON: 'python3', MAX_ACTIVE_PIPELINES: '2' },
      { cpu: 0.5, volumeMounts: [siteMount] },
    ),
    container(
      'model-manager',
      modelManagerSettings,
      {
        ...plant,
        ...telemetry,
        IOT_HUB_HOST: args.iotHubHost,
        CERTIFICATE_FILE: certificateFile,
        PRIVATE_KEY_FILE: certificateFile,
        MIN_FREE_DISK_BYTES: String(200 * 2 ** 20),
        MAX_PACKAGE_BYTES: String(500 * 2 ** 20),
      },
      { volumeMounts: [siteMount, certificateMount] },
    ),
  ];
}

/** The programs of a site: whoever receives comes before whoever sends to it. The app's sum of cores must be one that Container Apps knows. */
export function siteContainers(args: SiteContainersArgs): inputs.app.ContainerArgs[] {
  const { container, plant } = siteSettings(args);
  const { lineMode, sampleIntervalMs } = args.site;
  return [
    container('databus', databusSettings, { DATABUS_PORT: plant.DATABUS_PORT }),
    ...telemetryContainers(args),
    ...recyclingContainers(args),
    container('production-line', productionLineSettings, { ...plant, LINE_MODE: lineMode, SAMPLE_INTERVAL_MS: String(sampleIntervalMs) }),
    ...modelContainers(args),
  ];
}
