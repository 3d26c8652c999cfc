import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { inputAt, type InputRule } from '../region/checks';
import { declaredType, type DeclaredType } from '../region/declaredType';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart } from '../region/resourceType';

const armIds = (property: string, inputs: Properties): CheckFailure[] => {
  const ids = inputAt(inputs, property);
  const right = Array.isArray(ids) && ids.length > 0 && ids.every((id) => /^\/subscriptions\//i.test(String(id)));
  return right ? [] : [{ property, reason: `${property} is ${JSON.stringify(ids)}: expected the ARM id of at least one resource` }];
};
const logWindows = ['PT5M', 'PT10M', 'PT15M', 'PT30M', 'PT45M', 'PT1H', 'PT2H', 'PT3H', 'PT4H', 'PT5H', 'PT6H', 'P1D', 'P2D'];
const metricWindows = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'];
const severity: InputRule = { property: 'severity', required: true, allowed: [0, 1, 2, 3, 4], expected: '0 to 4' };
const oneOf = (property: string, allowed: readonly string[]): InputRule => ({
  property,
  required: true,
  allowed,
  expected: `one of ${allowed.join(', ')}`,
});
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function actionGroupFaults(inputs: Properties): CheckFailure[] {
  const receivers = (inputs['emailReceivers'] ?? []) as Properties[];
  const names = receivers.map(({ name }) => String(name));
  const doubled = names.find((name, index) => names.indexOf(name) !== index);
  return [
    ...(doubled === undefined
      ? []
      : [{ property: 'emailReceivers', reason: `emailReceivers names "${doubled}" twice: expected a name of its own for each receiver` }]),
    ...receivers
      .filter(({ emailAddress }) => !/^[^\s@]+@[^\s@]+$/.test(String(emailAddress)))
      .map(({ emailAddress }) => ({
        property: 'emailReceivers',
        reason: `emailReceivers has ${JSON.stringify(emailAddress)}: expected an e-mail address`,
      })),
  ];
}

function criteriaFaults(inputs: Properties): CheckFailure[] {
  const conditions = (inputAt(inputs, 'criteria.allOf') ?? []) as Properties[];
  if (conditions.length === 0) return [{ property: 'criteria.allOf', reason: 'criteria.allOf is empty: expected at least one condition' }];
  return conditions.flatMap((condition) =>
    typeof condition['threshold'] === 'number' && typeof condition['operator'] === 'string'
      ? []
      : [{ property: 'criteria.allOf', reason: 'each condition needs an operator and a threshold' }],
  );
}

function budgetFaults(inputs: Properties): CheckFailure[] {
  const notifications = Object.entries((inputs['notifications'] ?? {}) as Record<string, Properties>);
  const unheard = notifications.filter(([, one]) =>
    ['contactEmails', 'contactGroups', 'contactRoles'].every((to) => ((one[to] ?? []) as unknown[]).length === 0),
  );
  return [
    ...(notifications.length > 5
      ? [{ property: 'notifications', reason: `notifications has ${notifications.length} entries: expected at most 5` }]
      : []),
    ...unheard.map(([name]) => ({
      property: `notifications.${name}`,
      reason: `notifications.${name} tells nobody: expected an e-mail address, an action group or a role`,
    })),
    ...(Number(inputs['amount']) > 0
      ? []
      : [{ property: 'amount', reason: `amount is ${JSON.stringify(inputs['amount'])}: expected more than 0` }]),
    ...(/-01T00:00:00Z$/.test(String(inputAt(inputs, 'timePeriod.startDate')))
      ? []
      : [
          {
            property: 'timePeriod.startDate',
            reason: `timePeriod.startDate is ${String(inputAt(inputs, 'timePeriod.startDate'))}: expected the first moment of a month`,
          },
        ]),
  ];
}

function workbookFaults(inputs: Properties): CheckFailure[] {
  try {
    const content = JSON.parse(String(inputs['serializedData'])) as { version?: unknown; items?: unknown };
    if (content.version === 'Notebook/1.0' && Array.isArray(content.items)) return [];
  } catch {
    // Reported below.
  }
  return [{ property: 'serializedData', reason: 'serializedData: expected the JSON of a workbook, with version Notebook/1.0 and items' }];
}

/** Alert rules and whom they call, budgets and workbooks. They are checked and kept; nothing evaluates them. */
export function alertTypes(declared: AppendOnlyStore<Properties>, now: () => Date): ProviderPart {
  const type = (one: DeclaredType) => declaredType(one, declared, now);
  const exists = (id: unknown, what: string) => {
    if (!declared.has(String(id).toLowerCase()))
      throw new ResourceError('ResourceNotFound', `${what} ${String(id)} does not exist.`, 'Declare it first and refer to its id.');
  };
  const location = { location: 'the location of a resource cannot be changed' };
  return {
    functions: [],
    resources: [
      type({
        token: 'azure-native:monitor:ActionGroup',
        armType: 'Microsoft.Insights/actionGroups',
        names: ['actionGroupName'],
        apiVersion: '2024-10-01-preview',
        replaceOn: location,
        faults: actionGroupFaults,
        rules: [
          { property: 'groupShortName', required: true, pattern: /^.{1,12}$/, expected: '1 to 12 characters' },
          { property: 'enabled', required: true, allowed: [true, false], expected: 'true or false' },
        ],
      }),
      type({
        token: 'azure-native:monitor:ScheduledQueryRule',
        armType: 'Microsoft.Insights/scheduledQueryRules',
        names: ['ruleName'],
        apiVersion: '2025-01-01-preview',
        replaceOn: { ...location, kind: 'Microsoft.Insights: the kind of a rule is set at creation' },
        rules: [severity, oneOf('windowSize', logWindows), oneOf('evaluationFrequency', ['PT1M', ...logWindows.slice(0, -1)])],
        faults: (inputs) => [...armIds('scopes', inputs), ...criteriaFaults(inputs)],
        apply: (_id, inputs) => {
          for (const group of (inputAt(inputs, 'actions.actionGroups') ?? []) as string[]) exists(group, 'the action group');
          for (const scope of inputs['scopes'] as string[]) exists(scope, 'the Log Analytics workspace');
          return {
            isLegacyLogAnalyticsRule: false,
            isWorkspaceAlertsStorageConfigured: false,
            createdWithApiVersion: '2025-01-01-preview',
          };
        },
      }),
      type({
        token: 'azure-native:monitor:MetricAlert',
        armType: 'Microsoft.Insights/metricAlerts',
        names: ['ruleName'],
        apiVersion: '2018-03-01',
        replaceOn: location,
        rules: [severity, oneOf('windowSize', metricWindows), oneOf('evaluationFrequency', metricWindows.slice(0, 5))],
        faults: (inputs) => [...armIds('scopes', inputs), ...criteriaFaults(inputs)],
        apply: (_id, inputs) => {
          for (const { actionGroupId } of (inputs['actions'] ?? []) as Properties[]) exists(actionGroupId, 'the action group');
          return { isMigrated: false, lastUpdatedTime: now().toISOString() };
        },
      }),
      type({
        token: 'azure-native:applicationinsights:Workbook',
        armType: 'Microsoft.Insights/workbooks',
        names: ['resourceName'],
        apiVersion: '2023-06-01',
        replaceOn: { ...location, kind: 'Microsoft.Insights: the kind of a workbook is set at creation' },
        faults: workbookFaults,
        rules: [
          { property: 'resourceName', pattern: guid, expected: 'a UUID' },
          { property: 'displayName', required: true, expected: 'the name that is shown' },
          { property: 'category', required: true, expected: 'a gallery category such as workbook' },
        ],
        apply: () => ({ revision: '', timeModified: now().toISOString(), userId: '' }),
      }),
      type({
        token: 'azure-native:consumption:Budget',
        armType: 'Microsoft.Consumption/budgets',
        names: ['budgetName'],
        apiVersion: '2024-08-01',
        faults: budgetFaults,
        rules: [
          { property: 'scope', required: true, pattern: /^\/subscriptions\//i, expected: 'an ARM id' },
          { property: 'budgetName', pattern: /^[A-Za-z0-9_-]{1,63}$/, expected: '1 to 63 letters, digits, - and _' },
          oneOf('timeGrain', ['Monthly', 'Quarterly', 'Annually']),
          oneOf('category', ['Cost', 'ReservationUtilization']),
        ],
        replaceOn: { scope: 'part of the resource id', timeGrain: 'Microsoft.Consumption: the grain of a budget is set at creation' },
        idOf: (inputs) => `${String(inputs['scope'])}/providers/Microsoft.Consumption/budgets/${String(inputs['budgetName'])}`,
        apply: () => ({ currentSpend: { amount: 0, unit: 'USD' } }),
      }),
    ],
  };
}
