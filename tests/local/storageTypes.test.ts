import { BlobServiceClient } from '@azure/storage-blob';
import { storageTypes } from '../../local-azure/storage/storageTypes';
import { storageRegion, type StorageRegion } from './support/storageRegion';

let region: StorageRegion;
beforeAll(async () => {
  region = await storageRegion();
});
afterAll(() => region.stop());

const directory = { managedIdentity: () => region.principal('system'), remove: () => undefined };
const type = (token: string) => {
  const found = storageTypes(region.storage, directory).resources.find((one) => one.token === `azure-native:storage:${token}`);
  if (!found) throw new Error(`no ${token}`);
  return found;
};
const account = {
  resourceGroupName: 'rg',
  accountName: 'ml1',
  location: 'westeurope',
  kind: 'StorageV2',
  sku: { name: 'Standard_LRS' },
  allowSharedKeyAccess: false,
};
const put = (token: string, inputs: Record<string, unknown>) => type(token).create({ name: 'x', urn: 'x', inputs });

describe('as resource types', () => {
  it('makes an account whose endpoints work, again and again, and takes its content along when it goes', async () => {
    const made = await put('StorageAccount', account);
    expect(await put('StorageAccount', account)).toEqual(made);
    expect(made.outputs).toMatchObject({
      name: 'ml1',
      allowSharedKeyAccess: false,
      sku: { name: 'Standard_LRS', tier: 'Standard' },
      provisioningState: 'Succeeded',
    });
    const { id } = await put('BlobContainer', {
      resourceGroupName: 'rg',
      accountName: 'ml1',
      containerName: 'models',
      publicAccess: 'None',
    });
    await put('BlobContainer', { resourceGroupName: 'rg', accountName: 'ml1', containerName: 'models', publicAccess: 'None' });
    await put('Queue', { resourceGroupName: 'rg', accountName: 'ml1', queueName: 'work' });
    await put('Queue', { resourceGroupName: 'rg', accountName: 'ml1', queueName: 'work', metadata: { a: 'b' } });
    const who = region.principal('ml contributor');
    region.assign(who, 'blobContributor', id);
    const endpoint = (made.outputs['primaryEndpoints'] as { blob: string }).blob;
    const blobs = new BlobServiceClient(endpoint, region.credential(who), { retryOptions: { maxTries: 1 } }).getContainerClient('models');
    await blobs.getBlockBlobClient('m').upload('x', 1);
    await type('StorageAccount').delete(made.id, made.outputs);
    expect(await type('BlobContainer').read(id)).toBeUndefined();
    await put('StorageAccount', account);
    await put('BlobContainer', { resourceGroupName: 'rg', accountName: 'ml1', containerName: 'models' });
    expect((await blobs.listBlobsFlat().next()).done).toBe(true);
  });
});

describe('what a preview refuses', () => {
  it('refuses in a preview what Azure would refuse', async () => {
    const failures = (token: string, inputs: Record<string, unknown>) =>
      type(token)
        .check({ name: 'x', inputs, preview: true })
        .failures.map((one) => one.property);
    expect(failures('StorageAccount', { ...account, accountName: 'Not-Legal', sku: { name: 'Cheap' } })).toEqual([
      'accountName',
      'sku.name',
    ]);
    expect(failures('BlobContainer', { resourceGroupName: 'rg', accountName: 'ml1', containerName: 'a--b', publicAccess: 'Blob' })).toEqual(
      ['containerName', 'publicAccess'],
    );
    expect(
      failures('BlobServiceProperties', {
        resourceGroupName: 'rg',
        accountName: 'ml1',
        blobServicesName: 'default',
        deleteRetentionPolicy: { enabled: true, days: 0 },
      }),
    ).toEqual(['deleteRetentionPolicy.days']);
    expect(
      failures('ManagementPolicy', {
        resourceGroupName: 'rg',
        accountName: 'ml1',
        managementPolicyName: 'default',
        policy: { rules: [{ name: 'r', type: 'Lifecycle', definition: { actions: {} } }] },
      }),
    ).toEqual(['policy.rules[0].definition.filters.blobTypes']);
    await expect(put('Queue', { resourceGroupName: 'rg', accountName: 'absent1', queueName: 'q' })).rejects.toThrow(
      'ParentResourceNotFound',
    );
    await expect(put('StorageAccount', { ...account, resourceGroupName: 'other', accountName: 'data1' })).rejects.toThrow(
      'StorageAccountAlreadyTaken',
    );
  });

  it('archives nothing where copies are in several zones, and lets zones neither come nor go', async () => {
    const policy = (accountName: string, action: string) => ({
      resourceGroupName: 'rg',
      accountName,
      managementPolicyName: 'default',
      policy: {
        rules: [
          {
            name: 'r',
            type: 'Lifecycle',
            enabled: true,
            definition: {
              actions: { baseBlob: { [action]: { daysAfterModificationGreaterThan: 90 } } },
              filters: { blobTypes: ['blockBlob'] },
            },
          },
        ],
      },
    });
    await put('StorageAccount', { ...account, accountName: 'zoned1', sku: { name: 'Standard_GZRS' } });
    await expect(put('ManagementPolicy', policy('zoned1', 'tierToArchive'))).rejects.toThrow(/^InvalidRequestPropertyValue: .*GZRS/);
    await expect(put('ManagementPolicy', policy('zoned1', 'tierToCold'))).resolves.toBeDefined();
    await put('StorageAccount', { ...account, accountName: 'plain1' });
    await expect(put('ManagementPolicy', policy('plain1', 'tierToArchive'))).resolves.toBeDefined();
    await expect(put('StorageAccount', { ...account, accountName: 'plain1', sku: { name: 'Standard_ZRS' } })).rejects.toThrow(
      /^InvalidAccountType: .*from LRS to ZRS/,
    );
    await expect(put('StorageAccount', { ...account, accountName: 'plain1', sku: { name: 'Standard_GRS' } })).resolves.toBeDefined();
  });
});
