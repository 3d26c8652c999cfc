import { inputAt, type InputRule } from '../region/checks';
import { userAssignedIds } from '../region/managedIdentity';
import type { CheckFailure, Properties } from '../region/resourceType';

const armIdOf = (type: string) =>
  new RegExp(`^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/${type.replaceAll('.', String.raw`\.`)}/[^/]+$`, 'i');
const dependency = (property: string, type: string): InputRule => ({
  property,
  required: true,
  pattern: armIdOf(type),
  expected: `expected the ARM id of a ${type}`,
});
export const workspaceRules: readonly InputRule[] = [
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
export function workspaceFaults(inputs: Properties): CheckFailure[] {
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

export const clusterRules: readonly InputRule[] = [
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
export function clusterFaults(inputs: Properties): CheckFailure[] {
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
export const fixedOfCluster = Object.fromEntries(
  [
    'computeType',
    'disableLocalAuth',
    ...['vmSize', 'vmPriority', 'osType', 'isolatedNetwork', 'subnet', 'virtualMachineImage', 'remoteLoginPortPublicAccess'].map(
      (property) => `properties.${property}`,
    ),
  ].map((property) => [`properties.${property}`, 'AmlCompute: fixed when the cluster is created']),
);
export const datastoreRules: readonly InputRule[] = [
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
