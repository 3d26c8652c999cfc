import { MachineLearning } from '../../../../components/training/machineLearning';
import { vault } from './keyVault';
import { monitoring } from './monitoring';
import { registry } from './imageRegistry';
import { account } from './secureAccount';

export const machineLearning = new MachineLearning('machine-learning', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  account: { id: account.id, name: account.accountName, blobEndpoint: account.blobEndpoint },
  modelsContainer: 'recordings',
  vaultId: vault.id,
  applicationInsightsId: monitoring.applicationInsightsId,
  registryId: registry.id,
  diagnostics: { workspaceId: monitoring.logAnalyticsId },
});
