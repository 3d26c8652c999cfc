import { ProgramJob } from '../../../../components/programs/programJob';
import { environment } from './containerEnvironment';

export const job = new ProgramJob('archive', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  environmentId: environment.id,
  jobName: 'archive-x7k2',
  registryLoginServer: 'acrplantx7k2.azurecr.io',
  identityId:
    '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg-plant/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-archive',
  container: { name: 'archive', image: `acrplantx7k2.azurecr.io/archive@sha256:${'a'.repeat(64)}`, resources: { cpu: 0.5, memory: '1Gi' } },
  queue: { accountName: 'plantdatax7k2', name: 'archive' },
});
