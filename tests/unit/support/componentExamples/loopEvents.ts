import { LoopEvents } from '../../../../components/storage/loopEvents';
import { storage } from './loopStorage';
import { grants } from './roleGrants';

export const events = new LoopEvents(
  'triggers',
  {
    resourceGroupName: 'rg-plant',
    storage,
    mlTopic: { name: 'evgt-ml-plant-x7k2', resourceGroupName: 'rg-plant' },
    models: { own: 'plant-nord-line', smoke: 'plant-nord-smoke' },
  },
  { dependsOn: [...grants.ready] },
);
