import { ProgramApp } from '../../../../components/programs/programApp';
import { environment } from './containerEnvironment';

export const app = new ProgramApp('watcher', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  environmentId: environment.id,
  appName: 'watcher-x7k2',
  registryLoginServer: 'acrplantx7k2.azurecr.io',
  identityForPrograms: true,
  identityId:
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-watcher',
  containers: [
    { name: 'watcher', image: `acrplantx7k2.azurecr.io/watcher@sha256:${'a'.repeat(64)}`, resources: { cpu: 0.25, memory: '0.5Gi' } },
  ],
});
