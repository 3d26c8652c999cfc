import { ContainerEnvironment } from '../../../../components/programs/containerEnvironment';
import { monitoring } from './monitoring';

export const environment = new ContainerEnvironment('environment', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  environmentName: 'cae-plant-x7k2',
  diagnostics: { workspaceId: monitoring.logAnalyticsId, metrics: true },
});
