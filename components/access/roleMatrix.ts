import { jobNames, type JobName, type QueueName } from '../configuration/pipelineJobs';
import { type Role } from '../resource/roles';

/** One role assignment and its reason. `step` is the step of the loop that fails without it. */
export interface RoleRow<Who extends string, Scope extends string> {
  readonly who: Who;
  readonly role: Role;
  readonly scope: Scope;
  readonly step: string;
  readonly why: string;
}

/**
 * What Azure's own insides need. The list is Microsoft's ("Set up service authentication", user-assigned identity of a workspace); it is the
 * only place where Contributor appears, each time on one resource and never on a group.
 */
type PlatformScope = 'ml' | 'ml-vault' | 'registry' | 'app-insights' | 'ml-workspace';
export type PlatformRow = RoleRow<'ml-workspace', PlatformScope>;
// prettier-ignore
export const workspaceRoles: readonly PlatformRow[] = [
  { who: 'ml-workspace', role: 'contributor', scope: 'ml', step: '3a', why: 'Azure ML manages its containers in the workspace storage account' },
  { who: 'ml-workspace', role: 'blobDataContributor', scope: 'ml', step: '3a', why: 'Azure ML keeps job artefacts there, and shared keys are off' },
  { who: 'ml-workspace', role: 'contributor', scope: 'ml-vault', step: '3a', why: 'Azure ML manages the vault of the workspace' },
  { who: 'ml-workspace', role: 'keyVaultAdministrator', scope: 'ml-vault', step: '3a', why: 'Azure ML keeps secrets of the workspace there; the vault has no access policies' },
  { who: 'ml-workspace', role: 'contributor', scope: 'registry', step: '3a', why: 'Azure ML resolves and caches environment images' },
  { who: 'ml-workspace', role: 'contributor', scope: 'app-insights', step: '3a', why: 'Azure ML links the workspace to its telemetry' },
  { who: 'ml-workspace', role: 'contributor', scope: 'ml-workspace', step: '3a', why: 'Azure ML acts on the workspace as this identity' },
];

export type FactoryScope =
  | 'data'
  | 'data/raw'
  | 'data/processed'
  | 'data/quarantine'
  | 'data/deliveries'
  | 'data/checkpoints'
  | 'data/dead-letters'
  | `queue/${QueueName}`
  | `job/${JobName}`
  | 'edge'
  | 'edge/packaged-models'
  | 'edge/landing-zone'
  | 'ml'
  | 'ml/models'
  | 'ml-workspace'
  | 'registry'
  | 'app-insights'
  | 'metrics-rule'
  | 'metrics-workspace'
  | 'iot-hub'
  | 'event-hub'
  | 'site-vault'
  | 'site-vault/key'
  | 'site-vault/model-manager'
  | 'site-vault/model-monitor';
export type FactoryActor =
  | QueueName
  | 'train'
  | 'iot-hub'
  | 'data-events'
  | 'edge-events'
  | 'ml-events'
  | 'edge-site'
  | 'site'
  | 'deployer'
  | 'document-writer'
  | 'engineer'
  | 'reader'
  | 'raw-writer'
  | 'approver'
  | 'smoke-tester';
export type FactoryRow = RoleRow<FactoryActor, FactoryScope>;

const receives = (who: QueueName, step: string): FactoryRow => ({
  who,
  role: 'queueMessageProcessor',
  scope: `queue/${who}`,
  step,
  why: 'receives and deletes the messages that it works on',
});
const job = (who: JobName, step: string): FactoryRow[] => [
  receives(who, step),
  {
    who,
    role: 'queueDataReader',
    scope: `queue/${who}`,
    step,
    why: 'its length decides whether the program starts: the scaler asks for it when it sees 32 messages',
  },
];
const pull = (who: FactoryActor, step: string): FactoryRow => ({
  who,
  role: 'acrPull',
  scope: 'registry',
  step,
  why: 'pulls its own image',
});
const deadLetters = (who: FactoryActor, step: string): FactoryRow => ({
  who,
  role: 'blobDataContributor',
  scope: 'data/dead-letters',
  step,
  why: 'keeps events that no queue took',
});
const sends = (who: FactoryActor, queue: QueueName, step: string, why: string): FactoryRow => ({
  who,
  role: 'queueMessageSender',
  scope: `queue/${queue}`,
  step,
  why,
});

