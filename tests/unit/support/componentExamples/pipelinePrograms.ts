import { queueNames, type QueueName } from '../../../../components/configuration/pipelineJobs';
import { programIdentity } from '../../../../components/access/programIdentity';
import { PipelinePrograms } from '../../../../components/programs/pipelinePrograms';
import { pipelineSettings } from '../../../../components/programs/pipelineSettings';
import { environment } from './containerEnvironment';
import { storage } from './loopStorage';
import { route } from './messageRoute';
import { configuration, platform } from './platform';
import { programImages } from './programImages';
import { grants } from './roleGrants';
import { training } from './trainingEnvironment';

const place = { resourceGroupName: 'rg-plant', location: 'westeurope', names: { owner: 'plant-nord', suffix: 'x7k2' } };
const forEach = <T>(make: (program: QueueName) => T) =>
  Object.fromEntries(queueNames.map((program) => [program, make(program)])) as Record<QueueName, T>;
const identities = forEach((program) => programIdentity(program, place, {}));
const settings = pipelineSettings({
  configuration,
  platform,
  storage,
  route,
  subscriptionId: '00000000-0000-4000-8000-000000000001',
  trainingEnvironmentId: training.id,
  deviceId: 'aimm-plant-nord',
  clientIds: forEach((program) => identities[program].clientId),
  pipelineVersion: '1.0.0',
  sourceCommit: 'unknown',
});

export const pipelines = new PipelinePrograms(
  'pipelines',
  {
    ...place,
    environmentId: environment.id,
    registryLoginServer: 'acrplantx7k2.azurecr.io',
    images: programImages.images,
    identities,
    storage,
    settings,
  },
  { dependsOn: [...grants.ready] },
);
