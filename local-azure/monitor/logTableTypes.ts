import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { armId } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import { declaredType } from '../region/declaredType';
import type { CheckFailure, Properties, ProviderPart } from '../region/resourceType';
import { requireDeclared } from './requireDeclared';
import type { TemplateResource } from '../region/templateResource';

const armType = 'Microsoft.OperationalInsights/workspaces/tables';

const tableRules: readonly InputRule[] = [
  { property: 'plan', allowed: ['Analytics', 'Basic', 'Auxiliary'], expected: 'Analytics, Basic or Auxiliary' },
];
function tableFaults(inputs: Properties): CheckFailure[] {
  const {
    plan,
    retentionInDays: retention,
    totalRetentionInDays: total,
  } = inputs as { plan?: string; retentionInDays?: number; totalRetentionInDays?: number };
  return [
    ...(plan === 'Basic' && retention !== undefined
      ? [{ property: 'retentionInDays', reason: `retentionInDays is ${retention}: expected nothing, the Basic plan fixes it` }]
      : []),
    ...(retention !== undefined && total !== undefined && total < retention
      ? [{ property: 'totalRetentionInDays', reason: `totalRetentionInDays is ${total}: expected at least retentionInDays, ${retention}` }]
      : []),
    ...(total !== undefined && !(total >= 4 && total <= 4_383)
      ? [{ property: 'totalRetentionInDays', reason: `totalRetentionInDays is ${total}: expected 4 to 4383` }]
      : []),
  ];
}

const workspaceOf = (tableId: string) => tableId.replace(/\/tables\/[^/]+$/i, '');
const workspace = 'the Log Analytics workspace';

/** Log tables: one that a stack declares is its own (`_CL`, `_SRCH`, `_RST`); Azure makes the others with their workspace. */
export function logTableTypes(declared: AppendOnlyStore<Properties>, now: () => Date): ProviderPart {
  const table = declaredType(
    {
      token: 'azure-native:operationalinsights:Table',
      armType,
      names: ['workspaceName', 'tableName'],
      apiVersion: '2023-09-01',
      rules: tableRules,
      faults: tableFaults,
      madeByAzure: ({ tableName }) => !/_(CL|SRCH|RST)$/.test(String(tableName)),
      apply: (id) => {
        requireDeclared(declared, workspaceOf(id), workspace);
        return {
          archiveRetentionInDays: 0,
          lastPlanModifiedDate: now().toISOString(),
          retentionInDaysAsDefault: false,
          totalRetentionInDaysAsDefault: false,
          schema: {},
          resultStatistics: {},
        };
      },
    },
    declared,
    now,
  );
  return { resources: [table], functions: [] };
}

/** The tables that Azure has made are set through a deployment. */
export const logTableTemplate = (declared: AppendOnlyStore<Properties>, now: () => Date): TemplateResource => ({
  armType,
  faults: (properties) => [...checkInputs(properties, tableRules), ...tableFaults(properties)],
  set: (resourceGroup, names, properties) => {
    const id = armId(resourceGroup, armType, ...names);
    requireDeclared(declared, workspaceOf(id), workspace, 'The deployment must come after it.');
    const [workspaceName, tableName] = names;
    declared.set(id.toLowerCase(), {
      ...properties,
      resourceGroupName: resourceGroup,
      workspaceName,
      tableName,
      name: tableName,
      type: armType,
      lastPlanModifiedDate: now().toISOString(),
    });
    return id;
  },
});
