import { shortScope, plannedRoles } from '../../../plan/roleTable';
import { resourceTree } from '../../../plan/resourceTree';
import { factoryRoles, workspaceRoles } from '../../../components/access/roleMatrix';
import { builtInRoles, customRoles, isCustomRole } from '../../../components/resource/roles';
import { hasArmId } from '../../../plan/armIds';
import type { PlannedResource, RecordedProgram } from '../../../plan/recordProgram';
import { itWithSchemas, schemaReport } from '../support/armReport';
import { planOf, shippedStack, shippedStacks } from '../support/shippedStacks';

const reader = { principalId: '0a1b2c3d-0000-4000-8000-000000000001', principalType: 'Group' };
const writer = { principalId: '0a1b2c3d-0000-4000-8000-000000000002', principalType: 'User' };
const tester = { principalId: '00000000-0000-4000-8000-0000000000f3', principalType: 'User' };
const approver = { principalId: '00000000-0000-4000-8000-0000000000f4', principalType: 'User' };
const plans = new Map<string, RecordedProgram>();
let dev: RecordedProgram;
let preview: RecordedProgram;
beforeAll(async () => {
  for (const name of shippedStacks) plans.set(name, await planOf(shippedStack(name)));
  dev = await planOf(shippedStack('dev', { readers: [reader], rawWriters: [writer], approvers: [approver], smokeTesters: [tester] }));
  preview = await planOf(shippedStack('dev'), true);
}, 180_000);
const every = (): [string, readonly PlannedResource[]][] => [...plans].map(([name, { resources }]) => [name, resources]);
const paint = { ok: String, bad: String, dim: String, bold: String };

describe('the plan of every shipped stack', () => {
  it('has one element for each registration, of one shape, and every reference leads to another element', () => {
    expect(shippedStacks).toContain('dev');
    for (const [, resources] of every()) {
      expect(new Set(resources.map((one) => Object.keys(one).join(' ')))).toEqual(
        new Set(['urn type name id parent dependsOn inputs protect custom']),
      );
      const urns = new Set(resources.map(({ urn }) => urn));
      expect(urns.size).toBe(resources.length);
      expect(resources.filter(({ parent }) => parent === null).map(({ type }) => type)).toEqual(['pulumi:pulumi:Stack']);
      expect(
        resources.flatMap(({ parent, dependsOn }) => [...(parent === null ? [] : [parent]), ...dependsOn]).filter((urn) => !urns.has(urn)),
      ).toEqual([]);
    }
  });

  it('names each Azure resource by the ARM id that it will have, once', () => {
    for (const [, resources] of every()) {
      const azure = resources.filter(({ type }) => type.startsWith('azure-native:'));
      expect(azure.map(({ type }) => type).filter((type) => !hasArmId(type))).toEqual([]);
      expect(
        azure
          .filter(
            ({ id }) =>
              !/^\/subscriptions\/[0-9-]{36}\/resourceGroups\/[\w-]+(\/providers\/[A-Z]\w+\.\w+(\/[\w.-]+\/[\w.$-]+)+)*$/.test(id ?? ''),
          )
          .map(({ id }) => id),
      ).toEqual([]);
      expect(new Set(azure.map(({ id }) => id)).size).toBe(azure.length);
      expect(resources.filter(({ custom, id }) => custom !== (id !== null)).map(({ type }) => type)).toEqual([]);
    }
  });

  itWithSchemas('is free of errors and of retiring API versions by the schemas of Azure Resource Manager', () => {
    for (const [, resources] of every()) {
      const report = schemaReport(resources);
      expect(report).toMatch(/ 0 errors, /);
      expect(report).not.toContain('api-retiring');
    }
  });
});