/** Where a smoke test takes away what it made; who runs it is a reader and a raw-writer besides. */
const smokeScopes: readonly (readonly [FactoryScope, string])[] = [
  ['data/processed', 'removes its windows and manifest'],
  ['data/quarantine', 'removes its refused files'],
  ['data/deliveries', 'removes its delivery record'],
  ['edge/packaged-models', 'removes its package'],
  ['ml-workspace', 'archives its model and data version'],
  ['registry', 'removes its artifacts'],
];

/** Who may do what in a factory's part of the loop, least privilege. */
// prettier-ignore
export const factoryRoles: readonly FactoryRow[] = [
  ...job('data-pipeline', '1a'),
  { who: 'data-pipeline', role: 'blobDataReader', scope: 'data/raw', step: '1a', why: 'reads raw files, never changes them' },
  { who: 'data-pipeline', role: 'blobDataReader', scope: 'edge/landing-zone', step: '1a', why: 'reads recycled inference data' },
  { who: 'data-pipeline', role: 'blobDataContributor', scope: 'data/processed', step: '1b', why: 'writes windows and the manifest' },
  { who: 'data-pipeline', role: 'blobDataContributor', scope: 'data/checkpoints', step: '1a', why: 'holds the lease that makes it single' },
  { who: 'data-pipeline', role: 'blobDataContributor', scope: 'data/quarantine', step: '1b', why: 'keeps copies of refused files with the reason' },
  pull('data-pipeline', '1a'),

  ...job('model-development', '3a'),
  { who: 'model-development', role: 'blobDataReader', scope: 'data/processed', step: '3a', why: 'reads the manifest of the data version' },
  { who: 'model-development', role: 'machineLearningDataScientist', scope: 'ml-workspace', step: '3a', why: 'registers the data asset and submits the training job' },
  pull('model-development', '3a'),

  { who: 'train', role: 'blobDataReader', scope: 'data/processed', step: '3a', why: 'reads the windows to train on' },
  { who: 'train', role: 'blobDataContributor', scope: 'ml', step: '3b', why: 'writes the model files, and the logs of its job into containers whose names Azure ML chooses' },
  { who: 'train', role: 'machineLearningDataScientist', scope: 'ml-workspace', step: '3b', why: 'registers the model version' },
  pull('train', '3a'),

  ...job('validate-and-package', '5a'),
  { who: 'validate-and-package', role: 'machineLearningDataScientist', scope: 'ml-workspace', step: '5a', why: 'reads the model version and writes the verdict into its tags' },
  { who: 'validate-and-package', role: 'blobDataReader', scope: 'ml/models', step: '5a', why: 'loads the model' },
  { who: 'validate-and-package', role: 'blobDataReader', scope: 'data/processed', step: '5a', why: 'loads the windows to judge it with' },
  { who: 'validate-and-package', role: 'blobDataContributor', scope: 'edge/packaged-models', step: '5b', why: 'writes the edge package and its digest' },
  pull('validate-and-package', '5a'),

  ...job('tag-and-deliver', '7'),
  { who: 'tag-and-deliver', role: 'machineLearningDataScientist', scope: 'ml-workspace', step: '7', why: 'tags the model version' },
  { who: 'tag-and-deliver', role: 'blobDataReader', scope: 'ml/models', step: '7', why: 'reads the model that goes into the registry' },
  { who: 'tag-and-deliver', role: 'blobDataReader', scope: 'edge/packaged-models', step: '7', why: 'reads the package that goes into the registry' },
  { who: 'tag-and-deliver', role: 'acrPush', scope: 'registry', step: '7', why: 'pushes model and package as artifacts; includes pulling its own image' },
  { who: 'tag-and-deliver', role: 'blobDataContributor', scope: 'data/deliveries', step: '7', why: 'opens the delivery record' },
  sends('tag-and-deliver', 'delivery', '7', 'tells the delivery program about the record'),

  receives('delivery', '8a'),
  { who: 'delivery', role: 'blobDataContributor', scope: 'data/deliveries', step: '8a', why: 'keeps the state of each delivery' },
  { who: 'delivery', role: 'blobDataContributor', scope: 'data/checkpoints', step: '8b', why: 'keeps its place in the event hub' },
  { who: 'delivery', role: 'cloudToDeviceSender', scope: 'iot-hub', step: '8a', why: 'announces deliveries and answers with the download address' },
  { who: 'delivery', role: 'eventHubsDataReceiver', scope: 'event-hub', step: '8b', why: "receives the model manager's requests and states" },
  { who: 'delivery', role: 'blobDelegator', scope: 'edge', step: '8c', why: 'signs download addresses; the key is the account\'s, so is the scope' },
  { who: 'delivery', role: 'blobDataReader', scope: 'edge/packaged-models', step: '8c', why: 'a signed address is worth what its signer may read' },
  pull('delivery', '8a'),

  { who: 'iot-hub', role: 'eventHubsDataSender', scope: 'event-hub', step: '8b', why: 'routes device messages; its built-in endpoint takes shared keys only' },
  sends('data-events', 'data-pipeline', '1a', 'a raw file starts the data pipeline'),
  sends('data-events', 'model-development', '2', 'a manifest starts model development'),
  deadLetters('data-events', '1a'),
  sends('edge-events', 'data-pipeline', '1a', 'recycled data starts the data pipeline'),
  sends('edge-events', 'tag-and-deliver', '6', 'a finished package starts its delivery'),
  deadLetters('edge-events', '6'),
  sends('ml-events', 'validate-and-package', '4', 'a registered model starts its validation'),
  deadLetters('ml-events', '4'),

  pull('edge-site', '8b'),
  { who: 'edge-site', role: 'keyVaultSecretsUser', scope: 'site-vault/key', step: '8b', why: "mounts the key and certificate of the simulated site, and no other secret of the vault" },
  { who: 'site', role: 'landingZoneWriter', scope: 'edge/landing-zone', step: '13c', why: 'adds inference data for the next training round' },
  { who: 'site', role: 'monitoringMetricsPublisher', scope: 'app-insights', step: '12', why: 'sends logs and metrics of the edge' },
  { who: 'site', role: 'monitoringMetricsPublisher', scope: 'metrics-rule', step: '12', why: 'writes metrics through the rule that leads to the Azure Monitor workspace' },

  { who: 'deployer', role: 'iotHubRegistryContributor', scope: 'iot-hub', step: '8b', why: 'registers the device of the model manager' },
  { who: 'deployer', role: 'keyVaultSecretsOfficer', scope: 'site-vault', step: '8b', why: 'stores the key and certificate that the deployment makes for the site' },

  { who: 'document-writer', role: 'keyVaultCertificatesOfficer', scope: 'site-vault', step: '8b', why: "keeps the site's certificate under the names of its configuration documents" },
  { who: 'engineer', role: 'keyVaultSecretsUser', scope: 'site-vault/model-manager', step: '8b', why: 'takes the configuration document of the AI Model Manager to the site' },
  { who: 'engineer', role: 'keyVaultSecretsUser', scope: 'site-vault/model-monitor', step: '12', why: 'takes the configuration document of the AI Model Monitor to the site' },

  { who: 'reader', role: 'blobDataReader', scope: 'data', step: 'evidence', why: 'reads data versions, quarantine and delivery records' },
  { who: 'reader', role: 'blobDataReader', scope: 'edge', step: 'evidence', why: 'reads packages and digests' },
  { who: 'reader', role: 'blobDataReader', scope: 'ml/models', step: 'evidence', why: 'reads model files' },
  { who: 'reader', role: 'reader', scope: 'ml-workspace', step: 'evidence', why: 'reads model versions, training jobs and tags' },
  ...jobNames.map((job): FactoryRow => ({ who: 'reader', role: 'reader', scope: `job/${job}`, step: 'evidence', why: 'reads when the program ran and how it ended' })),
  { who: 'reader', role: 'eventHubsDataReceiver', scope: 'event-hub', step: 'evidence', why: 'sees the messages of the device, in a consumer group of its own' },
  { who: 'reader', role: 'acrPull', scope: 'registry', step: 'evidence', why: 'reads artifact manifests' },
  { who: 'reader', role: 'monitoringReader', scope: 'app-insights', step: 'evidence', why: 'asks for logs and metrics of the edge' },
  { who: 'reader', role: 'monitoringDataReader', scope: 'metrics-workspace', step: 'evidence', why: 'asks for series of the edge' },
  { who: 'raw-writer', role: 'blobDataContributor', scope: 'data/raw', step: '1a', why: 'drops raw files' },
  { who: 'approver', role: 'releaseApprover', scope: 'data/deliveries', step: '8a', why: 'reads the deliveries that wait and writes the decision' },
  sends('approver', 'tag-and-deliver', '8a', 'hands the decision to the program that releases'),
  ...smokeScopes.map(([scope, why]): FactoryRow => ({ who: 'smoke-tester', role: 'smokeCleaner', scope, step: 'smoke', why: `after a smoke test: ${why}` })),
];

/** Rows of these actors. */
export const rowsOf = (...actors: readonly FactoryActor[]): FactoryRow[] => factoryRoles.filter((row) => actors.includes(row.who));
