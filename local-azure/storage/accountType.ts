import { tenantId } from '../region/regionContext';
import { partOfId } from '../region/armId';
import { checkInputs } from '../region/checks';
import { ResourceError, type Properties, type ResourceType } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import { forgetBelow } from '../region/storedType';
import type { Storage } from './storage';
import { accountId, accountType, apiVersion, inZones, redundancyOf, storageResource } from './storageResource';
import { accountRules } from './storageRules';

/** A name is one account's in all of Azure, and zones are chosen once. */
function refuseChange(storage: Storage, id: string, name: string, inputs: Properties): void {
  const holder = storage.accountByName(name);
  if (holder !== undefined && holder.toLowerCase() !== id.toLowerCase())
    throw new ResourceError(
      'StorageAccountAlreadyTaken',
      `the storage account named ${name} is already taken.`,
      'Its name must be unique.',
    );
  const before = redundancyOf(storage.resources.get(id.toLowerCase()));
  const after = redundancyOf(inputs);
  if (before !== '' && inZones(before) !== inZones(after))
    throw new ResourceError(
      'InvalidAccountType',
      `the account ${name} cannot be changed from ${before} to ${after}: zones are fixed when an account is made.`,
      'Ask Azure for a conversion, or make another account.',
    );
}

/** Storage accounts. */
export function storageAccountType(storage: Storage, directory: Pick<Directory, 'managedIdentity' | 'remove'>): ResourceType {
  const withEndpoints = (outputs: Properties): Properties => {
    const { blob, queue } = storage.endpoints(String(outputs['name']));
    // The region serves blobs and queues only; endpoints of services that nobody answers would mislead.
    return { ...outputs, primaryEndpoints: { blob, queue } };
  };
  const outputsOf = (id: string, name: string, inputs: Properties): Properties => {
    const sku = inputs['sku'] as Properties;
    const identity = inputs['identity'] as Properties | undefined;
    const principal = String(identity?.['type'] ?? '').includes('SystemAssigned') ? directory.managedIdentity(id, name) : undefined;
    const creationTime = String(storage.resources.get(id.toLowerCase())?.['creationTime'] ?? new Date().toISOString());
    return withEndpoints({
      allowSharedKeyAccess: true,
      allowBlobPublicAccess: false,
      enableHttpsTrafficOnly: true,
      minimumTlsVersion: 'TLS1_2',
      publicNetworkAccess: 'Enabled',
      accessTier: 'Hot',
      networkRuleSet: { bypass: 'AzureServices', defaultAction: 'Allow' },
      encryption: { keySource: 'Microsoft.Storage', services: { blob: { enabled: true, keyType: 'Account' } } },
      ...inputs,
      name,
      azureApiVersion: apiVersion,
      type: accountType,
      sku: { ...sku, tier: String(sku['name']).split('_')[0] },
      ...(principal ? { identity: { ...identity, principalId: principal.objectId, tenantId } } : {}),
      creationTime,
      keyCreationTime: { key1: creationTime, key2: creationTime },
      primaryLocation: inputs['location'],
      statusOfPrimary: 'available',
      provisioningState: 'Succeeded',
      privateEndpointConnections: [],
    });
  };
  return storageResource(
    {
      token: 'azure-native:storage:StorageAccount',
      failures: (inputs) => checkInputs(inputs, accountRules),
      replaceOn: {
        resourceGroupName: partOfId,
        accountName: partOfId,
        location: 'azure-native, provider/pkg/gen/replacement.go',
        isHnsEnabled: 'azure-native, provider/pkg/gen/replacement.go',
      },
      computed: [
        'sku.tier',
        'identity.principalId',
        'identity.tenantId',
        'creationTime',
        'keyCreationTime',
        'primaryLocation',
        'primaryEndpoints',
        'statusOfPrimary',
        'provisioningState',
        'privateEndpointConnections',
      ],
      put: (inputs) => {
        const [id, name] = [accountId(inputs), String(inputs['accountName'])];
        refuseChange(storage, id, name, inputs);
        storage.declareAccount(id);
        return { id, outputs: outputsOf(id, name, inputs) };
      },
      live: (id, answered) => (storage.accountExists(id) ? withEndpoints(answered) : undefined),
      remove: async (id) => {
        await storage.remove(id);
        forgetBelow(storage.resources, id);
        directory.remove(id);
      },
    },
    storage,
  );
}
