import 'reflect-metadata';
import { randomUUID, webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import * as x509 from '@peculiar/x509';
import { type FactoryActor, type FactoryScope, rowsOf } from '../../../components/access/roleMatrix';
import { builtInRoles, customRoles, isCustomRole } from '../../../components/resource/roles';
import { httpsUrl } from '../../../contracts/settings/settings';
import { encodeQueueMessage } from '../../../contracts/eventGrid';
import { type HubConnection, connectDevice } from '../../../edge-sim/model-manager/hubConnection';
import { ContainerRegistry } from '../../../local-azure/container-registry/containerRegistry';
import { Entra } from '../../../local-azure/entra/entra';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { EventHubs } from '../../../local-azure/event-hubs/eventHubs';
import { IotHub } from '../../../local-azure/iot-hub/iotHub';
import { MachineLearning } from '../../../local-azure/machine-learning/machineLearning';
import { armId } from '../../../local-azure/region/armId';
import type { ContainerRuntime } from '../../../local-azure/region/serviceInterfaces';
import { createRegionContext, subscriptionId, type RegionOptions } from '../../../local-azure/region/regionContext';
import { ResourceManager } from '../../../local-azure/resource-manager/resourceManager';
import { Storage } from '../../../local-azure/storage/storage';

export const group = 'rg';
const accountName = (name: string) => `${name}1`;
const account = (name: string) => armId(group, 'Microsoft.Storage/storageAccounts', accountName(name));
const container = (name: string, of: string) => `${account(name)}/blobServices/default/containers/${of}`;
const workspace = armId(group, 'Microsoft.MachineLearningServices/workspaces', 'ml');
const registryId = armId(group, 'Microsoft.ContainerRegistry/registries', 'factoryloop1');
const namespaceId = armId(group, 'Microsoft.EventHub/namespaces', 'events');
const eventHubId = `${namespaceId}/eventhubs/from-devices`;
const hubId = armId(group, 'Microsoft.Devices/IotHubs', 'hub');
const systemData = { createdAt: '', createdBy: '', createdByType: '', lastModifiedAt: '', lastModifiedBy: '', lastModifiedByType: '' };

export const computeId = `${workspace}/computes/cluster`;
export const environmentId = `${workspace}/environments/train/versions/1`;
const identityId = (who: FactoryActor) => armId(group, 'Microsoft.ManagedIdentity/userAssignedIdentities', who);

const scopeId = (scope: FactoryScope): string => {
  const [kind, name] = scope.split('/') as [string, string | undefined];
  if (kind === 'queue') return `${account('data')}/queueServices/default/queues/${name}`;
  if (kind === 'data' || kind === 'edge' || kind === 'ml') return name === undefined ? account(kind) : container(kind, name);
  const known: Record<string, string> = { 'ml-workspace': workspace, registry: registryId, 'iot-hub': hubId, 'event-hub': eventHubId };
  const id = known[kind];
  if (id === undefined) throw new Error(`no resource for the scope ${scope}`);
  return id;
};
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** A training job is noted and goes on until it is stopped: what runs in it is the training program's test. */
const jobRuntime = (started: { name: string; environment: Readonly<Record<string, string>> }[]): ContainerRuntime => ({
  run: async ({ name, environment }) => {
    started.push({ name, environment });
    const stopped = new AbortController();
    const exited = once(stopped.signal, 'abort').then(() => ({ code: null, signal: 'SIGTERM' }));
    return { pid: 0, exited, stop: async () => stopped.abort() };
  },
});

/** The services that the programs from training to delivery meet, and their identities with the roles of the role matrix and no others; `people` are those that a stack may list. */
export async function deliveryRegion({
  people = [],
  ...options
}: Omit<RegionOptions, 'directory'> & { readonly people?: readonly FactoryActor[] } = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'delivery-'));
  const context = await createRegionContext({ ...options, directory });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
  const entra = new Entra(context);
  const resourceManager = new ResourceManager(context);
  const registry = new ContainerRegistry(context, resourceManager);
  const storage = new Storage(context);
  const eventHubs = new EventHubs(context);
  const iotHub = new IotHub(context, { directory: entra, ingress: eventHubs });
  const published: { readonly eventType: string; readonly subject: string; readonly data: unknown }[] = [];
  const events = { publish: async (_: string, event: (typeof published)[number]) => void published.push(event) };
  const jobs: { name: string; environment: Readonly<Record<string, string>> }[] = [];
  const machineLearning = new MachineLearning(context, {
    directory: entra,
    identityEndpoint: entra,
    runtime: jobRuntime(jobs),
    resourceManager,
    events,
  });
  storage.events = events;
  const services = [entra, resourceManager, registry, storage, eventHubs, iotHub, machineLearning];
  for (const service of services) await service.start();

  for (const name of ['data', 'edge', 'ml']) storage.declareAccount(account(name));
  for (const name of ['processed', 'deliveries', 'checkpoints']) await storage.declareContainer(account('data'), name);
  for (const name of ['model-development', 'validate-and-package', 'tag-and-deliver', 'delivery'])
    await storage.declareQueue(account('data'), name);
  await storage.declareContainer(account('edge'), 'packaged-models');
  await storage.declareContainer(account('ml'), 'models');
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
  const { loginServer } = await registry.putRegistry({ id: registryId, name: 'factoryloop1', armAudience: false });
  await eventHubs.putNamespace(namespaceId, 'events');
  eventHubs.putEventHub({ id: eventHubId, namespaceId, name: 'from-devices', partitionCount: 2, retentionMs: 86_400_000 });
  eventHubs.putConsumerGroup({ id: `${eventHubId}/consumergroups/delivery`, eventHubId, name: 'delivery' });

  const identity = (who: FactoryActor): Principal => entra.managedIdentity(identityId(who), who);
  for (const [role, { name, actions, dataActions }] of Object.entries(customRoles))
    context.roles.define({
      id: role,
      name,
      assignableScopes: ['/'],
      actions: [...actions],
      notActions: [],
      dataActions: [...dataActions],
      notDataActions: [],
    });
  for (const { who, role, scope } of rowsOf(
    'model-development',
    'train',
    'validate-and-package',
    'tag-and-deliver',
    'delivery',
    'iot-hub',
    ...people,
  )) {
    const roleDefinitionId = isCustomRole(role) ? role : builtInRoles[role].guid;
    context.roles.assign({
      id: `${scopeId(scope)}/${who}/${role}`,
      scope: scopeId(scope),
      roleDefinitionId,
      principalId: identity(who).objectId,
      principalType: 'ServicePrincipal',
    });
  }
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

  const credential = (who: Principal): TokenCredential => ({
    getToken: async (scopes) => {
      const { token, expiresOn } = context.authority.issue(who, String(scopes).replace(/\/\.default$/, ''));
      return { token, expiresOnTimestamp: expiresOn * 1_000 };
    },
  });
  const owner: Principal = { objectId: randomUUID(), clientId: randomUUID(), displayName: 'test' };
  for (const name of ['blobDataContributor', 'queueMessageSender', 'queueDataReader'] as const) {
    for (const place of ['data', 'edge', 'ml'])
      context.roles.assign({
        id: `${account(place)}/test/${name}`,
        scope: account(place),
        roleDefinitionId: builtInRoles[name].guid,
        principalId: owner.objectId,
        principalType: 'User',
      });
  }
  const endpoints = (name: 'data' | 'edge' | 'ml') => ({
    blob: httpsUrl().parse(storage.endpoints(accountName(name)).blob),
    queue: httpsUrl().parse(storage.endpoints(accountName(name)).queue),
  });
  const blobs = (name: 'data' | 'edge' | 'ml', of: string, who = owner) =>
    new BlobServiceClient(endpoints(name).blob, credential(who)).getContainerClient(of);
  const queue = (name: string) => new QueueServiceClient(endpoints('data').queue, credential(owner)).getQueueClient(name);

  return {
    context,
    entra,
    endpoints,
    loginServer,
    machineLearning,
    published,
    jobs,
    identity,
    credential,
    blobs,
    subscriptionId,
    resourceManagerEndpoint: resourceManager.endpoint,
    hubHost: iotHub.host(hubId),
    eventHubsHost: eventHubs.host(namespaceId),
    waiting: async (name: string) => (await queue(name).getProperties()).approximateMessagesCount ?? 0,
    /** A delivery as tag-and-deliver tells of it. */
    announce: async (deliveryId: string) => void (await queue('delivery').sendMessage(encodeQueueMessage({ deliveryId }))),
    /** An event as Event Grid would put it into a program's queue. */
    async enqueue(name: string, event: { readonly eventType: string; readonly subject: string; readonly data: unknown }) {
      await queue(name).sendMessage(
        encodeQueueMessage({
          id: randomUUID(),
          topic: 'topic',
          eventTime: new Date().toISOString(),
          dataVersion: '',
          metadataVersion: '1',
          ...event,
        }),
      );
    },
    tell: async (name: string, message: object) => void (await queue(name).sendMessage(encodeQueueMessage(message))),
    blobEvent: (of: string, name: string) => ({
      eventType: 'Microsoft.Storage.BlobCreated',
      subject: `/blobServices/default/containers/${of}/blobs/${name}`,
      data: { api: 'PutBlob', eTag: '0x1', contentLength: 1, url: 'https://x', sequencer: '1', blobType: 'BlockBlob' },
    }),
    async device(deviceId: string): Promise<HubConnection> {
      x509.cryptoProvider.set(webcrypto as never);
      const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
      const certificate = await x509.X509CertificateGenerator.createSelfSigned({
        name: `CN=${deviceId}`,
        serialNumber: '01',
        notBefore: new Date(Date.now() - 60_000),
        notAfter: new Date(Date.now() + 3_600_000),
        signingAlgorithm: algorithm,
        keys: keys as never,
      });
      const thumbprint = Buffer.from(await certificate.getThumbprint('SHA-256')).toString('hex');
      iotHub.devices.put(
        hubId,
        deviceId,
        { deviceId, authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: thumbprint } } },
        undefined,
      );
      const privateKeyPem = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
      return connectDevice({
        host: iotHub.host(hubId),
        deviceId,
        keyPair: async () => ({ certificatePem: certificate.toString('pem'), privateKeyPem }),
      });
    },
    async stop() {
      for (const service of services.reverse()) await service.stop();
      context.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
export type DeliveryRegion = Awaited<ReturnType<typeof deliveryRegion>>;
