import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { BlobServiceClient } from '@azure/storage-blob';
import { bundleAll } from '../../commands/bundle';
import { localConfiguration, sitePorts } from '../../commands/loop/localConfiguration';
import { regionCredential } from '../../commands/loop/localLoop';
import { endProcessesOf } from '../../commands/loop/leftovers';
import { catalogueOf } from '../../local-azure/provider/catalogue';
import { ProviderServer } from '../../local-azure/provider/providerServer';
import { regionTypes } from '../../local-azure/provider/regionTypes';
import { unknownValue, type Properties } from '../../local-azure/provider/resourceType';
import { LocalRegion } from '../../local-azure/region/localRegion';
import { ProviderClient, secret } from './providerClient';
import { resourceChanges } from './resourceChanges';

const contributor =
  '/subscriptions/00000000-0000-4000-8000-000000000001/providers/Microsoft.Authorization/roleDefinitions/ba92f5b4-2d11-453d-a403-e96b0029c9fe';
let region: LocalRegion;
let server: ProviderServer;
let client: ProviderClient;
let directory: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'provider-'));
  region = await LocalRegion.start(directory);
  server = await ProviderServer.start(catalogueOf(regionTypes(region)), (service, message, detail) =>
    region.context.log(service, message, detail),
  );
  client = new ProviderClient(server.port);
});
afterAll(async () => {
  client.close();
  await server.stop();
  await region.stop();
  endProcessesOf(directory);
  rmSync(directory, { recursive: true, force: true });
});

const valueAt = (values: unknown, path: string) =>
  path.split('.').reduce<unknown>((value, key) => (value as Properties | undefined)?.[key], values);
function changed(values: Properties, [path, value]: readonly [string, unknown]): Properties {
  const [first = '', ...rest] = path.split('.');
  return { ...values, [first]: rest.length === 0 ? value : changed((values[first] ?? {}) as Properties, [rest.join('.'), value]) };
}

