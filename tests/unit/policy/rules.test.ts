import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readStackFile, stacksIn } from '../../../plan/stackFile';
import { allRules } from '../../../policy/allRules';
import { unknownPlaceholder, type DeclaredResource } from '../../../policy/declaredResource';
import { knownProps } from '../../../policy/knownProps';
import { violations } from '../../../policy/rule';
import { numbersOf, readConsiderations } from '../../mutation/considerations';
import { propertyMutants } from '../../mutation/propertyMutants';
import { otherValues } from '../../mutation/settingMutants';
import { imagesGiven, stacks } from '../support/declaredResources';
import { projectRoot } from '../../support/projectRoot';

const markdown = readFileSync(join(projectRoot, 'docs', 'considerations.md'), 'utf8');
const rows = readConsiderations(markdown);

/** A program declares once per registry of modules. */
async function declared(settings: Readonly<Record<string, unknown>>): Promise<DeclaredResource[]> {
  let resources: DeclaredResource[] = [];
  await jest.isolateModulesAsync(async () => {
    resources = await (await import('../support/declaredResources')).declareStack(settings);
  });
  return resources;
}
const allViolations = (resources: readonly DeclaredResource[]) =>
  allRules.flatMap((rule) => violations(rule, resources).map((found) => `${rule.name}: ${found}`));
const ruleNamed = (name: string) => {
  const rule = allRules.find((one) => one.name === name);
  if (rule === undefined) throw new Error(`there is no rule ${name}`);
  return rule;
};

const resources: Partial<Record<keyof typeof stacks, DeclaredResource[]>> = {};
beforeAll(async () => {
  for (const name of ['dev', 'production'] as const) resources[name] = await declared(stacks[name]);
}, 180_000);
const of = (production: boolean) => resources[production ? 'production' : 'dev'] ?? [];

describe('every rule', () => {
  it.each(stacksIn(projectRoot))(
    'holds for the shipped stack %s, but for its exceptions',
    async (stack) => {
      const settings = Object.entries(readStackFile(projectRoot, stack, 'secret').configuration).map(([key, value]) => [
        key.replace('factory-loop:', ''),
        value,
      ]);
      const found = allViolations(await declared({ ...Object.fromEntries(settings), ...imagesGiven })).map((one) => ({
        rule: one.split(':')[0] ?? '',
        one,
      }));
      const file = join(projectRoot, 'policy', 'exceptions', `${stack}.json`);
      const excepted = existsSync(file) ? Object.keys(JSON.parse(readFileSync(file, 'utf8')) as object) : [];
      expect(found.filter(({ rule }) => !excepted.includes(rule)).map(({ one }) => one)).toEqual([]);
      expect(
        excepted.filter((rule) => !found.some((one) => one.rule === rule) || !markdown.includes(`| ${stack} | \`${rule}\` |`)),
      ).toEqual([]);
    },
    180_000,
  );

  it('holds for a plant in production with a site of its own', () => {
    expect(of(true).length).toBeGreaterThan(100);
    expect(allViolations(of(true))).toEqual([]);
  });

  it('asks a stack of the platform or of a factory alone for its own part only, and still for all of that', () => {
    const ofPlatform = ({ name }: DeclaredResource) =>
      /^(ml|machine-learning|monitoring|registry|training-cluster|platform|budget|train$)/.test(name);
    const [platform, factory] = [of(true).filter(ofPlatform), of(true).filter((one) => !ofPlatform(one))];
    expect([platform.length, factory.length].filter((count) => count < 20)).toEqual([]);
    expect([allViolations(platform), allViolations(factory)]).toEqual([[], []]);
    expect(allViolations(factory.filter(({ type }) => !type.endsWith(':Workbook')))).toHaveLength(6);
    expect(allViolations(platform.filter(({ type }) => !type.endsWith(':Budget')))).toEqual(['budget-told: no budget, expected one']);
  });

  it('has a name of its own, words for a person, and a row that it is tested by', () => {
    const names = allRules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(allRules.filter(({ description, reason }) => !/\.$/.test(description) || !/\.$/.test(reason))).toEqual([]);
    const rowless = ['nothing-needless', 'vault-audited'];
    expect(names.filter((name) => !rows.some(({ rule }) => rule === name)).sort()).toEqual(rowless);
    for (const name of rowless) expect(markdown).toContain(`\`${name}\``);
  });
});

