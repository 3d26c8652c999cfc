import { builtInRolePermissions } from '../../../../local-azure/region/builtInRoles';
import { isDataAction } from '../../../../local-azure/region/dataActions';
import { roleGrants, scopeContains } from '../../../../local-azure/region/roleAssignments';

const role = (name: string) => {
  const found = Object.values(builtInRolePermissions).find((one) => one.name === name);
  if (!found) throw new Error(`no role ${name}`);
  return found;
};
const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const dataActions = [
  `${blobs}/read`,
  `${blobs}/add/action`,
  'Microsoft.Storage/storageAccounts/queueServices/queues/messages/process/action',
  'Microsoft.KeyVault/vaults/secrets/getSecret/action',
  'Microsoft.KeyVault/vaults/secrets/delete',
  'Microsoft.EventHub/namespaces/messages/send/action',
  'Microsoft.EventHub/namespaces/messages/receive/action',
  'Microsoft.Devices/IotHubs/devices/write',
  'Microsoft.Devices/IotHubs/cloudToDeviceMessages/send/action',
  'Microsoft.Insights/Telemetry/Write',
];
const controlActions = [
  'Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action',
  'Microsoft.Storage/storageAccounts/queueServices/queues/read',
  'Microsoft.ContainerRegistry/registries/pull/read',
  'Microsoft.MachineLearningServices/workspaces/jobs/write',
  'Microsoft.KeyVault/vaults/secrets/read',
  'Microsoft.Devices/IotHubs/read',
];

it('who may change every resource may not touch any data', () => {
  for (const name of ['Owner', 'Contributor']) {
    for (const action of dataActions) expect([name, action, roleGrants(role(name), action)]).toEqual([name, action, false]);
    for (const action of controlActions) expect([name, action, roleGrants(role(name), action)]).toEqual([name, action, true]);
  }
  expect(roleGrants(role('Reader'), `${blobs}/read`)).toBe(false);
  expect(dataActions.every(isDataAction)).toBe(true);
});

it('data roles grant what their names say and no more', () => {
  expect(roleGrants(role('Storage Blob Data Reader'), `${blobs}/read`)).toBe(true);
  expect(roleGrants(role('Storage Blob Data Reader'), `${blobs}/write`)).toBe(false);
  expect(roleGrants(role('Azure Event Hubs Data Sender'), 'Microsoft.EventHub/namespaces/messages/send/action')).toBe(true);
  expect(roleGrants(role('Azure Event Hubs Data Sender'), 'Microsoft.EventHub/namespaces/messages/receive/action')).toBe(false);
  expect(roleGrants(role('IoT Hub Registry Contributor'), 'Microsoft.Devices/IotHubs/devices/write')).toBe(true);
  expect(roleGrants(role('Key Vault Secrets User'), 'Microsoft.KeyVault/vaults/secrets/setSecret/action')).toBe(false);
  expect(roleGrants(role('AzureML Data Scientist'), 'Microsoft.MachineLearningServices/workspaces/listKeys/action')).toBe(false);
  expect(roleGrants(role('Contributor'), 'Microsoft.Authorization/roleAssignments/write')).toBe(false);
});

it('a scope contains itself and what is below it, not what begins like it', () => {
  expect(scopeContains('/subscriptions/a/resourceGroups/RG', '/subscriptions/a/resourcegroups/rg/providers/X/y/z')).toBe(true);
  expect(scopeContains('/subscriptions/a/resourceGroups/rg', '/subscriptions/a/resourceGroups/rg2')).toBe(false);
  expect(scopeContains('/', '/subscriptions/a')).toBe(true);
});
