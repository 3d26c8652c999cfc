import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { roleTypes } from '../../local-azure/authorization/roleTypes';
import { catalogueOf, type Catalogue } from '../../local-azure/provider/catalogue';
import { commandTypes } from '../../local-azure/provider/commandTypes';
import { containerRegistryTypes } from '../../local-azure/container-registry/containerRegistryTypes';
import { identityTypes } from '../../local-azure/entra/identityTypes';
import { keyVaultTypes } from '../../local-azure/key-vault/keyVaultTypes';
import { randomTypes } from '../../local-azure/provider/randomTypes';
import { resourceGroupTypes } from '../../local-azure/resource-manager/resourceGroupTypes';
import type { Properties } from '../../local-azure/region/resourceType';
import { subscriptionId, tenantId } from '../../local-azure/region/regionContext';
import { platformRegion, roles, type PlatformRegion } from './support/platformRegion';

let region: PlatformRegion;
let catalogue: Catalogue;
const folder = mkdtempSync(join(tmpdir(), 'deploy-'));

beforeAll(async () => {
  region = await platformRegion();
  const { context, entra } = region;
  catalogue = catalogueOf([
    resourceGroupTypes(context),
    identityTypes(context, entra),
    roleTypes(context, entra),
    randomTypes(context),
    keyVaultTypes(region.keyVault),
    containerRegistryTypes(context, region.registry),
    commandTypes(context, entra),
  ]);
  await build({
    entryPoints: {
      enrol: join(__dirname, '../../deploy-programs/enrol-site/main.ts'),
      documents: join(__dirname, '../../deploy-programs/site-documents/main.ts'),
      build: join(__dirname, '../../deploy-programs/build-image/main.ts'),
    },
    outdir: folder,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'error',
  });
});
afterAll(async () => {
  await region.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As the hosts do it: check, create, read. */
async function deploy(token: string, name: string, inputs: Properties): Promise<Properties & { id: string }> {
  const type = catalogue.resource(token);
  if (!type) throw new Error(`no type ${token}`);
  const { inputs: checked, failures } = type.check({ name, inputs, preview: false });
  if (failures.length > 0) throw new Error(failures.map(({ reason }) => reason).join('; '));
  const { id } = await type.create({ name, urn: `urn:pulumi:test::loop::${token}::${name}`, inputs: checked });
  return { ...(await type.read(id)), id };
}
const guid = (last: string) => `00000000-0000-4000-8000-${last.padStart(12, '0')}`;
const roleId = (role: keyof typeof roles) =>
  `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`;
const vault = (over: Properties = {}) => ({
  apiVersion: '2026-02-01',
  resourceProviderNamespace: 'Microsoft.KeyVault',
  parentResourcePath: '',
  resourceType: 'vaults',
  resourceGroupName: 'rg',
  resourceName: 'site-vault',
  location: 'westeurope',
  properties: {
    tenantId,
    sku: { family: 'A', name: 'standard' },
    enableRbacAuthorization: true,
    enablePurgeProtection: true,
    softDeleteRetentionInDays: 7,
  },
  ...over,
});

it('a site enrols through a command only when the deployer has been given the role, and nothing else of this process is seen', async () => {
  const { id: vaultId, properties } = await deploy('azure-native:resources:Resource', 'vault', vault());
  const { vaultUri } = properties as { vaultUri: string };
  const enrol = () =>
    deploy('command:local:Command', 'enrol', {
      create: `node ${join(folder, 'enrol.js')} certificate`,
      environment: {
        VAULT_URI: vaultUri,
        SECRET_NAME: 'device',
        DEVICE_ID: 'aimm',
        CERTIFICATE_SERIAL: '1',
        ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
        VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true',
      },
    });
  await expect(enrol()).rejects.toThrow(/CommandFailed[\s\S]*exit code 1[\s\S]*getSecret\/action/);
  await deploy('azure-native:authorization:RoleAssignment', 'officer', {
    scope: vaultId,
    roleAssignmentName: guid('1'),
    principalId: region.entra.deployer.objectId,
    principalType: 'ServicePrincipal',
    roleDefinitionId: roleId('secretsOfficer'),
  });
  const first = await enrol();
  expect(JSON.parse(String(first['stdout']))).toMatchObject({ certificatePem: expect.stringContaining('BEGIN CERTIFICATE') as string });
  expect((await enrol())['stdout']).toBe(first['stdout']);
  process.env['ONLY_HERE'] = 'leak';
  const seen = await deploy('command:local:Command', 'environment', {
    create: 'echo "$ONLY_HERE|$DECLARED|$ARM_CLIENT_ID"; cat',
    environment: { DECLARED: 'yes' },
    stdin: 'typed',
  });
  expect(seen['stdout']).toBe(`|yes|${region.entra.deployer.clientId}\ntyped`);
});

it.each(['enrol', 'documents'])('%s signs in as the principal that Pulumi is told to deploy as', async (program) => {
  const { properties } = await deploy('azure-native:resources:Resource', 'vault', vault());
  const settings = {
    VAULT_URI: (properties as { vaultUri: string }).vaultUri,
    SECRET_NAME: 'device',
    DEVICE_ID: 'aimm',
    DOCUMENT_SUFFIX: 'ab12cd',
    ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
    VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true',
  };
  const remove = (environment: Record<string, string>) =>
    deploy('command:local:Command', `delete-${program}`, { create: `node ${join(folder, `${program}.js`)} delete`, environment });
  await expect(remove({ ...settings, ARM_USE_MSI: 'true', ARM_CLIENT_ID: guid('404') })).rejects.toThrow(/ManagedIdentityCredential/);
});

it('an image is built by a command and is the one that its digest names', async () => {
  const { id, loginServer } = await deploy('azure-native:containerregistry:Registry', 'registry', {
    resourceGroupName: 'rg',
    registryName: 'factoryloop2',
    location: 'westeurope',
    sku: { name: 'Basic' },
    adminUserEnabled: false,
  });
  const context = mkdtempSync(join(tmpdir(), 'program-'));
  writeFileSync(join(context, 'Dockerfile'), 'FROM node:24-bookworm-slim\nWORKDIR /app\nCOPY . .\nCMD ["node","index.js"]\n');
  writeFileSync(join(context, 'index.js'), '');
  const command = await deploy('command:local:Command', 'image', {
    create: `node ${join(folder, 'build.js')}`,
    environment: {
      REGISTRY_ID: id,
      REGISTRY_LOGIN_SERVER: String(loginServer),
      PROGRAM: 'program',
      CONTENT_HASH: 'e'.repeat(64),
      CONTEXT_DIRECTORY: context,
      AZURE_RESOURCE_MANAGER_ENDPOINT: region.resourceManager.endpoint,
      AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
      ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
    },
  });
  const { image } = JSON.parse(String(command['stdout'])) as { image: string };
  const puller = await deploy('azure-native:managedidentity:UserAssignedIdentity', 'puller', {
    resourceGroupName: 'rg',
    resourceName: 'puller',
    location: 'westeurope',
  });
  const identity = { objectId: String(puller['principalId']), clientId: String(puller['clientId']), displayName: 'puller' };
  await expect(region.registry.pull(image, identity)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await deploy('azure-native:authorization:RoleAssignment', 'pull', {
    scope: id,
    roleAssignmentName: guid('2'),
    principalId: identity.objectId,
    principalType: 'ServicePrincipal',
    roleDefinitionId: roleId('acrPull'),
  });
  expect((await region.registry.pull(image, identity)).command).toEqual(['node', 'index.js']);
  rmSync(context, { recursive: true, force: true });
});

it('a certificate identity is declared, and declaring everything again changes nothing', async () => {
  const declare = async () => {
    const application = await deploy('azuread:index/application:Application', 'site', {
      displayName: 'site',
      owners: [region.entra.deployer.objectId],
    });
    const principal = await deploy('azuread:index/servicePrincipal:ServicePrincipal', 'site', { clientId: application['clientId'] });
    const suffix = await deploy('random:index/randomString:RandomString', 'suffix', { length: 6, special: false, upper: false });
    const identity = await deploy('azure-native:managedidentity:UserAssignedIdentity', 'job', {
      resourceGroupName: 'rg',
      resourceName: 'job',
      location: 'westeurope',
    });
    return { application, principal, suffix, identity };
  };
  const first = await declare();
  expect(first.suffix['result']).toMatch(/^[a-z0-9]{6}$/);
  expect(first.application.id).toMatch(/^\/applications\//);
  expect(region.entra.find({ objectId: String(first.principal['objectId']) })?.clientId).toBe(first.application['clientId']);
  expect(await declare()).toEqual(first);
});

describe('what a preview would refuse is refused', () => {
  const assignment = (over: Properties) =>
    deploy('azure-native:authorization:RoleAssignment', 'wrong', {
      scope: `/subscriptions/${subscriptionId}`,
      roleAssignmentName: guid('9'),
      principalId: region.identity('someone').objectId,
      principalType: 'ServicePrincipal',
      roleDefinitionId: roleId('reader'),
      ...over,
    });
  it.each([
    ['a role assignment without a principal type', () => assignment({ principalType: undefined }), /principalType is missing/],
    ['a role assignment to a client id', () => assignment({ principalId: region.identity('someone').clientId }), /PrincipalNotFound/],
    ['a role assignment to an identity as a user', () => assignment({ principalType: 'User' }), /UnmatchedPrincipalType/],
    [
      'a role assignment of an unknown role',
      () => assignment({ roleDefinitionId: roleId('reader').replace(/.$/, '0') }),
      /RoleDefinitionDoesNotExist/,
    ],
    [
      'a vault name that is too long',
      () => deploy('azure-native:resources:Resource', 'long', vault({ resourceName: 'a'.repeat(25) })),
      /resourceName is "a{25}"/,
    ],
    [
      'a vault with access policies',
      () =>
        deploy(
          'azure-native:resources:Resource',
          'policies',
          vault({ resourceName: 'other-vault', properties: { tenantId, sku: { family: 'A', name: 'standard' } } }),
        ),
      /enableRbacAuthorization is missing/,
    ],
    [
      'a registry name with a dash',
      () =>
        deploy('azure-native:containerregistry:Registry', 'dash', {
          resourceGroupName: 'rg',
          registryName: 'factory-loop',
          sku: { name: 'Basic' },
        }),
      /registryName is "factory-loop"/,
    ],
    [
      'a generic resource that is not served',
      () => deploy('azure-native:resources:Resource', 'else', { resourceProviderNamespace: 'Microsoft.Compute', resourceType: 'disks' }),
      /Microsoft.Compute\/disks is not served/,
    ],
  ])('%s', async (_what, declared, reason) => {
    await expect(declared()).rejects.toThrow(reason);
  });
  it('a second assignment of the same role to the same principal at the same scope', async () => {
    await assignment({ roleAssignmentName: guid('10') });
    await expect(assignment({ roleAssignmentName: guid('11') })).rejects.toThrow(/RoleAssignmentExists/);
  });
});
