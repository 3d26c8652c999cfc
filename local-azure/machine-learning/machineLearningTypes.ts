import { checkAssetName, parseProperties } from './bodies';
import { assetKinds, type AssetKindName } from './assets';
import { stamped } from './armResource';
import type { MachineLearning } from './machineLearning';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { tenantId } from '../region/regionContext';
import type { Directory } from '../region/serviceInterfaces';
import { stableGuid } from '../region/stableGuid';
import { nameOf } from '../region/armId';
import { clusterFaults, clusterRules, datastoreRules, fixedOfCluster, workspaceFaults, workspaceRules } from './machineLearningRules';
import { declaredType, type DeclaredType } from '../region/declaredType';
import { identityOutput } from '../region/managedIdentity';
import { ResourceError, type Properties, type ProviderPart } from '../region/resourceType';

const apiVersion = '2025-12-01';
const armType = 'Microsoft.MachineLearningServices/workspaces';
const deployment = 'deployment';
/** Inputs of a workspace that ARM does not keep among its properties. */
const envelope: readonly string[] = ['resourceGroupName', 'workspaceName', 'location', 'tags', 'identity', 'sku'];

/** Azure ML in Pulumi: workspace, cluster, datastore and the assets that a deployment brings. */
export function machineLearningTypes(
  machineLearning: MachineLearning,
  directory: Directory,
  declared: AppendOnlyStore<Properties>,
  clock: Clock,
): ProviderPart {
  const { workspaces, assets } = machineLearning;
  const type = (one: DeclaredType) => declaredType(one, declared, () => clock.now());
  const workspaceIdOf = (id: string) => id.split('/').slice(0, 9).join('/');
  const workspaceOf = (id: string) => workspaces.parent(workspaceIdOf(id)).id;
  const declaredHere = (id: string, answered: Properties) => (workspaces.find(id) ? answered : undefined);
  const keep = (id: string, resourceType: string, inputs: Properties, properties: Properties, identity: Properties = {}) =>
    workspaces.put({
      id,
      name: nameOf(id),
      type: resourceType,
      properties,
      systemData: stamped(clock, deployment, workspaces.find(id)?.systemData),
      ...(typeof inputs['location'] === 'string' ? { location: inputs['location'] } : {}),
      ...(inputs['tags'] === undefined ? {} : { tags: inputs['tags'] as Record<string, string> }),
      ...identity,
    });

  const container = (token: string, kind: AssetKindName) =>
    type({
      token,
      armType: `${armType}/${kind}`,
      names: ['workspaceName', 'name'],
      apiVersion,
      rules: [{ property: 'properties', required: true, expected: 'expected the properties of the container' }],
      apply: (id, inputs) => ({
        properties: assets.putContainer(
          workspaceOf(id),
          kind,
          nameOf(id),
          parseProperties(assetKinds[kind].container, inputs) as Properties,
          deployment,
        ).resource.properties,
      }),
      computed: ['properties.latestVersion', 'properties.nextVersion', 'properties.provisioningState'],
      live: (id, answered) =>
        assets.hasContainer(workspaceIdOf(id), kind, nameOf(id))
          ? { ...answered, properties: assets.container(workspaceIdOf(id), kind, nameOf(id)).properties }
          : undefined,
      remove: (id) => assets.deleteContainer(workspaceIdOf(id), kind, nameOf(id)),
    });

  return {
    resources: [
      type({
        token: 'azure-native:machinelearningservices:Workspace',
        armType,
        names: ['workspaceName'],
        apiVersion,
        rules: workspaceRules,
        faults: workspaceFaults,
        replaceOn: {
          location: 'the location of a resource cannot be changed',
          storageAccount: 'Workspaces REST reference: cannot be changed once the workspace has been created',
          keyVault: 'Workspaces REST reference: cannot be changed once the workspace has been created',
        },
        apply: (id, inputs) => {
          const identity = identityOutput(directory, id, inputs['identity']);
          const guid = stableGuid(id);
          const properties = Object.fromEntries(Object.entries(inputs).filter(([key]) => !envelope.includes(key)));
          keep(id, armType, inputs, { ...properties, workspaceId: guid, provisioningState: 'Succeeded', tenantId }, identity);
          return {
            ...identity,
            workspaceId: guid,
            tenantId,
            discoveryUrl: '',
            mlFlowTrackingUri: '',
            notebookInfo: {},
            privateEndpointConnections: [],
            privateLinkCount: 0,
            serviceProvisionedResourceGroup: '',
            storageHnsEnabled: false,
            friendlyName: inputs['friendlyName'] ?? inputs['workspaceName'],
            sku: inputs['sku'] ?? { name: 'Basic', tier: 'Basic' },
          };
        },
        computed: [
          'workspaceId',
          'tenantId',
          'discoveryUrl',
          'mlFlowTrackingUri',
          'notebookInfo',
          'privateEndpointConnections',
          'privateLinkCount',
          'serviceProvisionedResourceGroup',
          'storageHnsEnabled',
          'identity.principalId',
          'identity.tenantId',
        ],
        live: declaredHere,
        remove: async (id) => {
          await machineLearning.removeWorkspace(id);
          for (const [key] of [...declared.entries()]) if (key.startsWith(`${id.toLowerCase()}/`)) declared.delete(key);
        },
      }),
      type({
        token: 'azure-native:machinelearningservices:Compute',
        armType: `${armType}/computes`,
        names: ['workspaceName', 'computeName'],
        apiVersion,
        rules: clusterRules,
        faults: clusterFaults,
        replaceOn: { location: 'the location of a resource cannot be changed', ...fixedOfCluster },
        apply: (id, inputs) => {
          workspaceOf(id);
          const identity = identityOutput(directory, id, inputs['identity']);
          const state = {
            allocationState: 'Steady',
            currentNodeCount: 0,
            targetNodeCount: 0,
            errors: [],
            nodeStateCounts: {
              idleNodeCount: 0,
              leavingNodeCount: 0,
              preemptedNodeCount: 0,
              preparingNodeCount: 0,
              runningNodeCount: 0,
              unusableNodeCount: 0,
            },
          };
          const now = clock.now().toISOString();
          const outputs = {
            properties: {
              provisioningState: 'Succeeded',
              isAttachedCompute: false,
              createdOn: now,
              modifiedOn: now,
              provisioningErrors: [],
              properties: { ...state, allocationStateTransitionTime: now },
            },
          };
          const given = inputs['properties'] as Properties;
          keep(
            id,
            `${armType}/computes`,
            inputs,
            { ...given, ...outputs.properties, properties: { ...(given['properties'] as Properties), ...outputs.properties.properties } },
            identity,
          );
          return { ...identity, ...outputs };
        },
        computed: [
          ...['provisioningState', 'isAttachedCompute', 'createdOn', 'modifiedOn', 'provisioningErrors'].map((one) => `properties.${one}`),
          'identity.principalId',
          'identity.tenantId',
          ...['allocationState', 'allocationStateTransitionTime', 'currentNodeCount', 'targetNodeCount', 'errors', 'nodeStateCounts'].map(
            (one) => `properties.properties.${one}`,
          ),
        ],
        live: declaredHere,
        remove: (id) => {
          if (workspaces.find(id))
            throw new ResourceError(
              'ValidationError',
              `the query parameter 'underlyingResourceAction' is required to delete ${id}, and Pulumi does not send it.`,
              'Let the cluster go with its workspace (retainOnDelete).',
            );
        },
      }),
      type({
        token: 'azure-native:machinelearningservices:Datastore',
        armType: `${armType}/datastores`,
        names: ['workspaceName', 'name'],
        apiVersion,
        rules: datastoreRules,
        apply: (id, inputs) => {
          workspaceOf(id);
          const properties = { ...(inputs['properties'] as Properties), isDefault: false };
          keep(id, `${armType}/datastores`, {}, properties);
          return { properties };
        },
        computed: ['properties.isDefault'],
        live: declaredHere,
        remove: (id) => workspaces.delete(id),
      }),
      container('azure-native:machinelearningservices:EnvironmentContainer', 'environments'),
      container('azure-native:machinelearningservices:ModelContainer', 'models'),
      container('azure-native:machinelearningservices:DataContainer', 'data'),
      type({
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
          properties: assets.putVersion(
            workspaceOf(id),
            'environments',
            String(inputs['name']),
            String(inputs['version']),
            parseProperties(assetKinds.environments.version, inputs) as Properties,
            deployment,
          ).resource.properties,
        }),
        computed: ['properties.environmentType', 'properties.provisioningState', 'properties.stage'],
        live: (id, answered) => {
          const found = assets.findVersion(workspaceIdOf(id), 'environments', id.split('/').at(-3) ?? '', nameOf(id));
          return found && { ...answered, properties: found.properties };
        },
        remove: (id) => void assets.deleteVersion(workspaceIdOf(id), 'environments', id.split('/').at(-3) ?? '', nameOf(id)),
      }),
    ],
    functions: [],
  };
}
