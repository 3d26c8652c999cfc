import { nameOf } from '../region/armId';
import type { DeclaredType } from '../region/declaredType';
import type { Properties } from '../region/resourceType';
import { assetKinds, type AssetKindName } from './assets';
import { checkAssetName, parseProperties } from './bodies';
import { apiVersion, armType, deployment, requireWorkspace, workspaceIdOf } from './declaredResource';
import type { MachineLearning } from './machineLearning';

/** What the versions of one asset belong to. */
export const assetContainerType = (machineLearning: MachineLearning, token: string, kind: AssetKindName): DeclaredType => ({
  token,
  armType: `${armType}/${kind}`,
  names: ['workspaceName', 'name'],
  apiVersion,
  rules: [{ property: 'properties', required: true, expected: 'expected the properties of the container' }],
  apply: (id, inputs) => ({
    properties: machineLearning.assets.putContainer(
      requireWorkspace(machineLearning, id),
      kind,
      nameOf(id),
      parseProperties(assetKinds[kind].container, inputs) as Properties,
      deployment,
    ).resource.properties,
  }),
  computed: ['properties.latestVersion', 'properties.nextVersion', 'properties.provisioningState'],
  live: (id, answered) =>
    machineLearning.assets.hasContainer(workspaceIdOf(id), kind, nameOf(id))
      ? { ...answered, properties: machineLearning.assets.container(workspaceIdOf(id), kind, nameOf(id)).properties }
      : undefined,
  remove: (id) => machineLearning.assets.deleteContainer(workspaceIdOf(id), kind, nameOf(id)),
});

const environmentOf = (versionId: string) => versionId.split('/').at(-3) ?? '';

export const environmentVersionType = (machineLearning: MachineLearning): DeclaredType => ({
  token: 'azure-native:machinelearningservices:EnvironmentVersion',
  armType: `${armType}/environments/versions`,
  names: ['workspaceName', 'name', 'version'],
  apiVersion,
  rules: [
    {
      property: 'properties.image',
      required: true,
      expected: 'expected an image by digest: this region builds no environment from conda files',
    },
  ],
  faults: (inputs) => {
    try {
      checkAssetName(String(inputs['name']), String(inputs['version']));
      return [];
    } catch (error) {
      return [{ property: 'version', reason: (error as Error).message }];
    }
  },
  apply: (id, inputs) => ({
    properties: machineLearning.assets.putVersion(
      requireWorkspace(machineLearning, id),
      'environments',
      String(inputs['name']),
      String(inputs['version']),
      parseProperties(assetKinds.environments.version, inputs) as Properties,
      deployment,
    ).resource.properties,
  }),
  computed: ['properties.environmentType', 'properties.provisioningState', 'properties.stage'],
  live: (id, answered) => {
    const found = machineLearning.assets.findVersion(workspaceIdOf(id), 'environments', environmentOf(id), nameOf(id));
    return found && { ...answered, properties: found.properties };
  },
  remove: (id) => void machineLearning.assets.deleteVersion(workspaceIdOf(id), 'environments', environmentOf(id), nameOf(id)),
});
