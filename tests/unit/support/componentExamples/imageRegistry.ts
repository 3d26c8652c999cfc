import { ImageRegistry } from '../../../../components/programs/imageRegistry';

export const registry = new ImageRegistry('registry', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  registryName: 'acrplantx7k2',
  sku: 'Premium',
  untaggedDays: 30,
  roleAssignments: { scanner: { principalId: '22222222-2222-4222-8222-222222222222', role: 'acrPull' } },
});
