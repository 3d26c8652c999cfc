import type { Monitor } from './monitor';
import { stableGuid } from '../region/stableGuid';
import type { Clock } from '../region/clock';
import { tenantId } from '../region/regionContext';
import { armId } from '../region/armId';
import { type InputRule } from '../region/checks';
import { declaredType, type DeclaredType } from '../region/declaredType';
import { ResourceError, type CheckFailure, type FunctionType, type Properties, type ProviderPart } from '../region/resourceType';

const named = (property: string, pattern: RegExp, expected: string): InputRule => ({ property, pattern, expected });
const workspaceId = /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i;
const prometheusStream = 'Microsoft-PrometheusMetrics';
const location = { location: 'REST specification, common types, TrackedResource: x-ms-mutability create and read' };

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
  if (!diagnosticTargets.some((one) => inputs[one] !== undefined))
    faults.push({ property: 'workspaceId', reason: `a diagnostic setting needs a destination: one of ${diagnosticTargets.join(', ')}` });
  const categories = [...((inputs['logs'] ?? []) as Properties[]), ...((inputs['metrics'] ?? []) as Properties[])];
  if (categories.length === 0) faults.push({ property: 'logs', reason: 'a diagnostic setting needs at least one log or metric category' });
  for (const one of (inputs['logs'] ?? []) as Properties[]) {
    if ((one['category'] === undefined) === (one['categoryGroup'] === undefined))
      faults.push({ property: 'logs', reason: 'each log names either category or categoryGroup' });
  }
  return faults;
}