describe('values', () => {
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

  it('the provider takes secrets and previews, and is new enough for every package', async () => {
    const { acceptsSecrets, supportsPreview, version } = await client.attach();
    expect({ acceptsSecrets, supportsPreview }).toEqual({ acceptsSecrets: true, supportsPreview: true });
    const newer = (one: string, other: string) => one.localeCompare(other, 'en', { numeric: true }) >= 0;
    for (const name of ['azure-native', 'azuread', 'random', 'command']) {
      expect(newer(version, (jest.requireActual(`@pulumi/${name}/package.json`) as { version: string }).version)).toBe(true);
      expect(server.attachment).toContain(`${name}:${server.port}`);
    }
  });

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

describe('every resource of the product', () => {
  interface Deployed {
    readonly type: string;
    readonly name: string;
    readonly id: string;
    readonly given: Properties;
    readonly inputs: Properties;
    outputs: Properties;
  }
  const deployed: Deployed[] = [];
  const byType = () => new Map(deployed.map((one) => [one.type, one]));

  beforeAll(async () => {
    await bundleAll();
    const [reader, rawWriter] = [region.principal('reader'), region.principal('raw-writer')];
    await pulumi.runtime.setMocks(
      {
        newResource: async ({ type, name, inputs, custom }) => {
          if (custom === false || type === 'pulumi:pulumi:Stack') return { id: '', state: inputs as Properties };
          const checked = await client.check(type, name, inputs as Properties);
          if (checked.failures.length > 0) throw new Error(`${type} ${name}: ${checked.failures[0]?.reason ?? ''}`);
          const { id, outputs } = await client.create(type, name, checked.inputs);
          deployed.push({ type, name, id, given: inputs as Properties, inputs: checked.inputs, outputs });
          return { id, state: outputs };
        },
        call: ({ token, inputs }) => client.invoke(token, inputs as Properties),
      },
      'factory-loop',
      'test',
      false,
    );
    pulumi.runtime.setAllConfig(
      localConfiguration(region.cloud, {
        rounds: 1,
        dataset: {},
        sampleIntervalMs: 1_000,
        ports: await sitePorts(directory),
        reader,
        rawWriter,
      }),
    );
    await pulumi.runtime.runInPulumiStack(() => import('../../index') as Promise<pulumi.Inputs>);
    await pulumi.runtime.disconnect();
  }, 120_000);

  it('has a case in the table', () => {
    expect([...byType().keys()].sort()).toEqual(Object.keys(resourceChanges).sort());
  });

  it('does not change when nothing changes, and is read as it was answered', async () => {
    for (const { type, name, id, given, inputs, outputs } of deployed) {
      const again = await client.check(type, name, given);
      expect({ name, ...(await client.diff(type, name, id, inputs, again.inputs)) }).toEqual({
        name,
        changed: false,
        replaces: [],
        detailed: {},
        deleteBeforeReplace: false,
      });
      expect({ name, ...(await client.read(type, name, id, { outputs, inputs })) }).toMatchObject({ name, id, inputs });
    }
  }, 120_000);

  it.each(Object.entries(resourceChanges))('%s is replaced by what Azure cannot change', async (type, { replace, sameName }) => {
    const one = byType().get(type) as Deployed;
    const difference = await client.diff(type, one.name, one.id, one.inputs, changed(one.inputs, replace));
    expect(difference.replaces).toEqual([replace[0].split('.')[0]]);
    expect(difference.deleteBeforeReplace).toBe(sameName ?? false);
  });

  it.each(Object.entries(resourceChanges).filter(([, { update }]) => update))(
    '%s is updated in place by what Azure can change',
    async (type, { update = ['', ''] }) => {
      const one = byType().get(type) as Deployed;
      const inputs = changed(one.inputs, update);
      expect(await client.diff(type, one.name, one.id, one.inputs, inputs)).toMatchObject({ changed: true, replaces: [] });
      const outputs = await client.update(type, one.name, one.id, one.outputs, inputs);
      expect(valueAt(outputs, update[0])).toEqual(update[1]);
      expect(valueAt((await client.read(type, one.name, one.id)).outputs, update[0])).toEqual(update[1]);
      one.outputs = outputs;
    },
  );

  it('is imported by its id, so that the declaration replaces nothing', async () => {
    // A command is known from its outputs only, a random string takes the default classes; the other two do not answer the names in their ids as they were declared.
    const unnatural = [
      'command:local:Command',
      'random:index/randomString:RandomString',
      'azure-native:resources:Resource',
      'azure-native:machinelearningservices:EnvironmentVersion',
    ];
    const natural = [...byType().values()].filter(({ type }) => !unnatural.includes(type));
    const wrong: string[] = [];
    for (const { type, name, id, inputs } of natural) {
      const imported = await client.read(type, name, id);
      const { failures } = await client.check(type, name, imported.inputs);
      const { replaces } = await client.diff(type, name, id, imported.inputs, inputs);
      if (imported.id !== id || failures.length > 0 || replaces.length > 0)
        wrong.push(`${type} ${failures.map(({ reason }) => reason).join('; ')} ${replaces.join(', ')}`);
    }
    expect(wrong).toEqual([]);
  });

  it('an update that Azure refuses is refused', async () => {
    const hub = byType().get('azure-native:eventhub:EventHub') as Deployed;
    const inputs = changed(hub.inputs, ['partitionCount', 8]);
    expect(await client.diff(hub.type, hub.name, hub.id, hub.inputs, inputs)).toMatchObject({ replaces: [] });
    await expect(client.update(hub.type, hub.name, hub.id, hub.outputs, inputs)).rejects.toThrow(
      /BadRequest: the partition count of .* cannot be changed/,
    );
  });

  it('is gone once it is deleted, twice over, and leaves nothing in the region', async () => {
    // Parents were there before their children.
    const still: string[] = [];
    // A cluster and a version of an environment are not deleted by the program: they go with their workspace.
    const withWorkspace = ['azure-native:machinelearningservices:Compute', 'azure-native:machinelearningservices:EnvironmentVersion'];
    const one = byType().get('azure-native:machinelearningservices:Compute') as Deployed;
    await expect(client.delete(one.type, one.name, one.id, one.outputs)).rejects.toThrow(/underlyingResourceAction/);
    for (const { type, name, id, outputs } of [...deployed].reverse().filter((each) => !withWorkspace.includes(each.type))) {
      await client.delete(type, name, id, outputs);
      await client.delete(type, name, id, outputs);
      // A random value is imported by giving it, so it can always be read.
      if (!type.startsWith('random:') && (await client.read(type, name, id)).id !== '') still.push(`${type} ${name}`);
    }
    for (const { type, name, id } of deployed.filter((each) => withWorkspace.includes(each.type)))
      if ((await client.read(type, name, id)).id !== '') still.push(`${type} ${name}`);
    expect(still).toEqual([]);
    expect(region.containerApps.state()).toEqual({ jobs: [], apps: [] });
    const left = region.context.roles.all().filter(({ scope }) => /\/resourceGroups\/rg-/i.test(scope));
    expect(left).toEqual([]);
  }, 120_000);
});
