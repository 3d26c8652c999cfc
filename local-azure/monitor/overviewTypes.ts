import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { inputAt, oneOf } from '../region/checks';
import { declaredTypes, fixedLocation, type DeclaredType } from '../region/declaredType';
import type { CheckFailure, Properties, ProviderPart } from '../region/resourceType';

const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function budgetFaults(inputs: Properties): CheckFailure[] {
  const notifications = Object.entries((inputs['notifications'] ?? {}) as Record<string, Properties>);
  const unheard = notifications.filter(([, notification]) =>
    ['contactEmails', 'contactGroups', 'contactRoles'].every((to) => ((notification[to] ?? []) as unknown[]).length === 0),
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

const workbook = (now: () => Date): DeclaredType => ({
  token: 'azure-native:applicationinsights:Workbook',
  armType: 'Microsoft.Insights/workbooks',
  names: ['resourceName'],
  apiVersion: '2023-06-01',
  replaceOn: { ...fixedLocation, kind: 'Microsoft.Insights: the kind of a workbook is set at creation' },
  faults: workbookFaults,
  rules: [
    { property: 'resourceName', pattern: guid, expected: 'a UUID' },
    { property: 'displayName', required: true, expected: 'the name that is shown' },
    { property: 'category', required: true, expected: 'a gallery category such as workbook' },
  ],
  apply: () => ({ revision: '', timeModified: now().toISOString(), userId: '' }),
});

const budget: DeclaredType = {
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
};

/** What people look at: workbooks, and budgets. They are checked and kept; nothing evaluates them. */
export const overviewTypes = (declared: AppendOnlyStore<Properties>, now: () => Date): ProviderPart => ({
  resources: declaredTypes([workbook(now), budget], declared, now),
  functions: [],
});
