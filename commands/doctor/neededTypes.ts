import type { Configuration } from '../../components/configuration/schema';

type Choice = Pick<Configuration, 'alerts' | 'budget' | 'protectData' | 'logAnalyticsWorkspace' | 'containerRegistry'>;
/** ARM types that the program creates. `regional` ones exist in some regions only. */
export interface NeededType {
  readonly type: string;
  readonly regional: boolean;
  /** Only some stacks need it. */
  readonly when?: (choice: Choice) => boolean;
}

const regional = (type: string, when?: NeededType['when']): NeededType => ({
  type,
  regional: true,
  ...(when === undefined ? {} : { when }),
});
const everywhere = (type: string, when?: NeededType['when']): NeededType => ({
  type,
  regional: false,
  ...(when === undefined ? {} : { when }),
});

/** By module of azure-native. */
export const neededTypes: Readonly<Record<string, readonly NeededType[]>> = {
  app: [regional('Microsoft.App/managedEnvironments'), regional('Microsoft.App/containerApps'), regional('Microsoft.App/jobs')],
  applicationinsights: [regional('Microsoft.Insights/components'), regional('Microsoft.Insights/workbooks')],
  authorization: [
    everywhere('Microsoft.Authorization/roleAssignments'),
    everywhere('Microsoft.Authorization/roleDefinitions'),
    everywhere('Microsoft.Authorization/locks', ({ protectData }) => protectData),
  ],
  consumption: [everywhere('Microsoft.Consumption/budgets', ({ budget }) => budget.monthlyAmount > 0)],
  containerregistry: [regional('Microsoft.ContainerRegistry/registries', ({ containerRegistry }) => containerRegistry === 'create')],
  eventgrid: [regional('Microsoft.EventGrid/systemTopics')],
  eventhub: [regional('Microsoft.EventHub/namespaces')],
  iothub: [regional('Microsoft.Devices/IotHubs')],
  keyvault: [regional('Microsoft.KeyVault/vaults')],
  machinelearningservices: [regional('Microsoft.MachineLearningServices/workspaces')],
  managedidentity: [regional('Microsoft.ManagedIdentity/userAssignedIdentities')],
  monitor: [
    regional('Microsoft.Monitor/accounts'),
    everywhere('Microsoft.Insights/diagnosticSettings'),
    ...['actionGroups', 'metricAlerts', 'scheduledQueryRules'].map((type) =>
      everywhere(`Microsoft.Insights/${type}`, ({ alerts }) => alerts.enabled),
    ),
  ],
  operationalinsights: [
    regional('Microsoft.OperationalInsights/workspaces', ({ logAnalyticsWorkspace }) => logAnalyticsWorkspace === 'create'),
  ],
  resources: [everywhere('Microsoft.Resources/subscriptions/resourceGroups'), regional('Microsoft.KeyVault/vaults')],
  storage: [regional('Microsoft.Storage/storageAccounts')],
};

/** Every type that the stack needs, once. */
export const allNeededTypes = (choice: Choice): NeededType[] => [
  ...new Map(
    Object.values(neededTypes)
      .flat()
      .filter(({ when }) => when?.(choice) ?? true)
      .map((needed) => [needed.type, needed]),
  ).values(),
];
export const namespaceOf = (type: string) => type.slice(0, type.indexOf('/'));
