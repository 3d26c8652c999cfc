import { createHash, randomUUID, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import type { Role } from '../../../components/resource/roles';
import type { Denial } from '../../../local-azure/region/gate';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { armId, containerId } from '../../../local-azure/region/armId';
import { LocalRegion } from '../../../local-azure/localRegion';
import type { RegionOptions } from '../../../local-azure/region/regionContext';
import { deviceCertificate, type DeviceCertificate } from './deviceCertificate';
import { assignRole, credentialOf, defineCustomRoles, roleId } from './principals';
import { until } from './testRegion';

const group = 'rg';
const routingIdentity = armId(group, 'Microsoft.ManagedIdentity/userAssignedIdentities', 'iot-hub');
export const ids = {
  account: armId(group, 'Microsoft.Storage/storageAccounts', 'edge1'),
  vault: armId(group, 'Microsoft.KeyVault/vaults', 'vault1'),
  registry: armId(group, 'Microsoft.ContainerRegistry/registries', 'registry1'),
  namespace: armId(group, 'Microsoft.EventHub/namespaces', 'events'),
  hub: armId(group, 'Microsoft.Devices/IotHubs', 'hub'),
  insights: armId(group, 'Microsoft.Insights/components', 'insights'),
};
export const eventHubId = `${ids.namespace}/eventhubs/device-messages`;
export const landingZone = containerId(ids.account, 'landing-zone');
export const packages = containerId(ids.account, 'packaged-models');
export const instrumentationKey = '11111111-2222-4333-8444-555555555555';

/** A little in every service that an attack goes for. */
async function declareTargets({ storage, keyVault, containerRegistry, eventHubs, iotHub, monitor }: LocalRegion) {
  storage.declareAccount(ids.account);
  for (const name of ['landing-zone', 'packaged-models']) await storage.declareContainer(ids.account, name);
  await storage.declareQueue(ids.account, 'work');
  const { vaultUri } = await keyVault.putVault({
    id: ids.vault,
    name: 'vault1',
    location: 'westeurope',
    properties: { softDeleteRetentionInDays: 7 },
  });
  const { loginServer } = await containerRegistry.putRegistry({ id: ids.registry, name: 'registry1', armAudience: false });
  await eventHubs.putNamespace(ids.namespace, 'events');
  eventHubs.putEventHub({
    id: eventHubId,
    namespaceId: ids.namespace,
    name: 'device-messages',
    partitionCount: 1,
    retentionMs: 86_400_000,
  });
  await iotHub.putHub(ids.hub, 'hub', {
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'out',
            authenticationType: 'identityBased',
            identity: { userAssignedIdentity: routingIdentity },
            endpointUri: `sb://${eventHubs.host(ids.namespace)}`,
            entityPath: 'device-messages',
          },
        ],
      },
      routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['out'], isEnabled: true }],
    },
  });
  monitor.declared.set(ids.insights.toLowerCase(), { id: ids.insights, name: 'insights', appId: randomUUID(), instrumentationKey });
  return { vaultUri, loginServer };
}

/** What the region's own log says of refusals. */
function refusalsIn(logFile: string) {
  const refusedSoFar = () =>
    readFileSync(logFile, { encoding: 'utf8', flag: 'a+' })
      .split('\n')
      .filter((line) => line.includes('"service":"') && line.includes('"message":"refused"'))
      .map((line) => JSON.parse(line) as Denial);
  return async (attack: () => Promise<unknown>): Promise<readonly Denial[]> => {
    const before = refusedSoFar().length;
    await attack();
    await until(() => refusedSoFar().length > before, 'a refusal in the log of the region');
    return refusedSoFar().slice(before);
  };
}

/** Names and hashes of all blobs that an attack on Storage could change. */
async function contentOf(service: BlobServiceClient): Promise<string> {
  const found: string[] = [];
  for (const name of ['landing-zone', 'packaged-models']) {
    const container = service.getContainerClient(name);
    for await (const blob of container.listBlobsFlat())
      found.push(
        `${name}/${blob.name} ${createHash('sha256')
          .update(await container.getBlobClient(blob.name).downloadToBuffer())
          .digest('hex')}`,
      );
  }
  return found.join('\n');
}

/** A whole region with a little in every service, for attacks; what it refused is read from its own log. */
export async function attackedRegion(options: Pick<RegionOptions, 'clock' | 'tokenLifetimeSeconds'> = {}) {
  const directory = mkdtempSync(join(tmpdir(), 'attacks-'));
  const region = await LocalRegion.start(directory, options);
  const { storage, iotHub, entra, context } = region;
  const { vaultUri, loginServer } = await declareTargets(region);
  defineCustomRoles(context);

  const identity = (name: string): Principal =>
    entra.managedIdentity(armId(group, 'Microsoft.ManagedIdentity/userAssignedIdentities', name), name);
  const assign = (who: Principal, role: Role, scope: string) => assignRole(context, who, roleId(role), scope);
  const token = (who: Principal, audience: string, lifetimeSeconds = 3_600) =>
    context.authority.issue(who, audience, lifetimeSeconds).token;
  const credential = (who: Principal) => credentialOf(context, who, 3_600);
  assign(identity('iot-hub'), 'eventHubsDataSender', eventHubId);

  return {
    region,
    directory,
    vaultUri,
    loginServer,
    identity,
    assign,
    token,
    credential,
    context,
    hubHost: iotHub.host(ids.hub),
    blobs: (who: Principal) => new BlobServiceClient(storage.endpoints('edge1').blob, credential(who), { retryOptions: { maxTries: 1 } }),
    register(deviceId: string, primary: string, more: { secondary?: string; status?: string } = {}) {
      const known = iotHub.devices.get(ids.hub, deviceId);
      iotHub.devices.put(
        ids.hub,
        deviceId,
        {
          deviceId,
          status: more.status ?? 'enabled',
          authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: primary, secondaryThumbprint: more.secondary ?? '' } },
        },
        known && '*',
      );
    },
    certificate: (name: string): Promise<DeviceCertificate> => deviceCertificate(name),
    /** An application that signs in with this key and certificate. */
    application(name: string, pem: string, options: { startDate?: string; endDate?: string } = {}) {
      const { objectId, clientId } = entra.applications.register(name);
      const principal = entra.applications.addServicePrincipal(clientId);
      entra.applications.addCertificate(objectId, new X509Certificate(pem).toString(), options);
      return { objectId, clientId, principal };
    },
    /** Makes the attack and gives what the region's log says of it; the attack may fail or not, the caller looks at that. */
    refusals: refusalsIn(join(directory, 'logs', 'region.log')),
    async content(): Promise<string> {
      const looker = identity('looker');
      for (const scope of [landingZone, packages])
        if (!context.roles.allowed(looker.objectId, 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read', scope))
          assign(looker, 'blobDataReader', scope);
      return contentOf(new BlobServiceClient(storage.endpoints('edge1').blob, credential(looker)));
    },
    async stop() {
      await region.stop();
      rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
export type AttackedRegion = Awaited<ReturnType<typeof attackedRegion>>;
