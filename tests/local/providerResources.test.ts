import * as pulumi from '@pulumi/pulumi';
import { bundleAll } from '../../bundles/bundlePrograms';
import { localConfiguration, sitePorts } from '../../loop/localConfiguration';
import type { Properties } from '../../local-azure/region/resourceType';
import type { LocalRegion } from '../../local-azure/localRegion';
import type { ProviderClient } from './support/providerClient';
import { providerRegion } from './support/providerRegion';
import { resourceChanges } from './support/resourceChanges';

let directory: string;
let region: LocalRegion;
let client: ProviderClient;
let stop: () => Promise<void>;

beforeAll(async () => {
  ({ directory, region, client, stop } = await providerRegion());
});
afterAll(() => stop());

const valueAt = (values: unknown, path: string) =>
  path.split('.').reduce<unknown>((value, key) => (value as Properties | undefined)?.[key], values);
function changed(values: Properties, [path, value]: readonly [string, unknown]): Properties {
  const [first = '', ...rest] = path.split('.');
  return { ...values, [first]: rest.length === 0 ? value : changed((values[first] ?? {}) as Properties, [rest.join('.'), value]) };
}

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

describe('every resource of the product', () => {
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