describe('the plan of a stack', () => {
  it('is the same on every machine and in every run', async () => {
    expect(
      await planOf(shippedStack('dev', { readers: [reader], rawWriters: [writer], approvers: [approver], smokeTesters: [tester] })),
    ).toEqual(dev);
  }, 60_000);

  it('has the ids and the inputs that the services will see', () => {
    const [queue] = dev.resources.filter(({ type, name }) => type === 'azure-native:storage:Queue' && name === 'data-delivery');
    expect(queue).toMatchObject({
      urn: 'urn:pulumi:dev::factory-loop::factory-loop:index:Factory$factory-loop:storage:LoopStorage$factory-loop:storage:SecureAccount$azure-native:storage:Queue::data-delivery',
      id: '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-factory-loop-dev/providers/Microsoft.Storage/storageAccounts/plantonedataxxxxxx/queueServices/default/queues/delivery',
      parent:
        'urn:pulumi:dev::factory-loop::factory-loop:index:Factory$factory-loop:storage:LoopStorage$factory-loop:storage:SecureAccount::data',
      inputs: { accountName: 'plantonedataxxxxxx', queueName: 'delivery', resourceGroupName: 'rg-factory-loop-dev' },
      protect: false,
      custom: true,
    });
  });

  it('knows nothing in a preview that only a deployment can tell, and declares the same', () => {
    expect(preview.resources.map(({ urn }) => urn)).toEqual(plans.get('dev')?.resources.map(({ urn }) => urn));
    expect(preview.resources.every(({ id }) => id === null)).toBe(true);
    const [hub] = preview.resources.filter(({ type }) => type === 'azure-native:iothub:IotHubResource');
    expect(hub?.inputs).toMatchObject({ resourceName: '[unknown]', sku: { name: 'S1' } });
  });

  it('is a tree with names and sizes, and the role assignments of a component in one line', () => {
    const tree = resourceTree(dev.resources, paint).split('\n');
    expect(tree[0]).toMatch(/^factory-loop-dev +pulumi:Stack$/);
    expect(tree.filter((line) => / iothub:IotHubResource +iot-plant-one-xxxxxx +S1 x 1$/.test(line))).toHaveLength(1);
    expect(tree.filter((line) => / app:ContainerApp +edge-site-xxxxxx +2\.75 vCPU, 5\.5 GiB, 10 containers$/.test(line))).toHaveLength(1);
    expect(tree.filter((line) => line.includes('RoleAssignment'))).toEqual([]);
    expect(tree.at(-1)).toMatch(/^\d+ resources in \d+ components, \d+ of them role assignments$/);
  });
});

describe('the role table', () => {
  it('says what the role matrix says, for everyone who is there', () => {
    const planned = plannedRoles(dev);
    const nameOf = (role: keyof typeof builtInRoles | keyof typeof customRoles) =>
      isCustomRole(role) ? `${customRoles[role].name} (xxxxxx)` : builtInRoles[role].name;
    const people: Readonly<Record<string, string>> = {
      reader: `Group ${reader.principalId}`,
      'raw-writer': `User ${writer.principalId}`,
      approver: `User ${approver.principalId}`,
      'smoke-tester': `User ${tester.principalId}`,
    };
    // Configuration documents are an opt-in: who writes and reads them is in tests/unit/components/site/siteDocuments.test.ts.
    const here = factoryRoles.filter(({ who }) => who !== 'document-writer' && who !== 'engineer');
    const expected = [...workspaceRoles, ...here].map(
      ({ who, role, step, why }) => `${people[who] ?? who} | ${nameOf(role)} | ${step} | ${why}`,
    );
    expect(planned.map(({ who, role, step, why }) => `${who} | ${role} | ${step} | ${why}`).sort()).toEqual(expected.sort());
    expect(planned.filter(({ scope }) => !scope.startsWith('/subscriptions/'))).toEqual([]);
  });

  it('shortens a scope to what tells it from others', () => {
    expect(
      shortScope('/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/acc/blobServices/default/containers/raw'),
    ).toBe('storageAccounts/acc/containers/raw');
    expect(shortScope('/subscriptions/s/resourceGroups/rg')).toBe('resourceGroups/rg');
  });
});