describe('docs/considerations.md', () => {
  it('has every consideration of the article, and every step of its workflow', () => {
    const article = { R: 3, S: 5, C: 8, O: 4, P: 3, W: 13 };
    const expected = Object.entries(article).flatMap(([pillar, count]) =>
      Array.from({ length: count }, (_, index) => `${pillar}${index + 1}`),
    );
    expect(expected.filter((number) => !numbersOf(markdown).has(number))).toEqual([]);
  });

  it('names tests and settings that exist', () => {
    const files = [...markdown.matchAll(/(?:tests|docs)\/[\w./-]+\.(?:test\.ts|md)|\.ci\/run/g)].map(([file]) => file);
    expect([...new Set(files)].filter((file) => !existsSync(join(projectRoot, file)))).toEqual([]);
    const withoutTest = (file: string) =>
      file.endsWith('.test.ts') && !/^\s*(it|test)\b.*\(/m.test(readFileSync(join(projectRoot, file), 'utf8'));
    expect([...new Set(files)].filter(withoutTest)).toEqual([]);
    expect([...new Set(rows.flatMap(({ setting }) => (setting === undefined || setting in otherValues ? [] : [setting])))]).toEqual([]);
  });

  it('names a test for every row that code or a command holds', () => {
    const [, section = ''] = /\n## Held by code or by a command\n([\s\S]*?)\n## /.exec(markdown) ?? [];
    const held = section
      .split('\n')
      .filter((line) => line.startsWith('| '))
      .slice(1);
    expect(held.length).toBeGreaterThan(5);
    expect(held.filter((line) => !/\| (tests\/[\w./-]+\.test\.ts(, )?)+ \|$/.test(line))).toEqual([]);
  });

  it.each([
    '| R1 zones | - | `Nothing.at.all` | `zone-redundant` | tests/x |',
    '| no number | - | `StorageAccount.kind` | `zone-redundant` | tests/x |',
  ])('is not read past a row that says %s', (line) => {
    expect(() => readConsiderations(`\n## Held by a rule\n\n| a |\n|---|\n${line}\n\n## Next\n`)).toThrow(/expected consideration/);
  });

  it('has a rule for every property that notices when any one resource lacks it', () => {
    const survivors = rows.flatMap((row) => {
      const mutants = propertyMutants(row, of(row.production));
      return mutants.length === 0
        ? [`nothing has ${row.kind}.${row.path}`]
        : mutants
            .filter((one) => violations(ruleNamed(row.rule), one.resources).length === 0)
            .map(({ resource }) => `${row.rule}: ${resource} without ${row.path}`);
    });
    expect(survivors).toEqual([]);
  });
});

describe('rules about what must not be there', () => {
  const more = (name: string, change: (resource: DeclaredResource) => DeclaredResource | undefined) =>
    violations(
      ruleNamed(name),
      of(true).flatMap((one) => [one, ...[change(one)].filter((extra) => extra !== undefined)]),
    );

  it('see a second log workspace and a vault whose audit goes nowhere', () => {
    expect(
      more('nothing-needless', (one) =>
        one.type === 'azure-native:operationalinsights:Workspace' ? { ...one, name: 'another' } : undefined,
      ),
    ).toEqual(['2 of LogAnalytics, expected at most 1']);
    const silent = of(true).filter(({ type, name }) => !(type === 'azure-native:monitor:DiagnosticSetting' && name.startsWith('ml-vault')));
    expect(violations(ruleNamed('vault-audited'), silent)).toEqual(['ml-vault: no diagnostic setting with its audit log']);
  });

  it('see Owner, Contributor for somebody else, and a role on the whole group', () => {
    const changed = (change: Record<string, unknown>) =>
      violations(
        ruleNamed('least-privilege'),
        of(true).map((one) => (one.name === 'data-pipeline-acrPull-registry' ? { ...one, props: { ...one.props, ...change } } : one)),
      );
    expect(changed({ roleDefinitionId: '/x/8e3af657-a8ff-443c-a75c-2fe8c4bcb635' })).toEqual([expect.stringMatching(/gives Owner/)]);
    expect(changed({ roleDefinitionId: '/x/b24988ac-6180-42a0-ab88-20f7382dd24c' })).toEqual([
      expect.stringMatching(/gives Contributor to somebody else/),
    ]);
    expect(changed({ scope: '/subscriptions/s/resourceGroups/g' })).toEqual([expect.stringMatching(/expected a single resource/)]);
  });

  it('see an own role with a wildcard, and one that hands out roles', () => {
    const withAction = (actions: readonly string[], dataActions: readonly string[]) =>
      violations(ruleNamed('custom-roles-narrow'), [
        {
          type: 'azure-native:authorization:RoleDefinition',
          name: 'own',
          protect: false,
          madeOf: {},
          props: { permissions: [{ actions, dataActions }] },
        },
      ]);
    expect(withAction(['Microsoft.ContainerRegistry/registries/artifacts/delete'], [])).toEqual([]);
    expect(
      [withAction([], ['Microsoft.Storage/*']), withAction(['Microsoft.Authorization/roleAssignments/write'], []), withAction([], [])].map(
        (found) => found.length,
      ),
    ).toEqual([1, 1, 1]);
  });

  it('see that nobody is called for silence; of the devices of a site that sleeps nobody has to be', () => {
    const quiet = (production: boolean) =>
      violations(
        ruleNamed('operators-told'),
        of(production).filter(({ name }) => !/-(device-silent|telemetry-stopped)$/.test(name)),
      ).map((one) => one.split(':')[0]);
    expect([quiet(true), quiet(false)]).toEqual([['device-silent', 'telemetry-stopped'], ['telemetry-stopped']]);
  });

  it.each([
    ['union isfuzzy=true (AppTraces), (AppMetrics)', 1],
    ['AppTraces | take 5', 1],
    ['search "failed" | where TimeGenerated > ago(window) | limit 1', 3],
    ["AppTraces | where Message == 'take the union of a search' // limit\n| where TimeGenerated > ago(1h)", 0],
    ['AppTraces | extend limits = 1, unions = 2 | where TimeGenerated > ago(1.5h)', 0],
    ['AppTraces | evaluate bag_unpack(Properties)', 1],
    ['', 1],
    [unknownPlaceholder, 0],
  ])('see what the query of a log alert may not do: %s', (query, faults) => {
    const alert = of(true).find(({ type }) => type.endsWith(':ScheduledQueryRule'));
    if (alert === undefined) throw new Error('there is no log alert');
    expect(violations(ruleNamed('alerts-askable'), [{ ...alert, props: { criteria: { allOf: [{ query }] } } }])).toHaveLength(faults);
  });

  it('see a key in the settings of a program and a secret that is a value', () => {
    const withEnvironment = (name: string, value: string) =>
      violations(
        ruleNamed('no-secret-in-settings'),
        of(true).map((one) =>
          one.name === 'delivery' && one.type.endsWith('ContainerApp')
            ? { ...one, props: { ...one.props, template: { containers: [{ name: 'delivery', env: [{ name, value }] }] } } }
            : one,
        ),
      );
    expect(withEnvironment('STORAGE', 'AccountName=x;AccountKey=y')).toEqual([
      'delivery: delivery is given STORAGE, which looks like a secret',
    ]);
    expect(withEnvironment('HUB_CONNECTION_STRING', 'x')).toHaveLength(1);
    expect(withEnvironment('QUEUE_NAME', 'delivery')).toEqual([]);
  });
});

describe('what a preview cannot know', () => {
  it('is held against nobody, and everything beside it still is', () => {
    const unknowable = {
      id: 'x',
      get scope(): string {
        throw new Error('cannot be known');
      },
      list: [
        1,
        {
          get image(): string {
            throw new Error('cannot be known');
          },
        },
      ],
    };
    expect(knownProps(unknowable)).toEqual({ id: 'x', scope: unknownPlaceholder, list: [1, { image: unknownPlaceholder }] });
    const hidden = of(false).map((one) =>
      one.type.endsWith(':RoleAssignment')
        ? { ...one, props: { ...one.props, scope: unknownPlaceholder } }
        : one.type.endsWith(':StorageAccount')
          ? { ...one, props: { ...one.props, sku: unknownPlaceholder, allowSharedKeyAccess: true } }
          : one,
    );
    const environment = {
      type: 'azure-native:app:Job',
      name: 'tag-and-deliver',
      protect: false,
      madeOf: {},
      props: { template: { containers: [{ name: 'tag-and-deliver', env: unknownPlaceholder }] } },
    };
    expect(violations(ruleNamed('lineage-known'), [environment])).toEqual([]);
    expect(new Set(allViolations(hidden).map((found) => found.split(':')[0]))).toEqual(new Set(['entra-only']));
  });
});
