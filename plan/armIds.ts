/**
 * Where Azure Resource Manager keeps each type that a stack may hold, below its resource group or below the resource it extends. Names are the
 * inputs that carry them; read from the published ARM types and azure-native's path parameters.
 */
const paths: Readonly<Record<string, string>> = {
  'alertsmanagement:PrometheusRuleGroup': 'Microsoft.AlertsManagement/prometheusRuleGroups/{ruleGroupName}',
  'app:ContainerApp': 'Microsoft.App/containerApps/{containerAppName}',
  'app:Job': 'Microsoft.App/jobs/{jobName}',
  'app:ManagedEnvironment': 'Microsoft.App/managedEnvironments/{environmentName}',
  'app:ManagedEnvironmentsStorage': 'Microsoft.App/managedEnvironments/{environmentName}/storages/{storageName}',
  'applicationinsights:Component': 'Microsoft.Insights/components/{resourceName}',
  'applicationinsights:Workbook': 'Microsoft.Insights/workbooks/{resourceName}',
  'authorization:ManagementLockAtResourceGroupLevel': 'Microsoft.Authorization/locks/{lockName}',
  'authorization:ManagementLockByScope': '{scope}/providers/Microsoft.Authorization/locks/{lockName}',
  'authorization:RoleAssignment': '{scope}/providers/Microsoft.Authorization/roleAssignments/{roleAssignmentName}',
  'authorization:RoleDefinition': '{scope}/providers/Microsoft.Authorization/roleDefinitions/{roleDefinitionId}',
  'consumption:Budget': '{scope}/providers/Microsoft.Consumption/budgets/{budgetName}',
  'containerregistry:CacheRule': 'Microsoft.ContainerRegistry/registries/{registryName}/cacheRules/{cacheRuleName}',
  'containerregistry:Registry': 'Microsoft.ContainerRegistry/registries/{registryName}',
  'containerregistry:Replication': 'Microsoft.ContainerRegistry/registries/{registryName}/replications/{replicationName}',
  'containerregistry:ScopeMap': 'Microsoft.ContainerRegistry/registries/{registryName}/scopeMaps/{scopeMapName}',
  'containerregistry:Task': 'Microsoft.ContainerRegistry/registries/{registryName}/tasks/{taskName}',
  'containerregistry:TaskRun': 'Microsoft.ContainerRegistry/registries/{registryName}/taskRuns/{taskRunName}',
  'containerregistry:Webhook': 'Microsoft.ContainerRegistry/registries/{registryName}/webhooks/{webhookName}',
  'dashboard:Grafana': 'Microsoft.Dashboard/grafana/{workspaceName}',
  'eventgrid:Namespace': 'Microsoft.EventGrid/namespaces/{namespaceName}',
  'eventgrid:SystemTopic': 'Microsoft.EventGrid/systemTopics/{systemTopicName}',
  'eventgrid:SystemTopicEventSubscription': 'Microsoft.EventGrid/systemTopics/{systemTopicName}/eventSubscriptions/{eventSubscriptionName}',
  'eventhub:ConsumerGroup': 'Microsoft.EventHub/namespaces/{namespaceName}/eventhubs/{eventHubName}/consumergroups/{consumerGroupName}',
  'eventhub:EventHub': 'Microsoft.EventHub/namespaces/{namespaceName}/eventhubs/{eventHubName}',
  'eventhub:Namespace': 'Microsoft.EventHub/namespaces/{namespaceName}',
  'iothub:Certificate': 'Microsoft.Devices/IotHubs/{resourceName}/certificates/{certificateName}',
  'iothub:IotHubResource': 'Microsoft.Devices/IotHubs/{resourceName}',
  'machinelearningservices:Compute': 'Microsoft.MachineLearningServices/workspaces/{workspaceName}/computes/{computeName}',
  'machinelearningservices:Datastore': 'Microsoft.MachineLearningServices/workspaces/{workspaceName}/datastores/{name}',
  'machinelearningservices:EnvironmentContainer': 'Microsoft.MachineLearningServices/workspaces/{workspaceName}/environments/{name}',
  'machinelearningservices:EnvironmentVersion':
    'Microsoft.MachineLearningServices/workspaces/{workspaceName}/environments/{name}/versions/{version}',
  'machinelearningservices:ManagedNetworkSettingsRule':
    'Microsoft.MachineLearningServices/workspaces/{workspaceName}/outboundRules/{ruleName}',
  'machinelearningservices:Schedule': 'Microsoft.MachineLearningServices/workspaces/{workspaceName}/schedules/{name}',
  'machinelearningservices:Workspace': 'Microsoft.MachineLearningServices/workspaces/{workspaceName}',
  'machinelearningservices:WorkspaceConnection':
    'Microsoft.MachineLearningServices/workspaces/{workspaceName}/connections/{connectionName}',
  'managedidentity:FederatedIdentityCredential':
    'Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}/federatedIdentityCredentials/{federatedIdentityCredentialResourceName}',
  'managedidentity:UserAssignedIdentity': 'Microsoft.ManagedIdentity/userAssignedIdentities/{resourceName}',
  'monitor:ActionGroup': 'Microsoft.Insights/actionGroups/{actionGroupName}',
  'monitor:ActivityLogAlert': 'Microsoft.Insights/activityLogAlerts/{activityLogAlertName}',
  'monitor:AzureMonitorWorkspace': 'Microsoft.Monitor/accounts/{azureMonitorWorkspaceName}',
  'monitor:DataCollectionEndpoint': 'Microsoft.Insights/dataCollectionEndpoints/{dataCollectionEndpointName}',
  'monitor:DataCollectionRule': 'Microsoft.Insights/dataCollectionRules/{dataCollectionRuleName}',
  'monitor:DataCollectionRuleAssociation': '{resourceUri}/providers/Microsoft.Insights/dataCollectionRuleAssociations/{associationName}',
  'monitor:DiagnosticSetting': '{resourceUri}/providers/Microsoft.Insights/diagnosticSettings/{name}',
  'monitor:MetricAlert': 'Microsoft.Insights/metricAlerts/{ruleName}',
  'monitor:PrivateLinkScope': 'Microsoft.Insights/privateLinkScopes/{scopeName}',
  'monitor:PrivateLinkScopedResource': 'Microsoft.Insights/privateLinkScopes/{scopeName}/scopedResources/{name}',
  'monitor:ScheduledQueryRule': 'Microsoft.Insights/scheduledQueryRules/{ruleName}',
  'network:NatGateway': 'Microsoft.Network/natGateways/{natGatewayName}',
  'network:NetworkSecurityGroup': 'Microsoft.Network/networkSecurityGroups/{networkSecurityGroupName}',
  'network:PrivateDnsZoneGroup': 'Microsoft.Network/privateEndpoints/{privateEndpointName}/privateDnsZoneGroups/{privateDnsZoneGroupName}',
  'network:PrivateEndpoint': 'Microsoft.Network/privateEndpoints/{privateEndpointName}',
  'network:PublicIPAddress': 'Microsoft.Network/publicIPAddresses/{publicIpAddressName}',
  'network:Subnet': 'Microsoft.Network/virtualNetworks/{virtualNetworkName}/subnets/{subnetName}',
  'network:VirtualNetwork': 'Microsoft.Network/virtualNetworks/{virtualNetworkName}',
  'operationalinsights:Workspace': 'Microsoft.OperationalInsights/workspaces/{workspaceName}',
  'privatedns:PrivateZone': 'Microsoft.Network/privateDnsZones/{privateZoneName}',
  'privatedns:VirtualNetworkLink': 'Microsoft.Network/privateDnsZones/{privateZoneName}/virtualNetworkLinks/{virtualNetworkLinkName}',
  'resources:Deployment': 'Microsoft.Resources/deployments/{deploymentName}',
  'storage:BlobContainer': 'Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}',
  'storage:BlobContainerImmutabilityPolicy':
    'Microsoft.Storage/storageAccounts/{accountName}/blobServices/default/containers/{containerName}/immutabilityPolicies/{immutabilityPolicyName}',
  'storage:BlobServiceProperties': 'Microsoft.Storage/storageAccounts/{accountName}/blobServices/default',
  'storage:ManagementPolicy': 'Microsoft.Storage/storageAccounts/{accountName}/managementPolicies/default',
  'storage:Queue': 'Microsoft.Storage/storageAccounts/{accountName}/queueServices/default/queues/{queueName}',
  'storage:QueueServiceProperties': 'Microsoft.Storage/storageAccounts/{accountName}/queueServices/default',
  'storage:StorageAccount': 'Microsoft.Storage/storageAccounts/{accountName}',
};

