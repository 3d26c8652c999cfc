import { KeyVault } from '../../../../components/access/keyVault';

export const vault = new KeyVault('secrets', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  vaultName: 'kv-plant-x7k2',
  tenantId: '11111111-1111-4111-8111-111111111111',
  roleAssignments: {
    rotation: {
      principalId: '22222222-2222-4222-8222-222222222222',
      role: 'keyVaultSecretsOfficer',
      description: 'rotates the certificate',
    },
  },
});
