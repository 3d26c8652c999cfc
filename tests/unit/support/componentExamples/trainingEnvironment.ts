import { TrainingEnvironment } from '../../../../components/training/trainingEnvironment';
import { machineLearning } from './machineLearning';

export const training = new TrainingEnvironment('training-environment', {
  resourceGroupName: 'rg-plant',
  workspaceName: machineLearning.workspaceName,
  environmentName: 'train-plant',
  image: `acrplantx7k2.azurecr.io/train@sha256:${'a'.repeat(64)}`,
});
