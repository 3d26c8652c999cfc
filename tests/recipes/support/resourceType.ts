import type { Recipe } from './recipe';

const token = 'alertsmanagement:AlertProcessingRuleByName';

/** The region takes the rules that keep alerts quiet. */
export const resourceType: Recipe = {
  title: 'Add a Pulumi resource type to the region',
  names: { service: 'monitor', type: 'processingRule', test: 'processingRuleTypes' },
  edits: [
    {
      file: 'local-azure/monitor/processingRuleTypes.ts',
      newFile: `import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { declaredType } from '../region/declaredType';
import type { Properties, ProviderPart } from '../region/resourceType';

/** Rules that keep alerts quiet while a line is rebuilt. They are checked and kept; nothing evaluates them. */
export const processingRuleTypes = (declared: AppendOnlyStore<Properties>, now: () => Date): ProviderPart => ({
  functions: [],
  resources: [
    declaredType(
      {
        token: 'azure-native:${token}',
        armType: 'Microsoft.AlertsManagement/actionRules',
        names: ['alertProcessingRuleName'],
        apiVersion: '2021-08-08',
        rules: [{ property: 'properties.enabled', allowed: [true, false], expected: 'true or false' }],
      },
      declared,
      now,
    ),
  ],
});
`,
    },
    {
      file: 'local-azure/regionTypes.ts',
      after: /^import \{ randomTypes \}.*\n/m,
      text: "import { processingRuleTypes } from './monitor/processingRuleTypes';\n",
    },
    {
      file: 'local-azure/regionTypes.ts',
      before: /^ *lockTypes\(.*\n/m,
      text: '      processingRuleTypes(region.monitor.declared, () => context.clock.now()),\n',
    },
    {
      file: 'plan/armIds.ts',
      before: /^ *'alertsmanagement:PrometheusRuleGroup'/m,
      text: `  '${token}': 'Microsoft.AlertsManagement/actionRules/{alertProcessingRuleName}',\n`,
    },
    {
      file: 'plan/price/freeTypes.ts',
      before: /^ *'azure-native:alertsmanagement:PrometheusRuleGroup'/m,
      text: `  'azure-native:${token}': 'free',\n`,
    },
    { file: 'docs/local-region.md', before: /action groups, budgets/, text: 'processing rules, ' },
    {
      file: 'tests/unit/local-azure/monitor/processingRuleTypes.test.ts',
      newFile: `import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processingRuleTypes } from '../../../../local-azure/monitor/processingRuleTypes';
import { AppendOnlyStore } from '../../../../local-azure/region/appendOnlyStore';
import type { Properties } from '../../../../local-azure/region/resourceType';

const directory = mkdtempSync(join(tmpdir(), 'processing-rules-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('a processing rule is kept until it is deleted', async () => {
  const [type] = processingRuleTypes(new AppendOnlyStore<Properties>(join(directory, 'declared.ndjson')), () => new Date(0)).resources;
  if (!type) throw new Error('expected a type');
  const inputs = { resourceGroupName: 'rg', alertProcessingRuleName: 'rebuild', properties: { enabled: true } };
  const { id } = await type.create({ name: 'one', urn: 'urn', inputs });
  expect(id).toMatch(/\\/resourceGroups\\/rg\\/providers\\/Microsoft.AlertsManagement\\/actionRules\\/rebuild$/);
  expect(await type.read(id)).toMatchObject({ properties: { enabled: true } });
  await type.delete(id, {});
  expect(await type.read(id)).toBeUndefined();
});
`,
    },
  ],
  tests: ['tests/unit/local-azure/monitor', 'tests/unit/local-azure/declaredTypes.test.ts', 'tests/unit/plan/plannedStack.test.ts'],
};
