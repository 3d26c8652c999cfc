import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildProgramImage } from '../../deploy-programs/build-image/buildImage';
import { enrolSite } from '../../deploy-programs/enrol-site/enrolSite';
import { registerDevice } from '../../deploy-programs/register-device/registerDevice';
import { siteDocuments } from '../../deploy-programs/site-documents/siteDocuments';
import { IotHub } from '../../local-azure/iot-hub/iotHub';
import { armId } from '../../local-azure/region/armId';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { platformRegion, type PlatformRegion } from './support/platformRegion';
import { assignRole, roleId } from './support/principals';
import { youngService, type FirstFailure } from './support/youngService';

const hubId = armId('rg', 'Microsoft.Devices/IotHubs', 'hub');
const vaultId = armId('rg', 'Microsoft.KeyVault/vaults', 'young');
let region: PlatformRegion;
let iotHub: IotHub;
let deployer: Principal;
let vaultUri: string;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  jest.spyOn(console, 'error').mockImplementation(() => undefined);
  region = await platformRegion();
  deployer = region.identity('deployer');
  iotHub = new IotHub(region.context, { directory: region.entra, ingress: {} as never });
  await iotHub.start();
  await iotHub.putHub(hubId, 'hub', {});
  assignRole(region.context, deployer, roleId('iotHubRegistryContributor'), hubId);
  ({ vaultUri } = await region.keyVault.putVault({
    id: vaultId,
    name: 'young',
    location: 'westeurope',
    properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
  }));
  for (const role of ['secretsOfficer', 'certificatesOfficer'] as const) region.assign(deployer, role, vaultId);
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(async () => {
  await iotHub.stop();
  await region.stop();
});

async function young(origin: string, failure: FirstFailure, youngMs = 1_200) {
  const service = await youngService(region.context.tls, origin, failure, youngMs);
  stops.push(service.stop);
  return service;
}
const thumbprint = 'A'.repeat(64);
const wait = { ROLE_ASSIGNMENT_WAIT_SECONDS: '30' };
const vaultOf = (host: string) => ({ VAULT_URI: `https://${host}`, VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true' });
const enrolment = { SECRET_NAME: 'device', DEVICE_ID: 'aimm', CERTIFICATE_SERIAL: '1', CERTIFICATE_OVERLAP: 'true', TAKE_UP_SECONDS: '0' };

it.each(['refused', 'reset', 404, 429, 503] as const)('a hub that is seconds old (%s) gets its device', async (failure) => {
  const { host } = await young(`https://${iotHub.host(hubId)}`, failure);
  const device = { IOT_HUB_HOST: host, DEVICE_ID: `device-${failure}`, PRIMARY_THUMBPRINT: thumbprint };
  expect(await registerDevice.create({ ...device, ...wait }, region.credential(deployer))).toMatchObject({ status: 'created' });
});

it.each([404, 429] as const)('a vault that is seconds old (%s) gets its certificate, and then the documents', async (failure) => {
  const enrolled = await young(vaultUri, failure);
  const environment = { ...enrolment, ...wait, SECRET_NAME: `device-${failure}` };
  const { thumbprintSha256 } = await enrolSite.certificate({ ...environment, ...vaultOf(enrolled.host) }, region.credential(deployer));
  expect(enrolled.failures()).toBeGreaterThan(0);
  const documented = await young(vaultUri, failure);
  const documents = {
    ...vaultOf(documented.host),
    ...wait,
    DEVICE_ID: 'aimm',
    DOCUMENT_SUFFIX: 'ab12cd',
    KEY_SECRET_NAME: `device-${failure}-1`,
    CERTIFICATE_THUMBPRINT: thumbprintSha256,
    IOT_HUB_HOST: 'hub.azure-devices.net',
    TRANSPORT: 'tls',
    BUILD_NUMBER: '1',
    TENANT_ID: '00000000-0000-4000-8000-000000000001',
    CLIENT_ID: '00000000-0000-4000-8000-000000000002',
    INSTRUMENTATION_KEY: '00000000-0000-4000-8000-000000000003',
    INGESTION_HOST: 'ingestion.example',
  };
  expect(await siteDocuments.create(documents, region.credential(deployer))).toHaveProperty('modelManager.uri');
  expect(documented.failures()).toBeGreaterThan(0);
});

it('a registry that Resource Manager does not know yet builds its image', async () => {
  const id = armId('rg', 'Microsoft.ContainerRegistry/registries', 'younglings');
  const { loginServer } = await region.registry.putRegistry({ id, name: 'younglings', armAudience: true });
  const context = mkdtempSync(join(tmpdir(), 'young-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM node:24-bookworm-slim\nWORKDIR /app\nCOPY . .\nCMD ["node","index.js"]\n');
  const { host, failures } = await young(region.resourceManager.endpoint, 404);
  const environment = {
    REGISTRY_ID: id,
    REGISTRY_LOGIN_SERVER: loginServer,
    PROGRAM: 'program',
    CONTENT_HASH: 'f'.repeat(64),
    CONTEXT_DIRECTORY: context,
    AZURE_RESOURCE_MANAGER_ENDPOINT: `https://${host}`,
    AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
  };
  const once = { attempts: 1, firstDelayMs: 1 };
  expect(await buildProgramImage({ ...environment, ...wait }, region.credential(region.entra.deployer), once)).toHaveProperty('image');
  expect(failures()).toBeGreaterThan(0);
  rmSync(context, { recursive: true, force: true });
});

it.each([
  ['refused', /ECONNREFUSED[\s\S]*tried for [12] s \(cloud\.roleAssignmentWaitSeconds: 2\); check the way there: firewall/],
  [429, /tried for [12] s \(cloud\.roleAssignmentWaitSeconds: 2\); check what else uses up the quota/],
  [404, /tried for [12] s \(cloud\.roleAssignmentWaitSeconds: 2\); check that the resource exists/],
] as const)('a hub that stays away (%s) ends with how long it was tried and what to check', async (failure, said) => {
  const { host } = await young(`https://${iotHub.host(hubId)}`, failure, 4_000);
  const device = { IOT_HUB_HOST: host, DEVICE_ID: 'never', PRIMARY_THUMBPRINT: thumbprint, ROLE_ASSIGNMENT_WAIT_SECONDS: '2' };
  await expect(registerDevice.create(device, region.credential(deployer))).rejects.toThrow(said);
});

it('a secret that the vault does not have is not waited for', async () => {
  const missing = { ...enrolment, ...wait, ...vaultOf(new URL(vaultUri).host), SECRET_NAME: 'nobody', CERTIFICATE_THUMBPRINT: thumbprint };
  await expect(enrolSite['hand-over'](missing, region.credential(deployer))).rejects.toThrow(/is not in the vault/);
});
