import { armId } from '../region/armId';
import { ResourceError, type Properties, type ResourceType } from '../region/resourceType';
import { storedType, type StoredType } from '../region/storedType';
import type { Storage } from './storage';

export const apiVersion = '2024-01-01';
export const accountType = 'Microsoft.Storage/storageAccounts';

export const accountId = (inputs: Properties) => armId(String(inputs['resourceGroupName']), accountType, String(inputs['accountName']));

/** The id of the account that a resource belongs to. */
export function requireAccount(storage: Storage, inputs: Properties): string {
  const id = accountId(inputs);
  if (!storage.accountExists(id))
    throw new ResourceError(
      'ParentResourceNotFound',
      `the storage account '${String(inputs['accountName'])}' does not exist in the resource group '${String(inputs['resourceGroupName'])}'.`,
      'Declare it first.',
    );
  return id;
}

export const redundancyOf = (account: Properties | undefined) =>
  /_(\w+)$/.exec(String((account?.['sku'] as Properties | undefined)?.['name'] ?? ''))?.[1] ?? '';
export const inZones = (redundancy: string) => redundancy.endsWith('ZRS');

/** A resource of the service; every one is named by inputs of the same names. */
export const storageResource = (type: StoredType, storage: Storage): ResourceType =>
  storedType(
    {
      ...type,
      identifiedBy: ['resourceGroupName', 'accountName', 'containerName', 'queueName', 'blobServicesName', 'managementPolicyName'],
      computed: ['name', 'type', 'azureApiVersion', ...(type.computed ?? [])],
    },
    storage.resources,
  );
