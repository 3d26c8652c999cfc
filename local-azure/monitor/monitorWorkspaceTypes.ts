import type { InputRule } from '../region/checks';
import { fixedLocation, type DeclaredType } from '../region/declaredType';
import { tenantId } from '../region/regionContext';
import type { CheckFailure, Properties } from '../region/resourceType';
import { stableGuid } from '../region/stableGuid';
import { forgetBelow } from '../region/storedType';
import { declareIngestion } from './collectionTypes';
import type { Monitor } from './monitor';
import { requireDeclared } from './requireDeclared';

const named = (property: string, pattern: RegExp, expected: string): InputRule => ({ property, pattern, expected });
const workspaceId = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i;

function retentionFaults(inputs: Properties): CheckFailure[] {
  const days = inputs['retentionInDays'];
  const legal = days === undefined || (typeof days === 'number' && (days === 7 || (days >= 30 && days <= 730)));
  return legal
    ? []
    : [{ property: 'retentionInDays', reason: `retentionInDays is ${JSON.stringify(days)}: expected 30 to 730 (7 on the free tier)` }];
}
const diagnosticTargets = ['workspaceId', 'storageAccountId', 'eventHubAuthorizationRuleId', 'marketplacePartnerId'];
function diagnosticFaults(inputs: Properties): CheckFailure[] {
  const faults: CheckFailure[] = [];
  if (!diagnosticTargets.some((target) => inputs[target] !== undefined))
    faults.push({ property: 'workspaceId', reason: `a diagnostic setting needs a destination: one of ${diagnosticTargets.join(', ')}` });
  const categories = [...((inputs['logs'] ?? []) as Properties[]), ...((inputs['metrics'] ?? []) as Properties[])];
  if (categories.length === 0) faults.push({ property: 'logs', reason: 'a diagnostic setting needs at least one log or metric category' });
  for (const log of (inputs['logs'] ?? []) as Properties[]) {
    if ((log['category'] === undefined) === (log['categoryGroup'] === undefined))
      faults.push({ property: 'logs', reason: 'each log names either category or categoryGroup' });
  }
  return faults;
}

export const logWorkspaceType = (monitor: Monitor, now: () => Date): DeclaredType => ({
  token: 'azure-native:operationalinsights:Workspace',
  armType: 'Microsoft.OperationalInsights/workspaces',
  names: ['workspaceName'],
  apiVersion: '2023-09-01',
  replaceOn: fixedLocation,
  rules: [named('workspaceName', /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/, 'expected 4 to 63 letters, digits and hyphens')],
  faults: retentionFaults,
  computed: ['customerId', 'createdDate', 'modifiedDate', 'privateLinkScopedResources'],
  remove: (id) => forgetBelow(monitor.declared, `${id}/tables`),
  apply: (id) => ({
    customerId: stableGuid(id),
    createdDate: now().toISOString(),
    modifiedDate: now().toISOString(),
    privateLinkScopedResources: [],
  }),
});

export const componentType = (monitor: Monitor, now: () => Date): DeclaredType => ({
  token: 'azure-native:applicationinsights:Component',
  armType: 'Microsoft.Insights/components',
  names: ['resourceName'],
  apiVersion: '2020-02-02',
  replaceOn: fixedLocation,
  rules: [
    { property: 'kind', required: true, expected: 'expected a kind such as web' },
    { property: 'applicationType', required: true, allowed: ['web', 'other'], expected: 'expected web or other' },
    {
      property: 'workspaceResourceId',
      required: true,
      pattern: workspaceId,
      expected: 'expected the ARM id of a Log Analytics workspace: classic components are retired',
    },
  ],
  computed: [
    'instrumentationKey',
    'appId',
    'applicationId',
    'tenantId',
    'creationDate',
    'hockeyAppToken',
    'laMigrationDate',
    'privateLinkScopedResources',
    'connectionString',
  ],
  remove: (id) => monitor.forgetComponent(id),
  apply: (id, inputs) => {
    requireDeclared(monitor.declared, inputs['workspaceResourceId'], 'the Log Analytics workspace');
    const instrumentationKey = stableGuid(id, 'instrumentation');
    const applicationId = stableGuid(id, 'application');
    return {
      instrumentationKey,
      appId: applicationId,
      applicationId: String(inputs['resourceName']),
      tenantId,
      creationDate: now().toISOString(),
      hockeyAppToken: '',
      laMigrationDate: '',
      privateLinkScopedResources: [],
      connectionString: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=${monitor.endpoint}/;LiveEndpoint=${monitor.endpoint}/;ApplicationId=${applicationId}`,
    };
  },
});

export const metricsWorkspaceType = (monitor: Monitor): DeclaredType => ({
  token: 'azure-native:monitor:AzureMonitorWorkspace',
  armType: 'Microsoft.Monitor/accounts',
  names: ['azureMonitorWorkspaceName'],
  apiVersion: '2023-04-03',
  replaceOn: fixedLocation,
  rules: [named('azureMonitorWorkspaceName', /^[a-zA-Z0-9][a-zA-Z0-9-]{2,42}[a-zA-Z0-9]$/, 'expected 4 to 44 letters, digits and hyphens')],
  computed: ['accountId', 'etag', 'metrics', 'privateEndpointConnections', 'defaultIngestionSettings'],
  apply: (id, inputs) => {
    const accountId = stableGuid(id);
    return {
      accountId,
      etag: stableGuid(id, 'etag'),
      metrics: { internalId: stableGuid(id, 'metrics'), prometheusQueryEndpoint: monitor.prometheusEndpoint(accountId) },
      privateEndpointConnections: [],
      defaultIngestionSettings: declareIngestion(monitor, id, String(inputs['azureMonitorWorkspaceName']), inputs['location']),
    };
  },
  remove: (id) => {
    Object.values((monitor.declared.get(id.toLowerCase())?.['defaultIngestionSettings'] ?? {}) as Record<string, string>).forEach(
      (id) => void monitor.declared.delete(id.toLowerCase()),
    );
    monitor.forgetWorkspace(id);
  },
});

export const diagnosticSettingType = (monitor: Monitor): DeclaredType => ({
  token: 'azure-native:monitor:DiagnosticSetting',
  armType: 'Microsoft.Insights/diagnosticSettings',
  names: ['name'],
  apiVersion: '2021-05-01-preview',
  rules: [
    {
      property: 'resourceUri',
      required: true,
      pattern: /^\/subscriptions\//,
      expected: 'expected the ARM id of the resource that is observed',
    },
  ],
  faults: diagnosticFaults,
  replaceOn: { resourceUri: 'a path parameter of the setting' },
  identifiedBy: ['resourceUri', 'name'],
  idOf: (inputs) => `${String(inputs['resourceUri'])}/providers/Microsoft.Insights/diagnosticSettings/${String(inputs['name'])}`,
  apply: (_, inputs) => {
    if (inputs['workspaceId'] !== undefined) requireDeclared(monitor.declared, inputs['workspaceId'], 'the Log Analytics workspace');
    return {};
  },
});
