/** A resource as the program declares it: its inputs, as far as they are known. */
export interface DeclaredResource {
  /** Pulumi type, such as `azure-native:storage:StorageAccount`. */
  readonly type: string;
  readonly name: string;
  readonly props: Readonly<Record<string, unknown>>;
  /** Pulumi refuses to delete it. */
  readonly protect: boolean;
  /** Resources that a property is made of, by their keys: known even where their ids are not. */
  readonly madeOf: Readonly<Record<string, readonly string[]>>;
}

export const keyOf = ({ type, name }: Pick<DeclaredResource, 'type' | 'name'>) => `${type} ${name}`;
/** The same from a URN, whose type names its parents too. */
export function keyOfUrn(urn: string): string {
  const [type = '', ...name] = urn.split('::').slice(2);
  return `${type.split('$').pop() ?? type} ${name.join('::')}`;
}

/** Short names of types that rules and docs/considerations.md speak of. Vaults come through the generic resource. */
export const kinds = {
  ActionGroup: 'azure-native:monitor:ActionGroup',
  ApplicationCertificate: 'azuread:index/applicationCertificate:ApplicationCertificate',
  ApplicationInsights: 'azure-native:applicationinsights:Component',
  BlobContainer: 'azure-native:storage:BlobContainer',
  BlobService: 'azure-native:storage:BlobServiceProperties',
  Budget: 'azure-native:consumption:Budget',
  Compute: 'azure-native:machinelearningservices:Compute',
  ContainerApp: 'azure-native:app:ContainerApp',
  Datastore: 'azure-native:machinelearningservices:Datastore',
  DiagnosticSetting: 'azure-native:monitor:DiagnosticSetting',
  Environment: 'azure-native:machinelearningservices:EnvironmentVersion',
  EventHub: 'azure-native:eventhub:EventHub',
  EventHubs: 'azure-native:eventhub:Namespace',
  EventSubscription: 'azure-native:eventgrid:SystemTopicEventSubscription',
  IotHub: 'azure-native:iothub:IotHubResource',
  Job: 'azure-native:app:Job',
  Lifecycle: 'azure-native:storage:ManagementPolicy',
  Lock: 'azure-native:authorization:ManagementLockByScope',
  LogAnalytics: 'azure-native:operationalinsights:Workspace',
  LogTable: 'azure-native:operationalinsights:Table',
  MachineLearning: 'azure-native:machinelearningservices:Workspace',
  MetricAlert: 'azure-native:monitor:MetricAlert',
  MonitorWorkspace: 'azure-native:monitor:AzureMonitorWorkspace',
  LogAlert: 'azure-native:monitor:ScheduledQueryRule',
  Registry: 'azure-native:containerregistry:Registry',
  ResourceGroup: 'azure-native:resources:ResourceGroup',
  RoleAssignment: 'azure-native:authorization:RoleAssignment',
  RoleDefinition: 'azure-native:authorization:RoleDefinition',
  RunEnvironment: 'azure-native:app:ManagedEnvironment',
  StorageAccount: 'azure-native:storage:StorageAccount',
  SystemTopic: 'azure-native:eventgrid:SystemTopic',
  UserAssignedIdentity: 'azure-native:managedidentity:UserAssignedIdentity',
  Vault: 'azure-native:resources:Resource',
  Workbook: 'azure-native:applicationinsights:Workbook',
  DeliveryApp: 'azure-native:app:ContainerApp',
  EdgeSite: 'azure-native:app:ContainerApp',
  TagJob: 'azure-native:app:Job',
  NodeAlert: 'azure-native:monitor:MetricAlert',
  PremiumRegistry: 'azure-native:containerregistry:Registry',
  ModelTrigger: 'azure-native:eventgrid:SystemTopicEventSubscription',
  PackageTrigger: 'azure-native:eventgrid:SystemTopicEventSubscription',
} as const;
export type Kind = keyof typeof kinds;

