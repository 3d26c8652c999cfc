import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { inputAt, oneOf, type InputRule } from '../region/checks';
import { declaredTypes, fixedLocation, type DeclaredType } from '../region/declaredType';
import type { CheckFailure, Properties, ProviderPart } from '../region/resourceType';
import { requireDeclared } from './requireDeclared';

const armIds = (property: string, inputs: Properties): CheckFailure[] => {
  const ids = inputAt(inputs, property);
  const right = Array.isArray(ids) && ids.length > 0 && ids.every((id) => /^\/subscriptions\//i.test(String(id)));
  return right ? [] : [{ property, reason: `${property} is ${JSON.stringify(ids)}: expected the ARM id of at least one resource` }];
};
const logWindows = ['PT5M', 'PT10M', 'PT15M', 'PT30M', 'PT45M', 'PT1H', 'PT2H', 'PT3H', 'PT4H', 'PT5H', 'PT6H', 'P1D', 'P2D'];
const metricWindows = ['PT1M', 'PT5M', 'PT15M', 'PT30M', 'PT1H', 'PT6H', 'PT12H', 'P1D'];
const severity: InputRule = { property: 'severity', required: true, allowed: [0, 1, 2, 3, 4], expected: '0 to 4' };

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

const actionGroup: DeclaredType = {
  token: 'azure-native:monitor:ActionGroup',
  armType: 'Microsoft.Insights/actionGroups',
  names: ['actionGroupName'],
  apiVersion: '2024-10-01-preview',
  replaceOn: fixedLocation,
  faults: actionGroupFaults,
  rules: [
    { property: 'groupShortName', required: true, pattern: /^.{1,12}$/, expected: '1 to 12 characters' },
    { property: 'enabled', required: true, allowed: [true, false], expected: 'true or false' },
  ],
};

const scheduledQueryRule = (declared: AppendOnlyStore<Properties>): DeclaredType => ({
  token: 'azure-native:monitor:ScheduledQueryRule',
  armType: 'Microsoft.Insights/scheduledQueryRules',
  names: ['ruleName'],
  apiVersion: '2025-01-01-preview',
  replaceOn: { ...fixedLocation, kind: 'Microsoft.Insights: the kind of a rule is set at creation' },
  rules: [severity, oneOf('windowSize', logWindows), oneOf('evaluationFrequency', ['PT1M', ...logWindows.slice(0, -1)])],
  faults: (inputs) => [...armIds('scopes', inputs), ...criteriaFaults(inputs)],
  apply: (_id, inputs) => {
    for (const group of (inputAt(inputs, 'actions.actionGroups') ?? []) as string[]) requireDeclared(declared, group, 'the action group');
    for (const scope of inputs['scopes'] as string[]) requireDeclared(declared, scope, 'the Log Analytics workspace');
    return {
      isLegacyLogAnalyticsRule: false,
      isWorkspaceAlertsStorageConfigured: false,
      createdWithApiVersion: '2025-01-01-preview',
    };
  },
});

const metricAlert = (declared: AppendOnlyStore<Properties>, now: () => Date): DeclaredType => ({
  token: 'azure-native:monitor:MetricAlert',
  armType: 'Microsoft.Insights/metricAlerts',
  names: ['ruleName'],
  apiVersion: '2018-03-01',
  replaceOn: fixedLocation,
  rules: [severity, oneOf('windowSize', metricWindows), oneOf('evaluationFrequency', metricWindows.slice(0, 5))],
  faults: (inputs) => [...armIds('scopes', inputs), ...criteriaFaults(inputs)],
  apply: (_id, inputs) => {
    for (const { actionGroupId } of (inputs['actions'] ?? []) as Properties[]) requireDeclared(declared, actionGroupId, 'the action group');
    return { isMigrated: false, lastUpdatedTime: now().toISOString() };
  },
});

/** Alert rules and whom they call. They are checked and kept; nothing evaluates them. */
export const alertTypes = (declared: AppendOnlyStore<Properties>, now: () => Date): ProviderPart => ({
  resources: declaredTypes([actionGroup, scheduledQueryRule(declared), metricAlert(declared, now)], declared, now),
  functions: [],
});
