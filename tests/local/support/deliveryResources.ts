import { type FactoryActor, type FactoryScope, rowsOf } from '../../../components/access/roleMatrix';
import type { EventHubs } from '../../../local-azure/event-hubs/eventHubs';
import type { IotHub } from '../../../local-azure/iot-hub/iotHub';
import type { MachineLearning } from '../../../local-azure/machine-learning/machineLearning';
import { armId } from '../../../local-azure/region/armId';
import type { RegionContext } from '../../../local-azure/region/regionContext';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import type { Storage } from '../../../local-azure/storage/storage';
import { assignRole, defineCustomRoles, roleId } from './principals';

export const group = 'rg';
export const accountName = (name: string) => `${name}1`;
export const account = (name: string) => armId(group, 'Microsoft.Storage/storageAccounts', accountName(name));
const container = (name: string, of: string) => `${account(name)}/blobServices/default/containers/${of}`;
const workspace = armId(group, 'Microsoft.MachineLearningServices/workspaces', 'ml');
export const registryId = armId(group, 'Microsoft.ContainerRegistry/registries', 'factoryloop1');
export const namespaceId = armId(group, 'Microsoft.EventHub/namespaces', 'events');
const eventHubId = `${namespaceId}/eventhubs/from-devices`;
export const hubId = armId(group, 'Microsoft.Devices/IotHubs', 'hub');
const systemData = { createdAt: '', createdBy: '', createdByType: '', lastModifiedAt: '', lastModifiedBy: '', lastModifiedByType: '' };

export const computeId = `${workspace}/computes/cluster`;
export const environmentId = `${workspace}/environments/train/versions/1`;
export const identityId = (who: FactoryActor) => armId(group, 'Microsoft.ManagedIdentity/userAssignedIdentities', who);

const scopeId = (scope: FactoryScope): string => {
  const [kind, name] = scope.split('/') as [string, string | undefined];
  if (kind === 'queue') return `${account('data')}/queueServices/default/queues/${name}`;
  if (kind === 'data' || kind === 'edge' || kind === 'ml') return name === undefined ? account(kind) : container(kind, name);
  const known: Record<string, string> = { 'ml-workspace': workspace, registry: registryId, 'iot-hub': hubId, 'event-hub': eventHubId };
  const id = known[kind];
  if (id === undefined) throw new Error(`no resource for the scope ${scope}`);
  return id;
};

export async function declareStorage(storage: Storage): Promise<void> {
  for (const name of ['data', 'edge', 'ml']) storage.declareAccount(account(name));
  for (const name of ['processed', 'deliveries', 'checkpoints']) await storage.declareContainer(account('data'), name);
  for (const name of ['model-development', 'validate-and-package', 'tag-and-deliver', 'delivery'])
    await storage.declareQueue(account('data'), name);
  await storage.declareContainer(account('edge'), 'packaged-models');
  await storage.declareContainer(account('ml'), 'models');
}

/** A workspace with the models' datastore, a cluster of at most one node and the environment of `train`. */
export function declareMachineLearning(machineLearning: MachineLearning): void {
  machineLearning.workspaces.put({
    id: workspace,
    name: 'ml',
    type: 'Microsoft.MachineLearningServices/workspaces',
    location: 'local',
    properties: {},
    systemData,
  });
  machineLearning.workspaces.put({
    id: `${workspace}/datastores/models`,
    name: 'models',
    type: 'Microsoft.MachineLearningServices/workspaces/datastores',
    properties: {
      datastoreType: 'AzureBlob',
      accountName: accountName('ml'),
      containerName: 'models',
      credentials: { credentialsType: 'None' },
    },
    systemData,
  });
  machineLearning.workspaces.put({
    id: computeId,
    name: 'cluster',
    type: 'Microsoft.MachineLearningServices/workspaces/computes',
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId('train')]: {} } },
    properties: { computeType: 'AmlCompute', properties: { scaleSettings: { minNodeCount: 0, maxNodeCount: 1 } } },
    systemData,
  });
  machineLearning.assets.putVersion(workspace, 'environments', 'train', '1', { image: 'registry.test/train:1' }, 'deployment');
}

/** The hub, and the event hub that it passes messages of devices to. */
export async function declareMessages(eventHubs: EventHubs, iotHub: IotHub): Promise<void> {
  await eventHubs.putNamespace(namespaceId, 'events');
  eventHubs.putEventHub({ id: eventHubId, namespaceId, name: 'from-devices', partitionCount: 2, retentionMs: 86_400_000 });
  eventHubs.putConsumerGroup({ id: `${eventHubId}/consumergroups/delivery`, eventHubId, name: 'delivery' });
  await iotHub.putHub(hubId, 'hub', {
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'from-devices',
            authenticationType: 'identityBased',
            identity: { userAssignedIdentity: identityId('iot-hub') },
            endpointUri: `sb://${eventHubs.host(namespaceId)}`,
            entityPath: 'from-devices',
          },
        ],
      },
      routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['from-devices'], isEnabled: true }],
    },
  });
}

/** The programs from training to delivery with the roles of the role matrix and no others; `people` are those that a stack may list. */
export function assignMatrix(context: RegionContext, identity: (who: FactoryActor) => Principal, people: readonly FactoryActor[]): void {
  defineCustomRoles(context);
  for (const { who, role, scope } of rowsOf(
    'model-development',
    'train',
    'validate-and-package',
    'tag-and-deliver',
    'delivery',
    'iot-hub',
    ...people,
  ))
    assignRole(context, identity(who), roleId(role), scopeId(scope));
}