const runs =
  (program: string) =>
  ({ props }: DeclaredResource) =>
    listAt(props, 'template.containers').some((container) => at(container, 'name') === program);
/** Kinds that are a part of their type. */
const parts: Readonly<Partial<Record<Kind, (resource: DeclaredResource) => boolean>>> = {
  Vault: ({ props }) => props['resourceType'] === 'vaults',
  DeliveryApp: runs('delivery'),
  EdgeSite: runs('data-collector'),
  TagJob: runs('tag-and-deliver'),
  NodeAlert: ({ name }) => /-(node-use|queue-wait)$/.test(name),
  PremiumRegistry: ({ props }) => at(props, 'sku.name') === 'Premium',
  ModelTrigger: ({ name }) => /(^|-)model-registered$/.test(name),
  PackageTrigger: ({ name }) => name === 'package-created',
};
export const isKind = (resource: DeclaredResource, kind: Kind): boolean =>
  resource.type === kinds[kind] && (parts[kind]?.(resource) ?? true);
export const ofKind = (resources: readonly DeclaredResource[], ...wanted: readonly Kind[]): DeclaredResource[] =>
  resources.filter((resource) => wanted.some((kind) => isKind(resource, kind)));

const tableType = 'Microsoft.OperationalInsights/workspaces/tables';
/** A resource and what its template sets: rules judge a table of a nested deployment as if it were declared by itself. */
export function withTemplated(resource: DeclaredResource): DeclaredResource[] {
  const tables =
    resource.type === 'azure-native:resources:Deployment'
      ? listAt(resource.props, 'properties.template.resources').filter((nested) => at(nested, 'type') === tableType)
      : [];
  return [
    resource,
    ...tables.map((table): DeclaredResource => {
      const tableName = /\/(\w+)\W*$/.exec(String(at(table, 'name')))?.[1] ?? '';
      return {
        type: kinds.LogTable,
        name: `${resource.name}/${tableName}`,
        props: { tableName, ...(at(table, 'properties') as object) },
        protect: resource.protect,
        madeOf: {},
      };
    }),
  ];
}

/** Platform and factory are one stack or two; a rule asks a stack for its own part only. */
export const holdsPlatform = (resources: readonly DeclaredResource[]) => ofKind(resources, 'MachineLearning').length > 0;
export const holdsFactory = (resources: readonly DeclaredResource[]) => ofKind(resources, 'IotHub').length > 0;

/** Stands for what a preview cannot know; no rule holds it against a resource. */
export const unknownPlaceholder = '(known after deployment)';
/** The value at `a.b.0.c`; undefined where there is none. */
export const at = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce<unknown>(
      (inner, key) => (inner === unknownPlaceholder ? unknownPlaceholder : (inner as Record<string, unknown> | null | undefined)?.[key]),
      value,
    );
export const listAt = (value: unknown, path: string): readonly unknown[] => {
  const found = at(value, path);
  return Array.isArray(found) ? found : [];
};

/** Environment variables of every container of a program. */
export const variablesOf = ({ props }: DeclaredResource) =>
  listAt(props, 'template.containers').flatMap((container) =>
    listAt(container, 'env').map((variable) => ({
      container: String(at(container, 'name')),
      name: String(at(variable, 'name')),
      value: at(variable, 'value'),
    })),
  );
/** An environment variable; a preview may know no variable of a container at all. */
function variableOf(resource: DeclaredResource, name: string): unknown {
  const found = variablesOf(resource).find((variable) => variable.name === name)?.value;
  return (
    found ??
    (listAt(resource.props, 'template.containers').some((container) => at(container, 'env') === unknownPlaceholder)
      ? unknownPlaceholder
      : undefined)
  );
}
/** A property by its path; `env.NAME` is an environment variable. */
export const propertyOf = (resource: DeclaredResource, path: string): unknown =>
  path.startsWith('env.') ? variableOf(resource, path.slice(4)) : at(resource.props, path);
