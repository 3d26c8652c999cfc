import { armId } from '../region/armId';
import { fixedLocation, type DeclaredType } from '../region/declaredType';
import { ResourceError, type FunctionType, type Properties } from '../region/resourceType';
import { stableGuid } from '../region/stableGuid';
import type { Monitor } from './monitor';

const prometheusStream = 'Microsoft-PrometheusMetrics';

const endpointOutputs = (monitor: Monitor, id: string): Properties => ({
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
export function declareIngestion(monitor: Monitor, workspace: string, name: string, location: unknown): Record<string, string> {
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
    ...endpointOutputs(monitor, endpointId),
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

export const dataCollectionEndpointType = (monitor: Monitor): DeclaredType => ({
  token: 'azure-native:monitor:DataCollectionEndpoint',
  armType: 'Microsoft.Insights/dataCollectionEndpoints',
  names: ['dataCollectionEndpointName'],
  apiVersion: '2022-06-01',
  replaceOn: fixedLocation,
  computed: ['immutableId', 'etag', 'logsIngestion', 'metricsIngestion', 'configurationAccess'],
  apply: (id) => endpointOutputs(monitor, id),
});

export const dataCollectionRuleType: DeclaredType = {
  token: 'azure-native:monitor:DataCollectionRule',
  armType: 'Microsoft.Insights/dataCollectionRules',
  names: ['dataCollectionRuleName'],
  apiVersion: '2022-06-01',
  replaceOn: fixedLocation,
  rules: [
    { property: 'dataFlows', required: true, expected: 'expected at least one flow from streams to destinations' },
    { property: 'destinations', required: true, expected: 'expected at least one destination' },
  ],
  computed: ['immutableId', 'etag'],
  apply: ruleOutputs,
};

/** A function that looks up what a stack uses and did not make. */
export const lookUp = (monitor: Monitor, token: string, kind: string, nameInput: string): FunctionType => ({
  token,
  invoke: async (args) => {
    const id = armId(String(args['resourceGroupName']), `Microsoft.Insights/${kind}`, String(args[nameInput]));
    const found = monitor.declared.get(id.toLowerCase());
    if (found === undefined) throw new ResourceError('ResourceNotFound', `The Resource '${id}' was not found.`);
    return { ...found, id };
  },
});
