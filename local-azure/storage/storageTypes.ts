import type { ProviderPart } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import { blobServiceType, managementPolicyType } from './accountPolicyTypes';
import { storageAccountType } from './accountType';
import { blobContainerType, queueType } from './containerAndQueueTypes';
import type { Storage } from './storage';

/** Accounts, containers, queues and the account's policies. */
export const storageTypes = (storage: Storage, directory: Pick<Directory, 'managedIdentity' | 'remove'>): ProviderPart => ({
  resources: [
    storageAccountType(storage, directory),
    blobContainerType(storage),
    queueType(storage),
    blobServiceType(storage),
    managementPolicyType(storage),
  ],
  functions: [],
});
