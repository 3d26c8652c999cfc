import { SecureAccount } from '../../../../components/storage/secureAccount';

export const account = new SecureAccount('archive', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  accountName: 'plantarchivex7k2',
  containers: ['recordings'],
  redundancy: 'GZRS',
  versioning: true,
  lifecycle: { recordings: { coolAfterDays: 30, coldAfterDays: 180 } },
  lock: 'CanNotDelete',
  tags: { plant: 'nord' },
});
