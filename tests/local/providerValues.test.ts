import { BlobServiceClient } from '@azure/storage-blob';
import { regionCredential } from '../../loop/regionCredential';
import type { ProviderServer } from '../../local-azure/provider/providerServer';
import { unknownValue, type Properties } from '../../local-azure/region/resourceType';
import type { LocalRegion } from '../../local-azure/localRegion';
import { secret, type ProviderClient } from './support/providerClient';
import { providerRegion } from './support/providerRegion';

const contributor =
  '/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe';
let region: LocalRegion;
let server: ProviderServer;
let client: ProviderClient;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ region, server, client, stop } = await providerRegion());
});
afterAll(() => stop());

const group = 'values';
const account = 'valuesaccount';
const storage = 'azure-native:storage:StorageAccount';
const container = 'azure-native:storage:BlobContainer';
const accountInputs = {
  resourceGroupName: group,
  accountName: account,
  location: 'westeurope',
  kind: 'StorageV2',
  sku: { name: 'Standard_LRS' },
  tags: { line: 'one' },
};
const containerInputs = { resourceGroupName: group, accountName: account, containerName: 'raw' };
let accountId: string;

beforeAll(async () => {
  ({ id: accountId } = await client.create(storage, 'account', accountInputs));
});

describe('a provider that is attached', () => {
  it('the provider takes secrets and previews, and is new enough for every package', async () => {
    const { acceptsSecrets, supportsPreview, version } = await client.attach();
    expect({ acceptsSecrets, supportsPreview }).toEqual({ acceptsSecrets: true, supportsPreview: true });
    const newer = (one: string, other: string) => one.localeCompare(other, 'en', { numeric: true }) >= 0;
    for (const name of ['azure-native', 'azuread', 'random', 'command']) {
      expect(newer(version, (jest.requireActual(`@pulumi/${name}/package.json`) as { version: string }).version)).toBe(true);
      expect(server.attachment).toContain(`${name}:${server.port}`);
    }
  });
});

describe('previews', () => {
  it('a preview creates nothing, and what only Azure knows is unknown in it', async () => {
    const inputs = { ...accountInputs, accountName: 'previewed', identity: { type: 'SystemAssigned' }, tags: { line: unknownValue } };
    expect((await client.check(storage, 'previewed', inputs)).failures).toEqual([]);
    const { id, outputs } = await client.create(storage, 'previewed', inputs, true);
    expect({ id, outputs }).toMatchObject({
      id: '',
      outputs: {
        accountName: 'previewed',
        primaryEndpoints: unknownValue,
        identity: { type: 'SystemAssigned', principalId: unknownValue },
        tags: { line: unknownValue },
      },
    });
    expect(region.storage.accountByName('previewed')).toBeUndefined();
    const old = (await client.read(storage, 'account', accountId)).outputs;
    expect(await client.update(storage, 'account', accountId, old, { ...accountInputs, accessTier: 'Cool' }, true)).toMatchObject({
      accessTier: 'Cool',
      primaryEndpoints: old['primaryEndpoints'],
    });
    expect((await client.read(storage, 'account', accountId)).outputs['accessTier']).toBe('Hot');
  });

  it('a preview refuses what Azure would refuse, and passes what is not known yet', async () => {
    const reasons = async (type: string, inputs: Properties) =>
      (await client.check(type, 'one', inputs)).failures.map(({ property, reason }) => `${property}: ${reason}`).join('; ');
    expect(await reasons(container, { ...containerInputs, accountName: unknownValue, containerName: 'Raw_Data' })).toMatch(
      /^containerName: containerName is "Raw_Data": 3 to 63 lower case letters/,
    );
    const vault = {
      resourceGroupName: group,
      resourceProviderNamespace: 'Microsoft.KeyVault',
      resourceType: 'vaults',
      parentResourcePath: '',
      location: 'westeurope',
      apiVersion: '2026-02-01',
      properties: unknownValue,
    };
    expect(await reasons('azure-native:resources:Resource', { ...vault, resourceName: 'a-vault-name-that-is-too-long' })).toMatch(
      /^resourceName: .*3 to 24 letters/,
    );
    expect(
      await reasons('azure-native:iothub:IotHubResource', {
        resourceGroupName: group,
        resourceName: 'hub',
        location: 'westeurope',
        sku: { name: 'B1', capacity: 1 },
        properties: unknownValue,
      }),
    ).toMatch(/^sku\.name: .*Basic tier.*cloud-to-device/);
    expect(await reasons('azure-native:resources:Resource', { ...vault, resourceName: unknownValue })).toBe('');
    await expect(client.check('azure-native:compute:VirtualMachine', 'one', {})).rejects.toThrow(
      'ResourceTypeNotSupported: the local region has no azure-native:compute:VirtualMachine',
    );
  });
});

