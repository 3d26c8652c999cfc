import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { declaredTypes } from '../region/declaredType';
import type { Properties, ProviderPart } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import { assetContainerType, environmentVersionType } from './assetTypes';
import type { MachineLearning } from './machineLearning';
import { clusterType, datastoreType, workspaceType } from './workspaceTypes';

/** Azure ML in Pulumi: workspace, cluster, datastore and the assets that a deployment brings. */
export const machineLearningTypes = (
  machineLearning: MachineLearning,
  directory: Directory,
  declared: AppendOnlyStore<Properties>,
  clock: Clock,
): ProviderPart => ({
  resources: declaredTypes(
    [
      workspaceType(machineLearning, directory, declared, clock),
      clusterType(machineLearning, directory, clock),
      datastoreType(machineLearning, clock),
      assetContainerType(machineLearning, 'azure-native:machinelearningservices:EnvironmentContainer', 'environments'),
      assetContainerType(machineLearning, 'azure-native:machinelearningservices:ModelContainer', 'models'),
      assetContainerType(machineLearning, 'azure-native:machinelearningservices:DataContainer', 'data'),
      environmentVersionType(machineLearning),
    ],
    declared,
    () => clock.now(),
  ),
  functions: [],
});
