/** One input and another value for it; `list` and map paths are not needed. A function makes the value from the old one. */
type Change = readonly [path: string, value: unknown];
export interface ResourceChanges {
  /** Done in place. Missing where every input is fixed. */
  readonly update?: Change;
  readonly replace: Change;
  /** Whether the replacement keeps the name, so that the old one must go first. */
  readonly sameName?: true;
}
const tag: Change = ['tags.changed', 'yes'];
const location: Change = ['location', 'northeurope'];
const elsewhere = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/elsewhere/providers/Test/things/other';

/** For every type that the product's program registers: what changes it in place, and what replaces it. */
export const resourceChanges: Readonly<Record<string, ResourceChanges>> = {
  'azure-native:app:ContainerApp': { update: ['template.scale.maxReplicas', 2], replace: ['environmentId', elsewhere], sameName: true },
  'azure-native:app:Job': { update: ['configuration.replicaTimeout', 999], replace: ['environmentId', elsewhere], sameName: true },
  'azure-native:app:ManagedEnvironment': { update: tag, replace: location, sameName: true },
  'azure-native:applicationinsights:Component': { update: tag, replace: location, sameName: true },
  'azure-native:applicationinsights:Workbook': {
    update: ['displayName', 'changed'],
    replace: ['resourceName', '00000000-0000-4000-8000-00000000cafe'],
  },
  'azure-native:authorization:RoleAssignment': { update: ['description', 'changed'], replace: ['scope', elsewhere] },
  'azure-native:authorization:RoleDefinition': {
    update: ['description', 'changed'],
    replace: ['roleDefinitionId', '00000000-0000-4000-8000-00000000cafe'],
  },
  'azure-native:consumption:Budget': { update: ['amount', 123], replace: ['budgetName', 'another'] },
  'azure-native:containerregistry:Registry': { update: tag, replace: location, sameName: true },
  'azure-native:eventgrid:SystemTopic': { update: tag, replace: ['source', elsewhere], sameName: true },
  'azure-native:eventgrid:SystemTopicEventSubscription': {
    update: ['retryPolicy.maxDeliveryAttempts', 7],
    replace: ['eventSubscriptionName', 'another'],
  },
  'azure-native:eventhub:ConsumerGroup': { update: ['userMetadata', 'changed'], replace: ['consumerGroupName', 'another'] },
  'azure-native:eventhub:EventHub': { update: ['retentionDescription.retentionTimeInHours', 48], replace: ['eventHubName', 'another'] },
  'azure-native:eventhub:Namespace': { update: tag, replace: location, sameName: true },
  'azure-native:iothub:IotHubResource': { update: ['sku.capacity', 2], replace: location, sameName: true },
  'azure-native:machinelearningservices:Compute': {
    update: ['properties.properties.scaleSettings.maxNodeCount', 3],
    replace: ['properties.properties.vmSize', 'Standard_F4s_v2'],
    sameName: true,
  },
  'azure-native:machinelearningservices:Datastore': { update: ['properties.description', 'changed'], replace: ['name', 'another'] },
  'azure-native:machinelearningservices:EnvironmentVersion': {
    update: ['properties.description', 'changed'],
    replace: ['version', 'another'],
  },
  'azure-native:machinelearningservices:Workspace': {
    update: ['friendlyName', 'changed'],
    replace: ['keyVault', elsewhere],
    sameName: true,
  },
  'azure-native:managedidentity:UserAssignedIdentity': { update: tag, replace: ['resourceName', 'another'] },
  'azure-native:monitor:ActionGroup': { update: tag, replace: ['actionGroupName', 'another'] },
  'azure-native:monitor:AzureMonitorWorkspace': { update: tag, replace: location, sameName: true },
  'azure-native:monitor:DiagnosticSetting': {
    update: ['logAnalyticsDestinationType', 'AzureDiagnostics'],
    replace: ['resourceUri', elsewhere],
  },
  'azure-native:monitor:MetricAlert': { update: ['description', 'changed'], replace: ['ruleName', 'another'] },
  'azure-native:monitor:ScheduledQueryRule': { update: ['description', 'changed'], replace: ['ruleName', 'another'] },
  'azure-native:operationalinsights:Workspace': { update: ['retentionInDays', 60], replace: location, sameName: true },
  'azure-native:resources:Deployment': {
    update: ['properties.template.contentVersion', '1.0.0.1'],
    replace: ['deploymentName', 'another'],
  },
  'azure-native:resources:Resource': { update: tag, replace: ['resourceName', 'another'] },
  'azure-native:resources:ResourceGroup': { update: tag, replace: location, sameName: true },
  'azure-native:storage:BlobContainer': { update: ['metadata', { changed: 'yes' }], replace: ['containerName', 'another'] },
  'azure-native:storage:BlobServiceProperties': { update: ['deleteRetentionPolicy.days', 9], replace: ['accountName', 'another'] },
  'azure-native:storage:ManagementPolicy': {
    update: [
      'policy.rules',
      [
        {
          name: 'changed',
          type: 'Lifecycle',
          enabled: true,
          definition: { actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 9 } } }, filters: { blobTypes: ['blockBlob'] } },
        },
      ],
    ],
    replace: ['accountName', 'another'],
  },
  'azure-native:storage:Queue': { update: ['metadata', { changed: 'yes' }], replace: ['queueName', 'another'] },
  'azure-native:storage:StorageAccount': { update: ['accessTier', 'Cool'], replace: location, sameName: true },
  'azuread:index/application:Application': { update: ['displayName', 'changed'], replace: ['templateId', elsewhere] },
  'azuread:index/applicationCertificate:ApplicationCertificate': { replace: ['endDate', '2026-12-31T00:00:00Z'] },
  'azuread:index/servicePrincipal:ServicePrincipal': {
    update: ['appRoleAssignmentRequired', true],
    replace: ['clientId', '00000000-0000-4000-8000-00000000cafe'],
  },
  'command:local:Command': { update: ['environment.CHANGED', 'yes'], replace: ['triggers', ['again']] },
  'random:index/randomString:RandomString': { replace: ['length', 12] },
};
