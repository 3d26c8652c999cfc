import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectDatabus } from '../../edge-sim/databus/databusClient';
import { inferenceClient } from '../../edge-sim/model-manager/inferenceClient';
import { IotHub } from '../../local-azure/iot-hub/iotHub';
import type { RoutingTarget } from '../../local-azure/iot-hub/messageRouter';
import { armId } from '../../local-azure/region/armId';
import type { Directory } from '../../local-azure/region/serviceInterfaces';
import { openC2dSender, type C2dSender } from '../../pipeline-code/clients/iotHub';
import { urlSigner } from '../../pipeline-code/delivery/signedUrl';
import { samplePackage, sha256, siteDirectory } from '../unit/support/samplePackage';
import { deviceMessage, siemensExchange } from './support/aimmTranscript';
import { deviceCertificate } from './support/deviceCertificate';
import { roles, until } from './support/testRegion';
import { freePort, inferenceServerAnswers, siteProcesses, type SiteProcesses } from './support/siteProcesses';
import { storageRegion, type StorageRegion } from './support/storageRegion';

const hubId = armId('rg', 'Microsoft.Devices/IotHubs', 'hub');
const deviceId = 'aimm-test';
const packageId = '0f4e2c6a-1111-5000-8000-000000000001';
const projectId = randomUUID();
interface FromDevice {
  readonly properties: Record<string, unknown>;
  readonly body: Record<string, unknown>;
}

let region: StorageRegion;
let iotHub: IotHub;
let sender: C2dSender;
let programs: SiteProcesses;
let port: number;
const directory = siteDirectory();
const received: FromDevice[] = [];
let settings: Record<string, string>;
let sign: (url: string) => Promise<string>;

