import * as pulumi from '@pulumi/pulumi';
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
import type { Configuration } from '../configuration/schema';
import { ProgramApp } from '../programs/programApp';
import { programContainer } from '../programs/programContainer';
import type { TelemetryTargets } from '../resource/platformLinks';
import type { UniformArgs } from '../resource/uniformComponent';
import { certificateSecretName } from './simulatedEnrolment';
import { cronScale } from '../configuration/siteHours';

export interface EdgeSiteArgs extends Omit<UniformArgs, 'diagnostics'> {
  /** Resource group of the app. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** ARM id of the Container Apps environment. */
  readonly environmentId: pulumi.Input<string>;
  /** 2 to 32 lower case letters, digits and dashes. */
  readonly appName: pulumi.Input<string>;
  /** Pulls the images and fetches the certificate; the programs themselves have no Azure identity, as in a plant. */
  readonly identityId: pulumi.Input<string>;
  /** Registry of the images. */
  readonly registryLoginServer: pulumi.Input<string>;
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
  /** Secret that holds the site's key and certificate, in one PEM file: the device and the service principal sign in with it. */
  readonly certificateSecretUri: pulumi.Input<string>;
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

const siteDirectory = '/site';
const certificateDirectory = '/certificates';
// The public auth proxy tells PEM from PKCS #12 by the extension.
const certificateFileName = `${certificateSecretName}.pem`;

/** The simulated factory: one app, a container for each program of the site. */
export class EdgeSite extends pulumi.ComponentResource {
  readonly appName: pulumi.Output<string>;

