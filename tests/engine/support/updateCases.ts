/** What is changed of one resource, and how the change shows in its inputs. */
export interface UpdateCase {
  readonly name: string;
  readonly path: string;
  readonly value: unknown;
}

/** One update in place for every type of the program. */
export const updateCases: Readonly<Record<string, UpdateCase>> = {
  'azure-native:app:ContainerApp': { name: 'delivery', path: 'tags.changed', value: 'yes' },
  'azure-native:app:Job': { name: 'validate-and-package', path: 'configuration.replicaTimeout', value: 1_801 },
  'azure-native:app:ManagedEnvironment': { name: 'container-environment', path: 'tags.changed', value: 'yes' },
  'azure-native:applicationinsights:Component': { name: 'monitoring-insights', path: 'tags.changed', value: 'yes' },
  'azure-native:applicationinsights:Workbook': { name: 'workbook', path: 'displayName', value: 'changed' },
  'azure-native:authorization:RoleAssignment': { name: 'data-pipeline-acrPull-registry', path: 'description', value: 'changed' },
  'azure-native:authorization:RoleDefinition': { name: 'custom-roles-landingZoneWriter', path: 'description', value: 'changed' },
  'azure-native:consumption:Budget': { name: 'budget', path: 'amount', value: 123 },
  'azure-native:containerregistry:Registry': { name: 'registry', path: 'tags.changed', value: 'yes' },
  'azure-native:eventgrid:SystemTopic': { name: 'edge-events', path: 'tags.changed', value: 'yes' },
  'azure-native:eventgrid:SystemTopicEventSubscription': {
    name: 'package-created',
    path: 'retryPolicy',
    value: { maxDeliveryAttempts: 7, eventTimeToLiveInMinutes: 60 },
  },
  'azure-native:eventhub:ConsumerGroup': { name: 'messages-evidence', path: 'userMetadata', value: 'changed' },
  'azure-native:eventhub:EventHub': { name: 'messages-device-messages', path: 'retentionDescription.retentionTimeInHours', value: 48 },
  'azure-native:eventhub:Namespace': { name: 'messages-events', path: 'sku.capacity', value: 2 },
  'azure-native:iothub:IotHubResource': { name: 'messages', path: 'properties.cloudToDevice.maxDeliveryCount', value: 11 },
  'azure-native:machinelearningservices:Compute': {
    name: 'training-cluster',
    path: 'properties.properties.scaleSettings.maxNodeCount',
    value: 2,
  },
  'azure-native:machinelearningservices:Datastore': { name: 'machine-learning-models', path: 'properties.description', value: 'changed' },
  'azure-native:machinelearningservices:EnvironmentVersion': {
    name: 'training-environment',
    path: 'properties.description',
    value: 'changed',
  },
  'azure-native:machinelearningservices:Workspace': { name: 'machine-learning', path: 'friendlyName', value: 'changed' },
  'azure-native:managedidentity:UserAssignedIdentity': { name: 'data-pipeline', path: 'tags.changed', value: 'yes' },
  'azure-native:monitor:ActionGroup': { name: 'platform-alerts', path: 'tags.changed', value: 'yes' },
  'azure-native:monitor:AzureMonitorWorkspace': { name: 'monitoring-metrics', path: 'tags.changed', value: 'yes' },
  'azure-native:monitor:DiagnosticSetting': { name: 'ml-vault-logs', path: 'logs', value: [{ categoryGroup: 'audit', enabled: true }] },
  'azure-native:monitor:MetricAlert': { name: 'alerts-device-silent', path: 'description', value: 'changed' },
  'azure-native:monitor:ScheduledQueryRule': { name: 'alerts-gate-rejected', path: 'description', value: 'changed' },
  'azure-native:operationalinsights:Workspace': { name: 'monitoring-logs', path: 'retentionInDays', value: 60 },
  'azure-native:resources:Deployment': {
    name: 'monitoring-tables',
    path: 'properties.template.resources.0.properties.totalRetentionInDays',
    value: 60,
  },
  'azure-native:resources:Resource': { name: 'ml-vault', path: 'tags.changed', value: 'yes' },
  'azure-native:resources:ResourceGroup': { name: 'platform', path: 'tags.changed', value: 'yes' },
  'azure-native:storage:BlobContainer': { name: 'data-quarantine', path: 'metadata.changed', value: 'yes' },
  'azure-native:storage:BlobServiceProperties': { name: 'edge-blobs', path: 'deleteRetentionPolicy.days', value: 9 },
  'azure-native:storage:ManagementPolicy': { name: 'data-lifecycle', path: 'policy.rules.0.enabled', value: false },
  'azure-native:storage:Queue': { name: 'data-delivery', path: 'metadata.changed', value: 'yes' },
  'azure-native:storage:StorageAccount': { name: 'data', path: 'accessTier', value: 'Cool' },
  'azuread:index/application:Application': { name: 'site', path: 'displayName', value: 'factory-loop-changed' },
  'azuread:index/servicePrincipal:ServicePrincipal': { name: 'site', path: 'appRoleAssignmentRequired', value: true },
  'command:local:Command': { name: 'image-databus', path: 'environment.CHANGED', value: 'yes' },
};

/** Types of which nothing can be changed in place, and why. */
export const neverUpdated: Readonly<Record<string, string>> = {
  'azuread:index/applicationCertificate:ApplicationCertificate': 'a key credential cannot be changed, only exchanged',
  'random:index/randomString:RandomString': 'a random value is made once',
};
