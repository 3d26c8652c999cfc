import { partOfId } from '../region/armId';
import { checkInputs } from '../region/checks';
import { ResourceError, type Properties, type ResourceType } from '../region/resourceType';
import type { Storage } from './storage';
import { accountType, apiVersion, inZones, redundancyOf, requireAccount, storageResource } from './storageResource';
import { accountRule, checkPolicy, checkRetention, groupRule } from './storageRules';

const archives = (inputs: Properties) => JSON.stringify(inputs['policy'] ?? {}).includes('"tierToArchive"');
const withAccount = (storage: Storage, id: string, answered: Properties) =>
  storage.accountExists(id.split('/').slice(0, 9).join('/')) ? answered : undefined;

/** Soft delete and versions of an account's blobs. */
export const blobServiceType = (storage: Storage): ResourceType =>
  storageResource(
    {
      token: 'azure-native:storage:BlobServiceProperties',
      replaceOn: { resourceGroupName: partOfId, accountName: partOfId },
      computed: ['sku'],
      live: (id, answered) => withAccount(storage, id, answered),
      failures: (inputs) => [
        ...checkInputs(inputs, [
          groupRule,
          accountRule,
          { property: 'blobServicesName', required: true, allowed: ['default'], expected: 'default' },
        ]),
        ...checkRetention(inputs, 'deleteRetentionPolicy'),
        ...checkRetention(inputs, 'containerDeleteRetentionPolicy'),
      ],
      put: (inputs) => {
        const account = requireAccount(storage, inputs);
        return {
          id: `${account}/blobServices/default`,
          outputs: {
            ...inputs,
            name: 'default',
            azureApiVersion: apiVersion,
            type: `${accountType}/blobServices`,
            sku: storage.resources.get(account.toLowerCase())?.['sku'],
          },
        };
      },
    },
    storage,
  );

/** The rules by which blobs age. */
export const managementPolicyType = (storage: Storage): ResourceType =>
  storageResource(
    {
      token: 'azure-native:storage:ManagementPolicy',
      replaceOn: { resourceGroupName: partOfId, accountName: partOfId },
      computed: ['lastModifiedTime'],
      live: (id, answered) => withAccount(storage, id, answered),
      failures: (inputs) => [
        ...checkInputs(inputs, [
          groupRule,
          accountRule,
          { property: 'managementPolicyName', required: true, allowed: ['default'], expected: 'default' },
          { property: 'policy', required: true, expected: 'the rules of the policy' },
        ]),
        ...checkPolicy(inputs),
      ],
      put: (inputs) => {
        const account = requireAccount(storage, inputs);
        const redundancy = redundancyOf(storage.resources.get(account.toLowerCase()));
        if (archives(inputs) && inZones(redundancy))
          throw new ResourceError(
            'InvalidRequestPropertyValue',
            `the policy has tierToArchive, which a ${redundancy} account does not have.`,
            'Archive is there for LRS, GRS and RA-GRS only; use tierToCold.',
          );
        return {
          id: `${account}/managementPolicies/default`,
          outputs: {
            ...inputs,
            name: 'DefaultManagementPolicy',
            azureApiVersion: apiVersion,
            type: `${accountType}/managementPolicies`,
            lastModifiedTime: new Date().toISOString(),
          },
        };
      },
    },
    storage,
  );
