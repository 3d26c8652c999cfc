import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { FactoryActor } from '../../../components/access/roleMatrix';
import { httpsUrl } from '../../../contracts/settings/settings';
import { encodeQueueMessage } from '../../../contracts/eventGrid';
import { type HubConnection, connectDevice } from '../../../edge-sim/model-manager/hubConnection';
import { ContainerRegistry } from '../../../local-azure/container-registry/containerRegistry';
import { Entra } from '../../../local-azure/entra/entra';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { EventHubs } from '../../../local-azure/event-hubs/eventHubs';
import { IotHub } from '../../../local-azure/iot-hub/iotHub';
import { MachineLearning } from '../../../local-azure/machine-learning/machineLearning';
import type { ContainerRuntime } from '../../../local-azure/region/serviceInterfaces';
import { createRegionContext, subscriptionId, type RegionOptions } from '../../../local-azure/region/regionContext';
import { queueEvent, type QueueEvent } from '../../support/queueEvents';
import { ResourceManager } from '../../../local-azure/resource-manager/resourceManager';
import { Storage } from '../../../local-azure/storage/storage';
import {
  account,
  accountName,
  assignMatrix,
  declareMachineLearning,
  declareMessages,
  declareStorage,
  hubId,
  identityId,
  namespaceId,
  registryId,
} from './deliveryResources';
import { deviceCertificate } from './deviceCertificate';
import { deviceDescription } from './hubDevices';
import { assignRole, credentialOf, roleId } from './principals';

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

  await declareStorage(storage);
  declareMachineLearning(machineLearning);
  const { loginServer } = await registry.putRegistry({ id: registryId, name: 'factoryloop1', armAudience: false });
  const identity = (who: FactoryActor): Principal => entra.managedIdentity(identityId(who), who);
  assignMatrix(context, identity, people);
  await declareMessages(eventHubs, iotHub);

  const credential = (who: Principal) => credentialOf(context, who);
  const owner: Principal = { objectId: randomUUID(), clientId: randomUUID(), displayName: 'test' };
  for (const role of ['blobDataContributor', 'queueMessageSender', 'queueDataReader'] as const)
    for (const name of ['data', 'edge', 'ml']) assignRole(context, owner, roleId(role), account(name));
  const endpoints = (name: 'data' | 'edge' | 'ml') => ({
    blob: httpsUrl().parse(storage.endpoints(accountName(name)).blob),
    queue: httpsUrl().parse(storage.endpoints(accountName(name)).queue),
  });
  const blobs = (name: 'data' | 'edge' | 'ml', of: string, who = owner) =>
    new BlobServiceClient(endpoints(name).blob, credential(who)).getContainerClient(of);
  const queue = (name: string) => new QueueServiceClient(endpoints('data').queue, credential(owner)).getQueueClient(name);
  const tell = async (name: string, message: object) => void (await queue(name).sendMessage(encodeQueueMessage(message)));

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
    tell,
    /** A delivery as tag-and-deliver tells of it. */
    announce: (deliveryId: string) => tell('delivery', { deliveryId }),
    enqueue: (name: string, event: QueueEvent) => tell(name, queueEvent(event)),
    async device(deviceId: string): Promise<HubConnection> {
      const certificate = await deviceCertificate(deviceId);
      iotHub.devices.put(hubId, deviceId, deviceDescription(certificate.sha256, deviceId), undefined);
      return connectDevice({ host: iotHub.host(hubId), deviceId, keyPair: async () => certificate });
    },
    async stop() {
      for (const service of services.reverse()) await service.stop();
      context.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
export type DeliveryRegion = Awaited<ReturnType<typeof deliveryRegion>>;