/** Values that only Azure gives; every identifier in a plan that depends on one is made from these. */
export const plannedSubscriptionId = '00000000-0000-0000-0000-000000000000';

type Inputs = Readonly<Record<string, unknown>>;

/** `azure-native:storage/v20240101:Queue` is kept where `azure-native:storage:Queue` is. */
const moduleAndType = (token: string) => /^azure-native:([^:/]+)(?:\/v\d{8}(?:preview)?)?:(\w+)$/.exec(token)?.slice(1).join(':');
const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);
/** What azure-native appends to the logical name of a resource that has no name of its own. */
const generatedName = (logicalName: string) => `${logicalName}xxxxxxxx`;

/** Whether the plan knows the ARM id of the type; the id of any other is only a placeholder. */
export const hasArmId = (token: string): boolean =>
  ['resources:ResourceGroup', 'resources:Resource'].includes(moduleAndType(token) ?? '') || (moduleAndType(token) ?? '') in paths;

/** ARM id that the resource will have. */
export function armIdOf(token: string, logicalName: string, inputs: Inputs): string {
  const subscription = `/subscriptions/${plannedSubscriptionId}`;
  const group = (name: unknown) => `${subscription}/resourceGroups/${text(name) ?? generatedName(logicalName)}`;
  const type = moduleAndType(token) ?? '';
  if (type === 'resources:ResourceGroup') return group(inputs['resourceGroupName']);
  if (type === 'resources:Resource') {
    const parent = text(inputs['parentResourcePath']);
    return [
      group(inputs['resourceGroupName']),
      'providers',
      inputs['resourceProviderNamespace'],
      ...(parent === undefined ? [] : [parent]),
      inputs['resourceType'],
      inputs['resourceName'],
    ].join('/');
  }
  const path = (paths[type] ?? `Unknown.${type.replace(':', '/')}/${logicalName}`).replaceAll(
    /\{(\w+)\}/g,
    (_, input: string) => text(inputs[input]) ?? generatedName(logicalName),
  );
  return path.startsWith('/') ? path : `${group(inputs['resourceGroupName'])}/providers/${path}`;
}
