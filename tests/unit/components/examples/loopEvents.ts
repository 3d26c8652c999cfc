import { LoopEvents } from '../../../../components/storage/loopEvents';
import { storage } from './loopStorage';
import { grants } from './roleGrants';

export const events = new LoopEvents('triggers', {
  resourceGroupName: 'rg-plant', storage, mlTopic: { name: 'evgt-ml-plant-x7k2', resourceGroupName: 'rg-plant' }, modelName: 'plant-nord-line',
}, { dependsOn: [...grants.ready] });
