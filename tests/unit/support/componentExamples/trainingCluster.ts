import { TrainingCluster } from '../../../../components/training/trainingCluster';
import { machineLearning } from './machineLearning';

export const cluster = new TrainingCluster('training-cluster', {
  resourceGroupName: 'rg-plant',
  location: 'westeurope',
  names: { owner: 'plant-nord', suffix: 'x7k2' },
  workspaceName: machineLearning.workspaceName,
  maxNodes: 4,
  priority: 'LowPriority',
});