/** Azure Monitor in Pulumi: Log Analytics, Application Insights, Monitor workspace, diagnostic settings, data collection. */
export function monitorTypes(monitor: Monitor, clock: Clock): ProviderPart {
  const type = (one: DeclaredType) => declaredType(one, monitor.declared, () => clock.now());
  const requireWorkspace = (id: unknown) => {
    if (id !== undefined && !monitor.declared.has(String(id).toLowerCase()))
      throw new ResourceError(
        'ResourceNotFound',
        `the Log Analytics workspace ${String(id)} does not exist.`,
        'Declare it first and refer to its id.',
      );
  };
  const endpointOutputs = (id: string): Properties => ({
    immutableId: `dce-${stableGuid(id).replaceAll('-', '')}`,
    etag: stableGuid(id, 'etag'),
    logsIngestion: { endpoint: monitor.endpoint },
    metricsIngestion: { endpoint: monitor.endpoint },
    configurationAccess: { endpoint: monitor.endpoint },
  });
  const ruleOutputs = (id: string): Properties => ({
    immutableId: `dcr-${stableGuid(id).replaceAll('-', '')}`,
    etag: stableGuid(id, 'etag'),
  });

  /** The rule and the endpoint that Azure makes with a workspace, in a managed resource group. */
  function declareIngestion(workspace: string, name: string, location: unknown): Record<string, string> {
    const idOf = (kind: string) => armId(`MA_${name}_${String(location)}_managed`, `Microsoft.Insights/${kind}`, name);
    const [endpointId, ruleId] = [idOf('dataCollectionEndpoints'), idOf('dataCollectionRules')];
    const common = (kind: string) => ({
      name,
      location,
      type: `Microsoft.Insights/${kind}`,
      azureApiVersion: '2022-06-01',
      provisioningState: 'Succeeded',
    });
    monitor.declared.set(endpointId.toLowerCase(), {
      id: endpointId,
      ...common('dataCollectionEndpoints'),
      ...endpointOutputs(endpointId),
    });
    monitor.declared.set(ruleId.toLowerCase(), {
      id: ruleId,
      ...common('dataCollectionRules'),
      ...ruleOutputs(ruleId),
      dataCollectionEndpointId: endpointId,
      dataSources: { prometheusForwarder: [{ name: 'PrometheusDataSource', streams: [prometheusStream] }] },
      destinations: { monitoringAccounts: [{ accountResourceId: workspace, name: 'MonitoringAccount1' }] },
      dataFlows: [{ streams: [prometheusStream], destinations: ['MonitoringAccount1'] }],
    });
    return { dataCollectionEndpointResourceId: endpointId, dataCollectionRuleResourceId: ruleId };
  }
  const lookUp = (token: string, kind: string, nameInput: string): FunctionType => ({
    token,
    invoke: async (args) => {
      const id = armId(String(args['resourceGroupName']), `Microsoft.Insights/${kind}`, String(args[nameInput]));
      const found = monitor.declared.get(id.toLowerCase());
      if (found === undefined) throw new ResourceError('ResourceNotFound', `The Resource '${id}' was not found.`);
      return { ...found, id };
    },
  });
  return {
    resources: [
      type({
        token: 'azure-native:operationalinsights:Workspace',
        armType: 'Microsoft.OperationalInsights/workspaces',
        names: ['workspaceName'],
        apiVersion: '2023-09-01',
        replaceOn: location,
        rules: [named('workspaceName', /^[a-zA-Z0-9][a-zA-Z0-9-]{2,61}[a-zA-Z0-9]$/, 'expected 4 to 63 letters, digits and hyphens')],
        faults: retentionFaults,
        computed: ['customerId', 'createdDate', 'modifiedDate', 'privateLinkScopedResources'],
        remove: (id) =>
          [...monitor.declared.entries()]
            .filter(([key]) => key.startsWith(`${id.toLowerCase()}/tables/`))
            .forEach(([key]) => void monitor.declared.delete(key)),
        apply: (id) => ({
          customerId: stableGuid(id),
          createdDate: clock.now().toISOString(),
          modifiedDate: clock.now().toISOString(),
          privateLinkScopedResources: [],
        }),
      }),
      type({
        token: 'azure-native:applicationinsights:Component',
        armType: 'Microsoft.Insights/components',
        names: ['resourceName'],
        apiVersion: '2020-02-02',
        replaceOn: location,
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
          requireWorkspace(inputs['workspaceResourceId']);
          const instrumentationKey = stableGuid(id, 'instrumentation');
          const applicationId = stableGuid(id, 'application');
          return {
            instrumentationKey,
            appId: applicationId,
            applicationId: String(inputs['resourceName']),
            tenantId,
            creationDate: clock.now().toISOString(),
            hockeyAppToken: '',
            laMigrationDate: '',
            privateLinkScopedResources: [],
            connectionString: `InstrumentationKey=${instrumentationKey};IngestionEndpoint=${monitor.endpoint}/;LiveEndpoint=${monitor.endpoint}/;ApplicationId=${applicationId}`,
          };
        },
      }),
      type({
        token: 'azure-native:monitor:AzureMonitorWorkspace',
        armType: 'Microsoft.Monitor/accounts',
        names: ['azureMonitorWorkspaceName'],
        apiVersion: '2023-04-03',
        replaceOn: location,
        rules: [
          named('azureMonitorWorkspaceName', /^[a-zA-Z0-9][a-zA-Z0-9-]{2,42}[a-zA-Z0-9]$/, 'expected 4 to 44 letters, digits and hyphens'),
        ],
        computed: ['accountId', 'etag', 'metrics', 'privateEndpointConnections', 'defaultIngestionSettings'],
        apply: (id, inputs) => {
          const accountId = stableGuid(id);
          return {
            accountId,
            etag: stableGuid(id, 'etag'),
            metrics: { internalId: stableGuid(id, 'metrics'), prometheusQueryEndpoint: monitor.prometheusEndpoint(accountId) },
            privateEndpointConnections: [],
            defaultIngestionSettings: declareIngestion(id, String(inputs['azureMonitorWorkspaceName']), inputs['location']),
          };
        },
        remove: (id) => {
          Object.values((monitor.declared.get(id.toLowerCase())?.['defaultIngestionSettings'] ?? {}) as Record<string, string>).forEach(
            (one) => void monitor.declared.delete(one.toLowerCase()),
          );
          monitor.forgetWorkspace(id);
        },
      }),
      type({
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
          requireWorkspace(inputs['workspaceId']);
          return {};
        },
      }),
      type({
        token: 'azure-native:monitor:DataCollectionEndpoint',
        armType: 'Microsoft.Insights/dataCollectionEndpoints',
        names: ['dataCollectionEndpointName'],
        apiVersion: '2022-06-01',
        replaceOn: location,
        computed: ['immutableId', 'etag', 'logsIngestion', 'metricsIngestion', 'configurationAccess'],
        apply: endpointOutputs,
      }),
      type({
        token: 'azure-native:monitor:DataCollectionRule',
        armType: 'Microsoft.Insights/dataCollectionRules',
        names: ['dataCollectionRuleName'],
        apiVersion: '2022-06-01',
        replaceOn: location,
        rules: [
          { property: 'dataFlows', required: true, expected: 'expected at least one flow from streams to destinations' },
          { property: 'destinations', required: true, expected: 'expected at least one destination' },
        ],
        computed: ['immutableId', 'etag'],
        apply: ruleOutputs,
      }),
    ],
    functions: [
      lookUp('azure-native:monitor:getDataCollectionRule', 'dataCollectionRules', 'dataCollectionRuleName'),
      lookUp('azure-native:monitor:getDataCollectionEndpoint', 'dataCollectionEndpoints', 'dataCollectionEndpointName'),
    ],
  };
}
