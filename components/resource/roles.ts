/** Built-in roles that this program assigns: Azure's name and GUID. */
export const builtInRoles = {
  contributor: { name: 'Contributor', guid: 'b24988ac-6180-42a0-ab88-20f7382dd24c' },
  reader: { name: 'Reader', guid: 'acdd72a7-3385-48ef-bd42-f606fba81ae7' },
  blobDataReader: { name: 'Storage Blob Data Reader', guid: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1' },
  blobDataContributor: { name: 'Storage Blob Data Contributor', guid: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe' },
  blobDelegator: { name: 'Storage Blob Delegator', guid: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a' },
  queueDataReader: { name: 'Storage Queue Data Reader', guid: '19e7f393-937e-4f77-808e-94535e297925' },
  queueMessageProcessor: { name: 'Storage Queue Data Message Processor', guid: '8a0f0c08-91a1-4084-bc3d-661d67233fed' },
  queueMessageSender: { name: 'Storage Queue Data Message Sender', guid: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a' },
  acrPull: { name: 'AcrPull', guid: '7f951dda-4ed3-4680-a7ca-43fe172d538d' },
  acrPush: { name: 'AcrPush', guid: '8311e382-0749-4cb8-b61a-304f252e45ec' },
  machineLearningDataScientist: { name: 'AzureML Data Scientist', guid: 'f6c7c914-8db3-469d-8ca1-694a8f32e121' },
  eventHubsDataSender: { name: 'Azure Event Hubs Data Sender', guid: '2b629674-e913-4c01-ae53-ef4638d8f975' },
  eventHubsDataReceiver: { name: 'Azure Event Hubs Data Receiver', guid: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde' },
  iotHubRegistryContributor: { name: 'IoT Hub Registry Contributor', guid: '4ea46cd5-c1b2-4a8e-910b-273211f9ce47' },
  keyVaultAdministrator: { name: 'Key Vault Administrator', guid: '00482a5a-887f-4fb3-b363-3b7fe8e74483' },
  keyVaultSecretsUser: { name: 'Key Vault Secrets User', guid: '4633458b-17de-408a-b874-0445c86b69e6' },
  keyVaultCertificatesOfficer: { name: 'Key Vault Certificates Officer', guid: 'a4417e6f-fecd-4de8-b567-7b0420556985' },
  keyVaultSecretsOfficer: { name: 'Key Vault Secrets Officer', guid: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7' },
  monitoringMetricsPublisher: { name: 'Monitoring Metrics Publisher', guid: '3913510d-42f4-4e42-8a64-420c390055eb' },
  monitoringReader: { name: 'Monitoring Reader', guid: '43d0d8ad-25c7-4714-9337-8ba259a9fe05' },
  monitoringDataReader: { name: 'Monitoring Data Reader', guid: 'b0d8363b-8ddd-447d-831f-62ca05bff136' },
} as const;
export type BuiltInRole = keyof typeof builtInRoles;

/** Roles that Azure has no built-in for. */
export const customRoles = {
  cloudToDeviceSender: {
    name: 'Factory Loop cloud-to-device sender',
    description: 'Sends cloud-to-device messages and nothing else: no built-in role is narrower than the whole data plane of a hub.',
    actions: [],
    dataActions: ['Microsoft.Devices/IotHubs/cloudToDeviceMessages/send/action'],
  },
  landingZoneWriter: {
    name: 'Factory Loop landing zone writer',
    description: 'Adds new blobs; reads, overwrites and deletes none: no built-in role is append-only.',
    actions: [],
    dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'],
  },
  releaseApprover: {
    name: 'Factory Loop release approver',
    description:
      'Reads delivery records and writes the decision about one; deletes none: no built-in role writes blobs without deleting them.',
    actions: [],
    dataActions: [
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read',
      'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write',
    ],
  },
  smokeCleaner: {
    name: 'Factory Loop smoke test cleaner',
    description:
      'Takes away what a smoke test made, at the scopes it is given for: removes blobs and artifacts, archives model and data versions; reads, writes and changes nothing else.',
    actions: [
      'Microsoft.ContainerRegistry/registries/artifacts/delete',
      'Microsoft.MachineLearningServices/workspaces/models/versions/write',
      'Microsoft.MachineLearningServices/workspaces/data/versions/write',
    ],
    dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/delete'],
  },
} as const;
export type CustomRole = keyof typeof customRoles;
export type Role = BuiltInRole | CustomRole;

export const isCustomRole = (role: Role): role is CustomRole => role in customRoles;
export const builtInRoleId = (subscriptionId: string, role: BuiltInRole) =>
  `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${builtInRoles[role].guid}`;
