import { checkAssetName, parseProperties } from '../machine-learning/bodies';
import { assetKinds, type AssetKindName } from '../machine-learning/assets';
import { stamped } from '../machine-learning/armResource';
import type { MachineLearning } from '../machine-learning/machineLearning';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { tenantId } from '../region/regionContext';
import type { Directory } from '../region/seams';
import { stableGuid } from '../monitor/stableGuid';
import { nameOf } from './armId';
import { inputAt, type InputRule } from './checks';
import { declaredType, type DeclaredType } from './declaredType';
import { identityOutput, userAssignedIds } from './managedIdentity';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart } from './resourceType';

const apiVersion = '2025-12-01';
const armType = 'Microsoft.MachineLearningServices/workspaces';
const deployment = 'deployment';
/** Inputs of a workspace that ARM does not keep among its properties. */
const envelope: readonly string[] = ['resourceGroupName', 'workspaceName', 'location', 'tags', 'identity', 'sku'];

const armIdOf = (type: string) =>
  new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${type.replaceAll('.', String.raw`\.`)}/[^/]+$`, 'i');
const dependency = (property: string, type: string): InputRule => ({
  property,
  required: true,
  pattern: armIdOf(type),
  expected: `expected the ARM id of a ${type}`,
});
const workspaceRules: readonly InputRule[] = [
  { property: 'workspaceName', pattern: /^[a-zA-Z0-9][\w-]{2,32}$/, expected: 'expected 3 to 33 letters, digits, hyphens and underscores' },
  dependency('storageAccount', 'Microsoft.Storage/storageAccounts'),
  dependency('keyVault', 'Microsoft.KeyVault/vaults'),
  dependency('applicationInsights', 'Microsoft.Insights/components'),
  { ...dependency('containerRegistry', 'Microsoft.ContainerRegistry/registries'), required: false },
  {
    property: 'identity.type',
    required: true,
    allowed: ['SystemAssigned', 'UserAssigned', 'SystemAssigned,UserAssigned'],
    expected: 'expected SystemAssigned, UserAssigned or SystemAssigned,UserAssigned',
  },
  {
    property: 'systemDatastoresAuthMode',
    allowed: ['AccessKey', 'Identity', 'UserDelegationSAS'],
    expected: 'expected AccessKey, Identity or UserDelegationSAS',
  },
];
function workspaceFaults(inputs: Properties): CheckFailure[] {
  const primary = inputs['primaryUserAssignedIdentity'];
  const assigned = userAssignedIds(inputs['identity']).map((id) => id.toLowerCase());
  if (inputAt(inputs, 'identity.type') === 'UserAssigned' && primary === undefined)
    return [
      {
        property: 'primaryUserAssignedIdentity',
        reason: 'primaryUserAssignedIdentity is missing: a workspace with user-assigned identities names the one that it uses',
      },
    ];
  return primary !== undefined && !assigned.includes(String(primary).toLowerCase())
    ? [
        {
          property: 'primaryUserAssignedIdentity',
          reason: `primaryUserAssignedIdentity ${String(primary)} is not in identity.userAssignedIdentities`,
        },
      ]
    : [];
}

const clusterRules: readonly InputRule[] = [
  {
    property: 'computeName',
    pattern: /^[a-zA-Z](?!.*-$)[a-zA-Z0-9-]{1,30}[a-zA-Z0-9]$/,
    expected: 'expected 3 to 32 letters, digits and hyphens, starting with a letter',
  },
  {
    property: 'properties.computeType',
    required: true,
    allowed: ['AmlCompute'],
    expected: 'expected AmlCompute, the only kind of compute in this region',
  },
  {
    property: 'properties.properties.vmSize',
    required: true,
    pattern: /^Standard_/i,
    expected: 'expected a VM size such as Standard_DS3_v2',
  },
  { property: 'properties.properties.scaleSettings.maxNodeCount', required: true, expected: 'expected the largest number of nodes' },
];
function clusterFaults(inputs: Properties): CheckFailure[] {
  const { minNodeCount = 0, maxNodeCount } = inputAt(inputs, 'properties.properties.scaleSettings') as {
    minNodeCount?: unknown;
    maxNodeCount: unknown;
  };
  const count = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 0;
  const faults: CheckFailure[] =
    count(minNodeCount) && count(maxNodeCount) && maxNodeCount >= 1 && minNodeCount <= maxNodeCount
      ? []
      : [
          {
            property: 'properties.properties.scaleSettings',
            reason: `scaleSettings are ${String(minNodeCount)} to ${String(maxNodeCount)} nodes: expected 0 <= minNodeCount <= maxNodeCount, at least 1`,
          },
        ];
  if (inputAt(inputs, 'identity.type') === 'SystemAssigned,UserAssigned')
    faults.push({
      property: 'identity.type',
      reason: 'identity.type is SystemAssigned,UserAssigned: a cluster has either a system-assigned or user-assigned identities',
    });
  return faults;
}

/** `az ml compute update` changes the scale settings and the identity of a cluster. */
const fixedOfCluster = Object.fromEntries(
  [
    'computeType',
    'disableLocalAuth',
    ...['vmSize', 'vmPriority', 'osType', 'isolatedNetwork', 'subnet', 'virtualMachineImage', 'remoteLoginPortPublicAccess'].map(
      (one) => `properties.${one}`,
    ),
  ].map((one) => [`properties.${one}`, 'AmlCompute: fixed when the cluster is created']),
);
const datastoreRules: readonly InputRule[] = [
  { property: 'name', pattern: /^[a-zA-Z0-9][a-zA-Z0-9_]{0,254}$/, expected: 'expected letters, digits and underscores' },
  {
    property: 'properties.datastoreType',
    required: true,
    allowed: ['AzureBlob'],
    expected: 'expected AzureBlob, the only kind of datastore in this region',
  },
  { property: 'properties.accountName', required: true, expected: 'expected the name of a storage account' },
  { property: 'properties.containerName', required: true, expected: 'expected the name of a container' },
  {
    property: 'properties.credentials.credentialsType',
    required: true,
    allowed: ['None'],
    expected: 'expected None: shared keys are off, so the datastore is read with identities',
  },
];

/** Azure ML in Pulumi: workspace, cluster, datastore and the assets that a deployment brings. */
export function machineLearningTypes(
  machineLearning: MachineLearning,
  directory: Directory,
  declared: AppendOnlyStore<Properties>,
  clock: Clock,
): ProviderPart {
  const { workspaces, assets } = machineLearning;
  const type = (one: DeclaredType) => declaredType(one, declared, () => clock.now());
  const workspaceIdOf = (id: string) => id.split('/').slice(0, 9).join('/');
  const workspaceOf = (id: string) => workspaces.parent(workspaceIdOf(id)).id;
  const declaredHere = (id: string, answered: Properties) => (workspaces.find(id) ? answered : undefined);
  const keep = (id: string, resourceType: string, inputs: Properties, properties: Properties, identity: Properties = {}) =>
    workspaces.put({
      id,
      name: nameOf(id),
      type: resourceType,
      properties,
      systemData: stamped(clock, deployment, workspaces.find(id)?.systemData),
      ...(typeof inputs['location'] === 'string' ? { location: inputs['location'] } : {}),
      ...(inputs['tags'] === undefined ? {} : { tags: inputs['tags'] as Record<string, string> }),
      ...identity,
    });

  const container = (token: string, kind: AssetKindName) =>
    type({
      token,
      armType: `${armType}/${kind}`,
      names: ['workspaceName', 'name'],
      apiVersion,
      rules: [{ property: 'properties', required: true, expected: 'expected the properties of the container' }],
      apply: (id, inputs) => ({
        properties: assets.putContainer(
          workspaceOf(id),
          kind,
          nameOf(id),
          parseProperties(assetKinds[kind].container, inputs) as Properties,
          deployment,
        ).resource.properties,
      }),
      computed: ['properties.latestVersion', 'properties.nextVersion', 'properties.provisioningState'],
      live: (id, answered) =>
        assets.hasContainer(workspaceIdOf(id), kind, nameOf(id))
          ? { ...answered, properties: assets.container(workspaceIdOf(id), kind, nameOf(id)).properties }
          : undefined,
      remove: (id) => assets.deleteContainer(workspaceIdOf(id), kind, nameOf(id)),
    });

  return {
    resources: [
      type({
        token: 'azure-native:machinelearningservices:Workspace',
        armType,
        names: ['workspaceName'],
        apiVersion,
        rules: workspaceRules,
        faults: workspaceFaults,
        replaceOn: {
          location: 'the location of a resource cannot be changed',
          storageAccount: 'Workspaces REST reference: cannot be changed once the workspace has been created',
          keyVault: 'Workspaces REST reference: cannot be changed once the workspace has been created',
        },
        apply: (id, inputs) => {
          const identity = identityOutput(directory, id, inputs['identity']);
          const guid = stableGuid(id);
          const properties = Object.fromEntries(Object.entries(inputs).filter(([key]) => !envelope.includes(key)));
          keep(id, armType, inputs, { ...properties, workspaceId: guid, provisioningState: 'Succeeded', tenantId }, identity);
          return {
            ...identity,
            workspaceId: guid,
            tenantId,
            discoveryUrl: '',
            mlFlowTrackingUri: '',
            notebookInfo: {},
            privateEndpointConnections: [],
            privateLinkCount: 0,
            serviceProvisionedResourceGroup: '',
            storageHnsEnabled: false,
            friendlyName: inputs['friendlyName'] ?? inputs['workspaceName'],
            sku: inputs['sku'] ?? { name: 'Basic', tier: 'Basic' },
          };
        },
        computed: [
          'workspaceId',
          'tenantId',
          'discoveryUrl',
          'mlFlowTrackingUri',
          'notebookInfo',
          'privateEndpointConnections',
          'privateLinkCount',
          'serviceProvisionedResourceGroup',
          'storageHnsEnabled',
          'identity.principalId',
          'identity.tenantId',
        ],
        live: declaredHere,
        remove: async (id) => {
          await machineLearning.removeWorkspace(id);
          for (const [key] of [...declared.entries()]) if (key.startsWith(`${id.toLowerCase()}/`)) declared.delete(key);
        },
      }),
      type({
        token: 'azure-native:machinelearningservices:Compute',
        armType: `${armType}/computes`,
        names: ['workspaceName', 'computeName'],
        apiVersion,
        rules: clusterRules,
        faults: clusterFaults,
        replaceOn: { location: 'the location of a resource cannot be changed', ...fixedOfCluster },
        apply: (id, inputs) => {
          workspaceOf(id);
          const identity = identityOutput(directory, id, inputs['identity']);
          const state = {
            allocationState: 'Steady',
            currentNodeCount: 0,
            targetNodeCount: 0,
            errors: [],
            nodeStateCounts: {
              idleNodeCount: 0,
              leavingNodeCount: 0,
              preemptedNodeCount: 0,
              preparingNodeCount: 0,
              runningNodeCount: 0,
              unusableNodeCount: 0,
            },
          };
          const now = clock.now().toISOString();
          const outputs = {
            properties: {
              provisioningState: 'Succeeded',
              isAttachedCompute: false,
              createdOn: now,
              modifiedOn: now,
              provisioningErrors: [],
              properties: { ...state, allocationStateTransitionTime: now },
            },
          };
          const given = inputs['properties'] as Properties;
          keep(
            id,
            `${armType}/computes`,
            inputs,
            { ...given, ...outputs.properties, properties: { ...(given['properties'] as Properties), ...outputs.properties.properties } },
            identity,
          );
          return { ...identity, ...outputs };
        },
        computed: [
          ...['provisioningState', 'isAttachedCompute', 'createdOn', 'modifiedOn', 'provisioningErrors'].map((one) => `properties.${one}`),
          'identity.principalId',
          'identity.tenantId',
          ...['allocationState', 'allocationStateTransitionTime', 'currentNodeCount', 'targetNodeCount', 'errors', 'nodeStateCounts'].map(
            (one) => `properties.properties.${one}`,
          ),
        ],
        live: declaredHere,
        remove: (id) => {
          if (workspaces.find(id))
            throw new ResourceError(
              'ValidationError',
              `the query parameter 'underlyingResourceAction' is required to delete ${id}, and Pulumi does not send it.`,
              'Let the cluster go with its workspace (retainOnDelete).',
            );
        },
      }),
      type({
        token: 'azure-native:machinelearningservices:Datastore',
        armType: `${armType}/datastores`,
        names: ['workspaceName', 'name'],
        apiVersion,
        rules: datastoreRules,
        apply: (id, inputs) => {
          workspaceOf(id);
          const properties = { ...(inputs['properties'] as Properties), isDefault: false };
          keep(id, `${armType}/datastores`, {}, properties);
          return { properties };
        },
        computed: ['properties.isDefault'],
        live: declaredHere,
        remove: (id) => workspaces.delete(id),
      }),
      container('azure-native:machinelearningservices:EnvironmentContainer', 'environments'),
      container('azure-native:machinelearningservices:ModelContainer', 'models'),
      container('azure-native:machinelearningservices:DataContainer', 'data'),
      type({
        token: 'azure-native:machinelearningservices:EnvironmentVersion',
        armType: `${armType}/environments/versions`,
        names: ['workspaceName', 'name', 'version'],
        apiVersion,
        rules: [
          {
            property: 'properties.image',
            required: true,
            expected: 'expected an image by digest: this region builds no environment from conda files',
          },
        ],
        faults: (inputs) => {
          try {
            checkAssetName(String(inputs['name']), String(inputs['version']));
            return [];
          } catch (error) {
            return [{ property: 'version', reason: (error as Error).message }];
          }
        },
        apply: (id, inputs) => ({
          properties: assets.putVersion(
            workspaceOf(id),
            'environments',
            String(inputs['name']),
            String(inputs['version']),
            parseProperties(assetKinds.environments.version, inputs) as Properties,
            deployment,
          ).resource.properties,
        }),
        computed: ['properties.environmentType', 'properties.provisioningState', 'properties.stage'],
        live: (id, answered) => {
          const found = assets.findVersion(workspaceIdOf(id), 'environments', id.split('/').at(-3) ?? '', nameOf(id));
          return found && { ...answered, properties: found.properties };
        },
        remove: (id) => void assets.deleteVersion(workspaceIdOf(id), 'environments', id.split('/').at(-3) ?? '', nameOf(id)),
      }),
    ],
    functions: [],
  };
}