describe('secrets and differences', () => {
  it('secrets stay secret wherever they come out again', async () => {
    const command = 'command:local:Command';
    const inputs = { create: secret('printf "%s" "$PASSWORD"'), environment: { PASSWORD: secret('a very long password'), PLAIN: 'seen' } };
    const checked = await client.check(command, 'leak', inputs);
    expect(checked.inputs).toEqual(inputs);
    const { id, outputs } = await client.create(command, 'leak', inputs);
    expect(outputs).toMatchObject({ ...inputs, stdout: secret('a very long password'), stderr: secret('') });
    const short = await client.create(command, 'short', { create: 'true', environment: { PIN: secret('1234') } });
    expect(short.outputs).toMatchObject({ environment: { PIN: secret('1234') } });
    const open = await client.create(command, 'open', { create: 'printf "%s" "$PLAIN"', environment: { PLAIN: 'seen' } });
    expect(open.outputs).toMatchObject({ stdout: 'seen' });
    expect((await client.read(command, 'leak', id, { outputs, inputs })).outputs).toEqual(outputs);
    const tagged = await client.create(storage, 'secret', {
      ...accountInputs,
      accountName: 'secrettag',
      tags: { code: secret('the secret of the line') },
    });
    expect(tagged.outputs).toMatchObject({ tags: { code: secret('the secret of the line') }, accountName: 'secrettag' });
    await client.delete(storage, 'secret', tagged.id, tagged.outputs);
  });

  it('a difference names its paths, and ignored ones are none', async () => {
    const before = { ...accountInputs, tags: { 'cost.center': '1', line: 'one' } };
    const after = { ...accountInputs, location: 'West Europe', tags: { 'cost.center': '2' }, networkRuleSet: { defaultAction: 'Deny' } };
    expect(await client.diff(storage, 'account', accountId, before, after)).toMatchObject({
      changed: true,
      replaces: [],
      detailed: { 'tags["cost.center"]': 'update', 'tags.line': 'delete', networkRuleSet: 'add' },
    });
    expect(
      (await client.diff(storage, 'account', accountId, before, after, ['tags', 'networkRuleSet.defaultAction', 'networkRuleSet'])).changed,
    ).toBe(false);
  });
});

describe('what is read back', () => {
  it('what was changed or removed behind the engine is seen, with the inputs it would have had', async () => {
    const { id, outputs } = await client.create(container, 'raw', containerInputs);
    const known = { outputs, inputs: containerInputs };
    expect((await client.read(container, 'raw', id, known)).inputs).toEqual(containerInputs);
    const somebody = region.principal('somebody');
    region.context.roles.assign({
      id: `${accountId}/providers/Microsoft.Authorization/roleAssignments/somebody`,
      scope: accountId,
      roleDefinitionId: contributor,
      principalId: somebody.objectId,
      principalType: 'ServicePrincipal',
    });
    const blobs = new BlobServiceClient(region.storage.endpoints(account).blob, regionCredential(region, somebody), {
      retryOptions: { maxTries: 1 },
    });
    await blobs.getContainerClient('raw').setMetadata({ owner: 'somebody' });
    const seen = await client.read(container, 'raw', id, known);
    expect(seen.inputs).toEqual({ ...containerInputs, metadata: { owner: 'somebody' } });
    expect(await client.diff(container, 'raw', id, seen.inputs, containerInputs)).toMatchObject({ changed: true, replaces: [] });
    await client.update(container, 'raw', id, seen.outputs, containerInputs);
    expect((await client.read(container, 'raw', id, known)).outputs['metadata']).toBeUndefined();
    await blobs.getContainerClient('raw').delete();
    expect(await client.read(container, 'raw', id, known)).toMatchObject({ id: '' });
    await client.delete(container, 'raw', id, outputs);
    expect((await client.create(container, 'raw', containerInputs)).id).toBe(id);
  });

  it('a resource is imported with the inputs that it was declared with', async () => {
    const { inputs } = await client.read(storage, 'account', accountId);
    expect(inputs).toMatchObject(accountInputs);
    expect(inputs).not.toHaveProperty('primaryEndpoints');
    expect((await client.check(storage, 'account', inputs)).failures).toEqual([]);
    expect((await client.read('random:index/randomString:RandomString', 'suffix', 'abc123')).outputs).toMatchObject({
      result: 'abc123',
      length: 6,
    });
  });
});

describe('refusals and functions', () => {
  it('a refusal says code, resource and what to do, and leaves no pending operation', async () => {
    const refused = client.create(container, 'lost', { ...containerInputs, accountName: 'nowhere' });
    await expect(refused).rejects.toMatchObject({
      code: 9,
      details: expect.stringMatching(
        /^ParentResourceNotFound: the storage account 'nowhere' does not exist .* Declare it first\.$/,
      ) as string,
    });
  });

  it('functions answer, and an unknown one is refused', async () => {
    expect(await client.invoke('azure-native:authorization:getClientConfig', {})).toMatchObject({
      tenantId: region.tenantId,
      objectId: region.entra.deployer.objectId,
    });
    await expect(client.invoke('azure-native:authorization:getNothing', {})).rejects.toThrow('FunctionNotSupported');
  });
});