beforeAll(async () => {
  const ingress: RoutingTarget = {
    eventHubAt: () => ({ id: 'from-devices' }),
    send: async (_, { body, applicationProperties }) =>
      void received.push({ properties: applicationProperties, body: JSON.parse(body.toString('utf8')) as Record<string, unknown> }),
  };
  const identity = { objectId: randomUUID(), clientId: randomUUID(), displayName: 'iot-hub' };
  region = await storageRegion(undefined, (_, context) => {
    iotHub = new IotHub(context, {
      directory: { find: () => identity, managedIdentity: () => identity, remove: () => undefined } as unknown as Directory,
      ingress,
    });
  });
  await iotHub.start();
  await iotHub.putHub(hubId, 'hub', {
    routing: {
      endpoints: {
        eventHubs: [
          {
            name: 'out',
            authenticationType: 'identityBased',
            identity: { userAssignedIdentity: 'any' },
            endpointUri: 'sb://localhost:1',
            entityPath: 'from-devices',
          },
        ],
      },
      routes: [{ name: 'all', source: 'DeviceMessages', condition: 'true', endpointNames: ['out'], isEnabled: true }],
    },
  });
  const certificate = await deviceCertificate(deviceId);
  iotHub.devices.put(
    hubId,
    deviceId,
    { deviceId, status: 'enabled', authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: certificate.sha256 } } },
    undefined,
  );
  const delivery = region.principal('delivery');
  region.context.roles.assign({
    id: `${hubId}/delivery`,
    scope: hubId,
    roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.iotHubDataContributor}`,
    principalId: delivery.objectId,
    principalType: 'ServicePrincipal',
  });
  region.assign(delivery, 'blobContributor', region.account);
  region.assign(delivery, 'blobDelegator', region.account);
  sender = openC2dSender(iotHub.host(hubId), region.credential(delivery));
  await region.storage.declareContainer(region.account, 'packaged-models');
  const blobs = region.blobs(delivery);
  const signer = urlSigner(blobs, 'packaged-models', 600_000);
  sign = async (blob) => (await signer(blob, new Date())).url;
  for (const version of ['1', '2'])
    await blobs
      .getContainerClient('packaged-models')
      .uploadBlockBlob(`${version}.zip`, await samplePackage(packageId, version), (await samplePackage(packageId, version)).length);

  const pem = join(directory, 'device.pem');
  writeFileSync(pem, `${certificate.privateKeyPem}\n${certificate.certificatePem}\n`);
  programs = await siteProcesses(['databus', 'inference-server', 'model-manager']);
  port = await freePort();
  const site = {
    FACTORY: 'test',
    DEVICE_ID: deviceId,
    DATABUS_PORT: String(port),
    SITE_DIRECTORY: directory,
    OTLP_PORT: '9',
    TELEMETRY_INTERVAL_MS: '1000',
  };
  settings = {
    ...site,
    IOT_HUB_HOST: iotHub.host(hubId),
    CERTIFICATE_FILE: pem,
    PRIVATE_KEY_FILE: pem,
    MIN_FREE_DISK_BYTES: '1000',
    MAX_PACKAGE_BYTES: '100000000',
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
  };
  programs.run('databus', { DATABUS_PORT: String(port) });
  programs.run('inference-server', { ...site, PYTHON: 'python3', MAX_ACTIVE_PIPELINES: '1' });
  await inferenceServerAnswers(port, programs);
});
afterAll(async () => {
  const codes = await programs.stop();
  await sender.close();
  await iotHub.stop();
  await region.stop();
  rmSync(directory, { recursive: true, force: true });
  expect(codes.every((code) => code === 0)).toBe(true);
});

const of = (deliveryId: string) => received.filter(({ properties }) => properties['deliveryId'] === deliveryId);
const states = (deliveryId: string) =>
  of(deliveryId).flatMap(({ properties, body }) => (properties['type'] === 'state' ? [String(body['state'])] : []));
const requests = (deliveryId: string) =>
  of(deliveryId).filter(({ properties }) => properties['type'] === 'event' && properties['kind'] === 'presignedUrlRequest').length;
const send = (deliveryId: string, type: string, kind: string, body: object) =>
  sender.send(deviceId, {
    messageId: randomUUID(),
    contentType: 'application/json',
    properties: { type, kind, deliveryId, projectId },
    body: Buffer.from(JSON.stringify({ timestamp: new Date().toISOString(), ...body })),
  });
const announce = async (deliveryId: string, packageVersion: string, attributes?: object) =>
  send(deliveryId, 'event', 'newDelivery', { packageId, packageVersion, eventId: randomUUID(), ...(attributes ? { attributes } : {}) });
const respond = (deliveryId: string, presignedUrl: string) =>
  send(deliveryId, 'data', 'presignedUrlResponse', { attributes: { presignedUrl } });
async function pipelines() {
  const databus = await connectDatabus({ port }, 'reader', () => undefined);
  const { pipelines: found } = await (await inferenceClient(databus)).ask({ kind: 'status' }, 5);
  await databus.close();
  return found;
}

test('a delivery that waited in the hub is fetched over a presigned link and runs in the inference server', async () => {
  const deliveryId = randomUUID();
  const content = await samplePackage(packageId, '1');
  await announce(deliveryId, '1', { sha256: sha256(content), sizeBytes: content.length });
  programs.run('model-manager', settings);
  await until(() => requests(deliveryId) === 1, 'the request for a link');
  await respond(deliveryId, await sign('1.zip'));
  await until(() => states(deliveryId).at(-1) === 'Success', 'Success');
  expect(states(deliveryId)).toEqual([
    'Received',
    'Assessing',
    'UrlRequested',
    'Downloading',
    'Verifying',
    'Importing',
    'Activating',
    'Success',
  ]);
  expect(of(deliveryId).map(deviceMessage)).toEqual([
    ...Array<object>(3).fill(siemensExchange.state),
    siemensExchange.presignedUrlRequest,
    ...Array<object>(5).fill(siemensExchange.state),
  ]);
  expect(of(deliveryId).find(({ body }) => body['state'] === 'Downloading')?.body['link']).toMatchObject({
    blob: expect.stringMatching(/\/packaged-models\/1\.zip$/),
    permissions: 'r',
    expiresAt: expect.stringMatching(/Z$/),
  });
  expect(await pipelines()).toMatchObject([{ packageId, packageVersion: '1', sha256: sha256(content), state: 'RUNNING' }]);
});

test('a link that the storage account refuses is asked for again, and the next version replaces the first', async () => {
  const deliveryId = randomUUID();
  await announce(deliveryId, '2');
  await until(() => requests(deliveryId) === 1, 'the request for a link');
  await respond(deliveryId, (await sign('2.zip')).replace(/sig=[^&]+/, 'sig=AAAA'));
  await until(() => requests(deliveryId) === 2, 'the second request for a link');
  await respond(deliveryId, await sign('2.zip'));
  await until(() => states(deliveryId).at(-1) === 'Success', 'Success');
  expect((await pipelines()).map(({ packageVersion, state }) => [packageVersion, state])).toEqual([
    ['1', 'AVAILABLE'],
    ['2', 'RUNNING'],
  ]);
  expect(programs.output()).not.toContain('sig=');
});

test('a package other than the announced one is refused and never reaches the inference server', async () => {
  const deliveryId = randomUUID();
  await announce(deliveryId, '3', { sha256: 'a'.repeat(64) });
  await until(() => requests(deliveryId) === 1, 'the request for a link');
  await respond(deliveryId, await sign('2.zip'));
  await until(() => states(deliveryId).at(-1) === 'Error', 'Error');
  expect(of(deliveryId).at(-1)?.body['reason']).toContain('SHA-256');
  expect(await pipelines()).toHaveLength(2);
});