  constructor(name: string, args: EdgeSiteArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:site:EdgeSite', name, {}, opts);
    const { images, signIn, landingZone, tags, roleAssignments, lock, identity: more } = args;
    const uniform = {
      ...(tags === undefined ? {} : { tags }),
      ...(roleAssignments === undefined ? {} : { roleAssignments }),
      ...(lock === undefined ? {} : { lock }),
      ...(more === undefined ? {} : { identity: more }),
    };
    const line = args.site;
    const hours = cronScale(line.hours);
    const site = { FACTORY: args.factory, DEVICE_ID: args.deviceId, DATABUS_PORT: String(line.databusPort) };
    const telemetry = {
      SITE_DIRECTORY: siteDirectory,
      OTLP_PORT: String(line.otlpPort),
      TELEMETRY_INTERVAL_MS: String(line.telemetryIntervalMs),
    };
    const siteMount = { volumeName: 'site', mountPath: siteDirectory };
    const certificateMount = { volumeName: 'certificates', mountPath: certificateDirectory };
    const certificateFile = `${certificateDirectory}/${certificateFileName}`;
    const identity = {
      AAD_CLIENT_ID: signIn.clientId,
      AAD_TENANT_ID: signIn.tenantId,
      AAD_CLIENT_CERTIFICATE_PATH: certificateFile,
      AZURE_AUTHORITY_HOST: signIn.authorityHost,
      DISABLE_INSTANCE_DISCOVERY: String(signIn.disableInstanceDiscovery),
    };
    const authProxy = (target: string, host: pulumi.Input<string>, port: number) =>
      programContainer({
        program: 'auth-proxy',
        name: `auth-proxy-${target}`,
        image: images['auth-proxy'],
        schema: authProxySettings,
        cpu: 0.25,
        volumeMounts: [certificateMount],
        settings: {
          ...identity,
          TARGET_HOST: host,
          LISTENING_PORT: String(port),
          AUDIENCE: `${args.monitorAudience}/.default`,
          IDENTITY_TYPE: 'aadApplication',
          AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: '10',
        },
      });
    const app = new ProgramApp(
      name,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        environmentId: args.environmentId,
        appName: args.appName,
        ...uniform,
        identityId: args.identityId,
        identityForPrograms: false,
        registryLoginServer: args.registryLoginServer,
        ...(hours === undefined ? {} : { hours }),
        secrets: [{ name: certificateSecretName, keyVaultUrl: args.certificateSecretUri }],
        volumes: [
          { name: 'site', storageType: 'EmptyDir' },
          { name: 'certificates', storageType: 'Secret', secrets: [{ secretRef: certificateSecretName, path: certificateFileName }] },
        ],
        // Whoever receives comes before whoever sends to it. A quarter of a core each, but for inference: the app's sum must be one that Container Apps knows.
        containers: [
          programContainer({
            program: 'databus',
            image: images.databus,
            schema: databusSettings,
            cpu: 0.25,
            settings: { DATABUS_PORT: site.DATABUS_PORT },
          }),
          authProxy('ingestion', args.telemetry.ingestionHost, line.ingestionProxyPort),
          authProxy('metrics', args.telemetry.remoteWriteHost, line.metricsProxyPort),
          programContainer({
            program: 'model-monitor',
            image: images['model-monitor'],
            schema: modelMonitorSettings,
            cpu: 0.25,
            volumeMounts: [siteMount],
            settings: {
              ...site,
              SITE_DIRECTORY: siteDirectory,
              MODEL_MONITOR_PORT: String(line.modelMonitorPort),
              INSTRUMENTATION_KEY: args.telemetry.instrumentationKey,
              INGESTION_PROXY_PORT: String(line.ingestionProxyPort),
              METRICS_PROXY_PORT: String(line.metricsProxyPort),
              REMOTE_WRITE_PATH: args.telemetry.remoteWritePath,
            },
          }),
          programContainer({
            program: 'otel-collector',
            image: images['otel-collector'],
            schema: otelCollectorSettings,
            cpu: 0.25,
            volumeMounts: [siteMount],
            settings: { ...site, ...telemetry, MODEL_MONITOR_PORT: String(line.modelMonitorPort) },
          }),
          programContainer({
            program: 'data-collector-hub',
            image: images['data-collector-hub'],
            schema: dataCollectorHubSettings,
            cpu: 0.25,
            volumeMounts: [siteMount, certificateMount],
            settings: {
              ...site,
              ...identity,
              SITE_DIRECTORY: siteDirectory,
              DATA_COLLECTOR_HUB_PORT: String(line.dataCollectorHubPort),
              EDGE_BLOB_ENDPOINT: landingZone.blobEndpoint,
              LANDING_ZONE_CONTAINER: landingZone.container,
              BATCH_IDLE_MS: String(line.batchIdleMs),
              BATCH_MAX_RECORDS: String(line.batchMaxRecords),
            },
          }),
          programContainer({
            program: 'data-collector',
            image: images['data-collector'],
            schema: dataCollectorSettings,
            cpu: 0.25,
            volumeMounts: [siteMount],
            settings: { ...site, SITE_DIRECTORY: siteDirectory, DATA_COLLECTOR_HUB_PORT: String(line.dataCollectorHubPort) },
          }),
          programContainer({
            program: 'production-line',
            image: images['production-line'],
            schema: productionLineSettings,
            cpu: 0.25,
            settings: { ...site, LINE_MODE: line.lineMode, SAMPLE_INTERVAL_MS: String(line.sampleIntervalMs) },
          }),
          programContainer({
            program: 'inference-server',
            image: images['inference-server'],
            schema: inferenceServerSettings,
            cpu: 0.5,
            volumeMounts: [siteMount],
            settings: { ...site, ...telemetry, PYTHON: 'python3', MAX_ACTIVE_PIPELINES: '2' },
          }),
          programContainer({
            program: 'model-manager',
            image: images['model-manager'],
            schema: modelManagerSettings,
            cpu: 0.25,
            volumeMounts: [siteMount, certificateMount],
            settings: {
              ...site,
              ...telemetry,
              IOT_HUB_HOST: args.iotHubHost,
              CERTIFICATE_FILE: certificateFile,
              PRIVATE_KEY_FILE: certificateFile,
              MIN_FREE_DISK_BYTES: String(200 * 2 ** 20),
              MAX_PACKAGE_BYTES: String(500 * 2 ** 20),
            },
          }),
        ],
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    this.appName = app.appName;
    this.registerOutputs({ appName: this.appName });
  }
}
