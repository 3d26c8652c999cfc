/** ARM types that the program creates. `regional` ones exist in some regions only. */
export interface NeededType { readonly type: string; readonly regional: boolean }

const regional = (type: string): NeededType => ({ type, regional: true });
const everywhere = (type: string): NeededType => ({ type, regional: false });

/** By module of azure-native. */
export const neededTypes: Readonly<Record<string, readonly NeededType[]>> = {
  app: [regional('Microsoft.App/managedEnvironments'), regional('Microsoft.App/containerApps'), regional('Microsoft.App/jobs')],
  applicationinsights: [regional('Microsoft.Insights/components')],
  authorization: [everywhere('Microsoft.Authorization/roleAssignments'), everywhere('Microsoft.Authorization/roleDefinitions')],
  containerregistry: [regional('Microsoft.ContainerRegistry/registries')],
  eventgrid: [regional('Microsoft.EventGrid/systemTopics')],
  eventhub: [regional('Microsoft.EventHub/namespaces')],
  iothub: [regional('Microsoft.Devices/IotHubs')],
  keyvault: [regional('Microsoft.KeyVault/vaults')],
  machinelearningservices: [regional('Microsoft.MachineLearningServices/workspaces')],
  managedidentity: [regional('Microsoft.ManagedIdentity/userAssignedIdentities')],
  monitor: [regional('Microsoft.Monitor/accounts'), everywhere('Microsoft.Insights/diagnosticSettings')],
  operationalinsights: [regional('Microsoft.OperationalInsights/workspaces')],
  resources: [everywhere('Microsoft.Resources/subscriptions/resourceGroups'), regional('Microsoft.KeyVault/vaults')],
  storage: [regional('Microsoft.Storage/storageAccounts')],
};

/** Every type once. */
export const allNeededTypes = (): NeededType[] => [...new Map(Object.values(neededTypes).flat().map((one) => [one.type, one])).values()];
export const namespaceOf = (type: string) => type.slice(0, type.indexOf('/'));
