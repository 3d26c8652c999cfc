import { partOfId } from '../region/armId';
import { checkInputs } from '../region/checks';
import type { Properties, ResourceType } from '../region/resourceType';
import type { Storage } from './storage';
import { accountType, apiVersion, requireAccount, storageResource } from './storageResource';
import { accountRule, groupRule } from './storageRules';

const dashed = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;

/** Containers and queues can be removed, and given other metadata, by whoever has a role on their data. */
async function withMetadata(storage: Storage, id: string, answered: Properties): Promise<Properties | undefined> {
  const metadata = await storage.metadata(id);
  if (metadata === undefined) return undefined;
  return Object.keys(metadata).length > 0 || answered['metadata'] !== undefined ? { ...answered, metadata } : answered;
}

export const blobContainerType = (storage: Storage): ResourceType =>
  storageResource(
    {
      token: 'azure-native:storage:BlobContainer',
      replaceOn: { resourceGroupName: partOfId, accountName: partOfId, containerName: partOfId },
      live: (id, answered) => withMetadata(storage, id, answered),
      computed: [
        'deleted',
        'deletedTime',
        'etag',
        'lastModifiedTime',
        'leaseState',
        'leaseStatus',
        'hasImmutabilityPolicy',
        'hasLegalHold',
        'remainingRetentionDays',
      ],
      failures: (inputs) =>
        checkInputs(inputs, [
          groupRule,
          accountRule,
          { property: 'containerName', required: true, pattern: dashed, expected: '3 to 63 lower case letters, digits and single dashes' },
          { property: 'publicAccess', allowed: ['None'], expected: 'None: the local region has no anonymous access' },
        ]),
      put: async (inputs) => {
        const id = await storage.declareContainer(
          requireAccount(storage, inputs),
          String(inputs['containerName']),
          inputs['metadata'] as Record<string, string> | undefined,
        );
        return {
          id,
          outputs: {
            ...inputs,
            name: inputs['containerName'],
            publicAccess: 'None',
            azureApiVersion: apiVersion,
            type: `${accountType}/blobServices/containers`,
            deleted: false,
            deletedTime: '',
            etag: '',
            lastModifiedTime: new Date().toISOString(),
            leaseState: 'Available',
            leaseStatus: 'Unlocked',
            hasImmutabilityPolicy: false,
            hasLegalHold: false,
            remainingRetentionDays: 0,
            defaultEncryptionScope: '$account-encryption-key',
            denyEncryptionScopeOverride: false,
          },
        };
      },
      remove: (id) => storage.remove(id),
    },
    storage,
  );

export const queueType = (storage: Storage): ResourceType =>
  storageResource(
    {
      token: 'azure-native:storage:Queue',
      replaceOn: { resourceGroupName: partOfId, accountName: partOfId, queueName: partOfId },
      live: (id, answered) => withMetadata(storage, id, answered),
      computed: ['approximateMessageCount'],
      failures: (inputs) =>
        checkInputs(inputs, [
          groupRule,
          accountRule,
          { property: 'queueName', required: true, pattern: dashed, expected: '3 to 63 lower case letters, digits and single dashes' },
        ]),
      put: async (inputs) => {
        const id = await storage.declareQueue(
          requireAccount(storage, inputs),
          String(inputs['queueName']),
          inputs['metadata'] as Record<string, string> | undefined,
        );
        return {
          id,
          outputs: {
            ...inputs,
            name: inputs['queueName'],
            azureApiVersion: apiVersion,
            type: `${accountType}/queueServices/queues`,
            approximateMessageCount: 0,
          },
        };
      },
      remove: (id) => storage.remove(id),
    },
    storage,
  );
