import * as pulumi from '@pulumi/pulumi';
import { loopNames } from '../contracts/datasets';
import type { StackOutputs } from '../contracts/stackOutputs';
import { jobNames } from './configuration/pipelineJobs';
import type { Configuration } from './configuration/schema';
import type { Factory } from './factory';
import type { Deployer } from './resource/deployer';
import type { PlatformLinks } from './resource/platformLinks';

type Exported<T> = { readonly [K in keyof T]: pulumi.Input<T[K]> };

/** What the stack exports, besides the contract: how the site signs in and where its telemetry goes. */
interface SiteLinks {
  readonly siteClientId: pulumi.Output<string>;
  readonly siteTenantId: pulumi.Output<string>;
  readonly siteAuthorityHost: string;
  readonly siteInstrumentationKey: pulumi.Output<string>;
  readonly siteIngestionHost: pulumi.Output<string>;
  readonly siteRemoteWriteHost: pulumi.Output<string>;
  readonly siteRemoteWritePath: pulumi.Output<string>;
  /** Public certificates that Azure knows the site by. */
  readonly siteCertificates: pulumi.Output<string[]>;
  /** Where the stack keeps the site's configuration documents in a vault: their addresses. */
  readonly siteDocuments?: { readonly modelManager: pulumi.Output<string>; readonly modelMonitor: pulumi.Output<string> };
}

/** The stack's outputs. No output is a secret. */
export function stackExports(
  configuration: Configuration,
  deployer: pulumi.Output<Deployer>,
  platform: PlatformLinks,
  factory: Factory,
): Exported<StackOutputs> & SiteLinks {
  const { data, edge } = factory.storage;
  const { cloud, dataset } = configuration;
  const names = loopNames(configuration.factory, dataset.name);
  return {
    factory: configuration.factory,
    dataset: dataset.name,
    subscriptionId: deployer.subscriptionId,
    resourceGroup: platform.resourceGroup.name,
    resourceManagerEndpoint: cloud.resourceManagerEndpoint,
    resourceManagerAudience: cloud.resourceManagerAudience,
    dataBlobEndpoint: data.blobEndpoint,
    dataQueueEndpoint: data.queueEndpoint,
    releaseQueue: data.queues['tag-and-deliver'].name,
    edgeBlobEndpoint: edge.blobEndpoint,
    mlBlobEndpoint: platform.models.blobEndpoint,
    rawContainer: data.containers.raw.name,
    processedContainer: data.containers.processed.name,
    quarantineContainer: data.containers.quarantine.name,
    deliveriesContainer: data.containers.deliveries.name,
    packagedModelsContainer: edge.containers['packaged-models'].name,
    landingZoneContainer: edge.containers['landing-zone'].name,
    modelsContainer: platform.models.containerName,
    mlWorkspace: platform.workspace.name,
    modelName: names.model,
    registryLoginServer: platform.registry.loginServer,
    modelRepository: names.modelRepository,
    packageRepository: names.packageRepository,
    eventHubsHost: factory.route.eventHubsHost,
    eventHubName: factory.route.eventHubName,
    evidenceConsumerGroup: factory.route.evidenceConsumerGroup,
    iotHubHost: factory.route.iotHubHost,
    deviceId: factory.device.deviceId,
    jobs: pulumi.all(Object.fromEntries(jobNames.map((job) => [job, factory.programs.jobs[job].jobName]))),
    databusPort: configuration.edgeSite.databusPort,
    applicationInsightsId: platform.applicationInsightsId,
    logsQueryEndpoint: `${cloud.logsQueryEndpoint}/v1`,
    metricsQueryEndpoint: platform.telemetry.metricsQueryEndpoint,
    siteClientId: factory.siteIdentity.clientId,
    siteTenantId: deployer.tenantId,
    siteAuthorityHost: cloud.authorityHost,
    siteInstrumentationKey: platform.telemetry.instrumentationKey,
    siteIngestionHost: platform.telemetry.ingestionHost,
    siteRemoteWriteHost: platform.telemetry.remoteWriteHost,
    siteRemoteWritePath: platform.telemetry.remoteWritePath,
    siteCertificates: factory.siteCertificates,
    ...(factory.siteDocuments === undefined
      ? {}
      : { siteDocuments: { modelManager: factory.siteDocuments.modelManager.uri, modelMonitor: factory.siteDocuments.modelMonitor.uri } }),
  };
}
