import type * as pulumi from '@pulumi/pulumi';
import type { dataPipelineSettings } from '../../contracts/settings/dataPipeline';
import type { deliverySettings } from '../../contracts/settings/delivery';
import type { modelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import type { SettingsOf, SettingsSchema } from '../../contracts/settings/settings';
import type { tagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import type { validateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import type { Configuration } from '../configuration/schema';
import { diskBytes, jobCpu, type QueueName } from '../configuration/pipelineJobs';
import type { MessageRoute } from '../delivery/messageRoute';
import type { PlatformLinks } from '../resource/platformLinks';
import type { LoopStorage } from '../storage/loopStorage';

type Given<S extends SettingsSchema> = SettingsOf<S, pulumi.Input<string>>;

/** What the settings of the pipeline programs are made of. */
interface PipelineSettingsSources {
  readonly configuration: Configuration;
  readonly subscriptionId: pulumi.Input<string>;
  readonly platform: PlatformLinks;
  readonly storage: LoopStorage;
  readonly route: MessageRoute;
  readonly trainingEnvironmentId: pulumi.Input<string>;
  readonly deviceId: pulumi.Input<string>;
  /** Client ids of the programs' identities. */
  readonly clientIds: Readonly<Record<QueueName, pulumi.Input<string>>>;
  /** Version of the pipelines' code, and the commit it was built from. */
  readonly pipelineVersion: string;
  readonly sourceCommit: string;
}

export interface PipelineSettings {
  readonly 'data-pipeline': Given<typeof dataPipelineSettings>;
  readonly 'model-development': Given<typeof modelDevelopmentSettings>;
  readonly 'validate-and-package': Given<typeof validateAndPackageSettings>;
  readonly 'tag-and-deliver': Given<typeof tagAndDeliverSettings>;
  readonly delivery: Given<typeof deliverySettings>;
}

const commaList = (names: readonly string[]) => (names.length === 0 ? undefined : names.join(','));

/** Settings that several programs have. */
function sharedSettings({ configuration, platform, storage, subscriptionId, clientIds }: PipelineSettingsSources) {
  const { cloud, dataset, factory } = configuration;
  const { data, edge } = storage;
  return {
    own: (program: QueueName) => ({
      AZURE_CLIENT_ID: clientIds[program],
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      DATA_BLOB_ENDPOINT: data.blobEndpoint,
      DATA_QUEUE_ENDPOINT: data.queueEndpoint,
      QUEUE_NAME: data.queues[program].name,
    }),
    catalog: {
      AZURE_RESOURCE_MANAGER_ENDPOINT: cloud.resourceManagerEndpoint,
      AZURE_RESOURCE_MANAGER_AUDIENCE: cloud.resourceManagerAudience,
      SUBSCRIPTION_ID: subscriptionId,
      RESOURCE_GROUP: platform.resourceGroup.name,
      ML_WORKSPACE: platform.workspace.name,
      ML_BLOB_ENDPOINT: platform.models.blobEndpoint,
      MODELS_CONTAINER: platform.models.containerName,
      MODELS_DATASTORE: platform.workspace.modelsDatastore,
    },
    packages: { EDGE_BLOB_ENDPOINT: edge.blobEndpoint, PACKAGED_MODELS_CONTAINER: edge.containers['packaged-models'].name },
    processed: { PROCESSED_CONTAINER: data.containers.processed.name },
    deliveries: { DELIVERIES_CONTAINER: data.containers.deliveries.name },
    named: { FACTORY: factory, DATASET_NAME: dataset.name },
  };
}

type Shared = ReturnType<typeof sharedSettings>;
/** Settings of a program beside those that it shares. */
type Further<P extends QueueName, Groups extends 'packages' | 'processed' | 'deliveries'> = Omit<
  PipelineSettings[P],
  keyof ReturnType<Shared['own']> | { [G in Groups]: keyof Shared[G] }[Groups]
>;

/** Where data come from and go to, how they are cut, and when they start a new round. */
function dataSettings({ configuration, storage }: PipelineSettingsSources): Further<'data-pipeline', 'processed'> {
  const { dataset, retrain } = configuration;
  const { data, edge } = storage;
  return {
    EDGE_BLOB_ENDPOINT: edge.blobEndpoint,
    RAW_CONTAINER: data.containers.raw.name,
    CHECKPOINTS_CONTAINER: data.containers.checkpoints.name,
    QUARANTINE_CONTAINER: data.containers.quarantine.name,
    LANDING_ZONE_CONTAINER: edge.containers['landing-zone'].name,
    DATASET_NAME: dataset.name,
    SETTLE_SECONDS: String(dataset.settleSeconds),
    WINDOW_SECONDS: String(dataset.windowSeconds),
    STRIDE_SECONDS: String(dataset.strideSeconds),
    REFERENCE_FRACTION: String(dataset.referenceFraction),
    TIME_COLUMN: dataset.timeColumn,
    LABEL_COLUMNS: commaList(dataset.labelColumns),
    IGNORED_COLUMNS: commaList(dataset.ignoredColumns),
    MAX_FILE_BYTES: String(dataset.maxFileBytes),
    DISK_BYTES: String(diskBytes(jobCpu['data-pipeline'])),
    RETRAIN_MIN_NEW_WINDOWS: String(retrain.minNewWindows),
    RETRAIN_MIN_INTERVAL_SECONDS: String(retrain.minIntervalSeconds),
  };
}

/** Where the messages of a delivery run, and how long each part of it may take. */
function exchangeSettings({ configuration, storage, route }: PipelineSettingsSources): Further<'delivery', 'packages' | 'deliveries'> {
  const { delivery, jobs } = configuration;
  return {
    CHECKPOINTS_CONTAINER: storage.data.containers.checkpoints.name,
    IOT_HUB_HOST: route.iotHubHost,
    EVENT_HUBS_HOST: route.eventHubsHost,
    EVENT_HUB_NAME: route.eventHubName,
    CONSUMER_GROUP: route.deliveryConsumerGroup,
    SAS_LIFETIME_SECONDS: String(delivery.sasLifetimeSeconds),
    STEP_TIMEOUT_SECONDS: String(delivery.stepTimeoutSeconds),
    DELIVERY_TIMEOUT_SECONDS: String(delivery.deliveryTimeoutSeconds),
    POLLING_INTERVAL_SECONDS: String(jobs.pollingIntervalSeconds),
  };
}

/** The settings of every pipeline program: endpoints, names and limits, no secret. */
export function pipelineSettings(sources: PipelineSettingsSources): PipelineSettings {
  const { configuration, platform, storage } = sources;
  const { gate } = configuration;
  const { own, catalog, packages, processed, deliveries, named } = sharedSettings(sources);
  return {
    'data-pipeline': { ...own('data-pipeline'), ...processed, ...dataSettings(sources) },
    'model-development': {
      ...own('model-development'),
      ...catalog,
      ...processed,
      COMPUTE_ID: platform.trainingCluster.id,
      ENVIRONMENT_ID: sources.trainingEnvironmentId,
      ...named,
      TRAIN_CLIENT_ID: platform.trainingCluster.clientId,
      SOURCE_COMMIT: sources.sourceCommit,
    },
    'validate-and-package': {
      ...own('validate-and-package'),
      ...catalog,
      ...processed,
      ...packages,
      ...named,
      GATE_MAX_FALSE_ALARM_RATE: String(gate.maxFalseAlarmRate),
      GATE_MIN_FAULT_DETECTION: String(gate.minFaultDetection),
      GATE_MIN_LABEL_AUC: String(gate.minLabelAuc),
      PIPELINE_VERSION: sources.pipelineVersion,
    },
    'tag-and-deliver': {
      ...own('tag-and-deliver'),
      ...catalog,
      ...packages,
      ...deliveries,
      DELIVERY_QUEUE_NAME: storage.data.queues.delivery.name,
      REGISTRY_LOGIN_SERVER: platform.registry.loginServer,
      ...named,
      DEVICE_ID: sources.deviceId,
      RELEASE: configuration.release,
      PIPELINE_VERSION: sources.pipelineVersion,
      SOURCE_COMMIT: sources.sourceCommit,
    },
    delivery: { ...own('delivery'), ...packages, ...deliveries, ...exchangeSettings(sources) },
  };
}
