import type { Directory } from '../region/serviceInterfaces';
import { tenantId } from '../region/regionContext';
import type { Storage } from './storage';
import { armId } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import { accountRule, accountRules, checkPolicy, checkRetention, groupRule } from './storageRules';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart, type ResourceType } from '../region/resourceType';

const apiVersion = '2024-01-01';
const accountType = 'Microsoft.Storage/storageAccounts';
const keyOf = (id: string) => id.toLowerCase();
const text = (value: unknown) => String(value);
const dashed = /^(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*$/;
const partOfId = 'Resource Manager: part of the resource id';

const redundancyOf = (account: Properties | undefined) =>
  /_(\w+)$/.exec(text((account?.['sku'] as Properties | undefined)?.['name'] ?? ''))?.[1] ?? '';
const inZones = (redundancy: string) => redundancy.endsWith('ZRS');
const archives = (inputs: Properties) => JSON.stringify(inputs['policy'] ?? {}).includes('"tierToArchive"');

/** Accounts, containers, queues and the account's policies. */
export function storageTypes(storage: Storage, directory: Pick<Directory, 'managedIdentity' | 'remove'>): ProviderPart {
  const now = () => new Date().toISOString();
  const parentOf = (inputs: Properties): string => {
    const id = armId(text(inputs['resourceGroupName']), accountType, text(inputs['accountName']));
    if (!storage.accountExists(id))
      throw new ResourceError(
        'ParentResourceNotFound',
        `the storage account '${text(inputs['accountName'])}' does not exist in the resource group '${text(inputs['resourceGroupName'])}'.`,
        'Declare it first.',
      );
    return id;
  };
  const remember = (id: string, outputs: Properties): Properties => {
    storage.resources.set(keyOf(id), outputs);
    return outputs;
  };
  const createdAt = (id: string) => text(storage.resources.get(keyOf(id))?.['creationTime'] ?? now());
  const accountOutputs = (outputs: Properties): Properties => {
    const { blob, queue } = storage.endpoints(text(outputs['name']));
    // The region serves blobs and queues only; endpoints of services that nobody answers would mislead.
    return { ...outputs, primaryEndpoints: { blob, queue } };
  };
  /** A resource that is PUT below its id and kept as it was told. */
  const plain = (
    options: Pick<ResourceType, 'token' | 'replaceOn' | 'computed'> & {
      rules: readonly InputRule[];
      more?: (inputs: Properties) => CheckFailure[];
      put(inputs: Properties): Promise<{ id: string; outputs: Properties }>;
      delete?: (id: string) => Promise<void>;
      read?: (outputs: Properties, id: string) => Promise<Properties | undefined> | Properties | undefined;
    },
  ): ResourceType => ({
    token: options.token,
    replaceOn: options.replaceOn,
    identifiedBy: ['resourceGroupName', 'accountName', 'containerName', 'queueName', 'blobServicesName', 'managementPolicyName'],
    computed: ['name', 'type', 'azureApiVersion', ...(options.computed ?? [])],
    check: ({ inputs }) => ({ inputs, failures: [...checkInputs(inputs, options.rules), ...(options.more?.(inputs) ?? [])] }),
    create: ({ inputs }) => options.put(inputs),
    read: async (id) => {
      const outputs = storage.resources.get(keyOf(id));
      return outputs && options.read ? options.read(outputs, id) : outputs;
    },
    update: async (_id, { inputs }) => (await options.put(inputs)).outputs,
    delete: async (id) => {
      await options.delete?.(id);
      storage.resources.delete(keyOf(id));
    },
  });

  /** Containers and queues can be removed, and given other metadata, by whoever has a role on their data. */
  const withLiveMetadata = async (outputs: Properties, id: string): Promise<Properties | undefined> => {
    const metadata = await storage.metadata(id);
    if (metadata === undefined) return undefined;
    return Object.keys(metadata).length > 0 || outputs['metadata'] !== undefined ? { ...outputs, metadata } : outputs;
  };
  const ofAccount = (outputs: Properties, id: string) => (storage.accountExists(id.split('/').slice(0, 9).join('/')) ? outputs : undefined);

  const account = plain({
    token: 'azure-native:storage:StorageAccount',
    rules: accountRules,
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
    read: (outputs, id) => (storage.accountExists(id) ? accountOutputs(outputs) : undefined),
    put: async (inputs) => {
      const name = text(inputs['accountName']);
      const id = armId(text(inputs['resourceGroupName']), accountType, name);
      const holder = storage.accountByName(name);
      if (holder !== undefined && keyOf(holder) !== keyOf(id))
        throw new ResourceError(
          'StorageAccountAlreadyTaken',
          `the storage account named ${name} is already taken.`,
          'Its name must be unique.',
        );
      const before = redundancyOf(storage.resources.get(keyOf(id)));
      const after = redundancyOf(inputs);
      if (before !== '' && inZones(before) !== inZones(after))
        throw new ResourceError(
          'InvalidAccountType',
          `the account ${name} cannot be changed from ${before} to ${after}: zones are fixed when an account is made.`,
          'Ask Azure for a conversion, or make another account.',
        );
      const system = text((inputs['identity'] as Properties | undefined)?.['type'] ?? '').includes('SystemAssigned')
        ? directory.managedIdentity(id, name)
        : undefined;
      storage.declareAccount(id);
      const sku = inputs['sku'] as Properties;
      const creationTime = createdAt(id);
      const outputs = {
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
        sku: { ...sku, tier: text(sku['name']).split('_')[0] },
        ...(system ? { identity: { ...(inputs['identity'] as Properties), principalId: system.objectId, tenantId } } : {}),
        creationTime,
        keyCreationTime: { key1: creationTime, key2: creationTime },
        primaryLocation: inputs['location'],
        statusOfPrimary: 'available',
        provisioningState: 'Succeeded',
        privateEndpointConnections: [],
      };
      return { id, outputs: accountOutputs(remember(id, outputs)) };
    },
    delete: async (id) => {
      await storage.remove(id);
      for (const key of [...storage.resources.entries()].map(([one]) => one))
        if (key.startsWith(`${keyOf(id)}/`)) storage.resources.delete(key);
      directory.remove(id);
    },
  });

  const container = plain({
    token: 'azure-native:storage:BlobContainer',
    replaceOn: { resourceGroupName: partOfId, accountName: partOfId, containerName: partOfId },
    read: withLiveMetadata,
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
    rules: [
      groupRule,
      accountRule,
      { property: 'containerName', required: true, pattern: dashed, expected: '3 to 63 lower case letters, digits and single dashes' },
      { property: 'publicAccess', allowed: ['None'], expected: 'None: the local region has no anonymous access' },
    ],
    put: async (inputs) => {
      const id = await storage.declareContainer(
        parentOf(inputs),
        text(inputs['containerName']),
        inputs['metadata'] as Record<string, string> | undefined,
      );
      return {
        id,
        outputs: remember(id, {
          ...inputs,
          name: inputs['containerName'],
          publicAccess: 'None',
          azureApiVersion: apiVersion,
          type: `${accountType}/blobServices/containers`,
          deleted: false,
          deletedTime: '',
          etag: '',
          lastModifiedTime: now(),
          leaseState: 'Available',
          leaseStatus: 'Unlocked',
          hasImmutabilityPolicy: false,
          hasLegalHold: false,
          remainingRetentionDays: 0,
          defaultEncryptionScope: '$account-encryption-key',
          denyEncryptionScopeOverride: false,
        }),
      };
    },
    delete: (id) => storage.remove(id),
  });

  const queue = plain({
    token: 'azure-native:storage:Queue',
    replaceOn: { resourceGroupName: partOfId, accountName: partOfId, queueName: partOfId },
    read: withLiveMetadata,
    computed: ['approximateMessageCount'],
    rules: [
      groupRule,
      accountRule,
      { property: 'queueName', required: true, pattern: dashed, expected: '3 to 63 lower case letters, digits and single dashes' },
    ],
    put: async (inputs) => {
      const id = await storage.declareQueue(
        parentOf(inputs),
        text(inputs['queueName']),
        inputs['metadata'] as Record<string, string> | undefined,
      );
      return {
        id,
        outputs: remember(id, {
          ...inputs,
          name: inputs['queueName'],
          azureApiVersion: apiVersion,
          type: `${accountType}/queueServices/queues`,
          approximateMessageCount: 0,
        }),
      };
    },
    delete: (id) => storage.remove(id),
  });

  const blobService = plain({
    token: 'azure-native:storage:BlobServiceProperties',
    replaceOn: { resourceGroupName: partOfId, accountName: partOfId },
    computed: ['sku'],
    read: ofAccount,
    rules: [groupRule, accountRule, { property: 'blobServicesName', required: true, allowed: ['default'], expected: 'default' }],
    more: (inputs) => [...checkRetention(inputs, 'deleteRetentionPolicy'), ...checkRetention(inputs, 'containerDeleteRetentionPolicy')],
    put: (inputs) => {
      const id = `${parentOf(inputs)}/blobServices/default`;
      const sku = storage.resources.get(keyOf(parentOf(inputs)))?.['sku'];
      return Promise.resolve({
        id,
        outputs: remember(id, { ...inputs, name: 'default', azureApiVersion: apiVersion, type: `${accountType}/blobServices`, sku }),
      });
    },
  });

  const managementPolicy = plain({
    token: 'azure-native:storage:ManagementPolicy',
    replaceOn: { resourceGroupName: partOfId, accountName: partOfId },
    computed: ['lastModifiedTime'],
    read: ofAccount,
    more: checkPolicy,
    rules: [
      groupRule,
      accountRule,
      { property: 'managementPolicyName', required: true, allowed: ['default'], expected: 'default' },
      { property: 'policy', required: true, expected: 'the rules of the policy' },
    ],
    put: async (inputs) => {
      const redundancy = redundancyOf(storage.resources.get(keyOf(parentOf(inputs))));
      if (archives(inputs) && inZones(redundancy))
        throw new ResourceError(
          'InvalidRequestPropertyValue',
          `the policy has tierToArchive, which a ${redundancy} account does not have.`,
          'Archive is there for LRS, GRS and RA-GRS only; use tierToCold.',
        );
      const id = `${parentOf(inputs)}/managementPolicies/default`;
      return {
        id,
        outputs: remember(id, {
          ...inputs,
          name: 'DefaultManagementPolicy',
          azureApiVersion: apiVersion,
          type: `${accountType}/managementPolicies`,
          lastModifiedTime: now(),
        }),
      };
    },
  });
  return { resources: [account, container, queue, blobService, managementPolicy], functions: [] };
}
