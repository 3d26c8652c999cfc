import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import { fixedLocation, type DeclaredType } from '../region/declaredType';
import { identityOutput } from '../region/managedIdentity';
import { tenantId } from '../region/regionContext';
import { ResourceError, type Properties } from '../region/resourceType';
import type { Directory } from '../region/serviceInterfaces';
import { stableGuid } from '../region/stableGuid';
import { forgetBelow } from '../region/storedType';
import { apiVersion, armType, putResource, requireWorkspace } from './declaredResource';
import type { MachineLearning } from './machineLearning';
import { clusterFaults, clusterRules, datastoreRules, fixedOfCluster, workspaceFaults, workspaceRules } from './machineLearningRules';

/** Inputs of a workspace that ARM does not keep among its properties. */
const envelope: readonly string[] = ['resourceGroupName', 'workspaceName', 'location', 'tags', 'identity', 'sku'];

export const workspaceType = (
  machineLearning: MachineLearning,
  directory: Directory,
  declared: AppendOnlyStore<Properties>,
  clock: Clock,
): DeclaredType => ({
  token: 'azure-native:machinelearningservices:Workspace',
  armType,
  names: ['workspaceName'],
  apiVersion,
  rules: workspaceRules,
  faults: workspaceFaults,
  replaceOn: {
    ...fixedLocation,
    storageAccount: 'Workspaces REST reference: cannot be changed once the workspace has been created',
    keyVault: 'Workspaces REST reference: cannot be changed once the workspace has been created',
  },
  apply: (id, inputs) => {
    const identity = identityOutput(directory, id, inputs['identity']);
    const guid = stableGuid(id);
    const properties = Object.fromEntries(Object.entries(inputs).filter(([key]) => !envelope.includes(key)));
    putResource(machineLearning, clock, {
      id,
      type: armType,
      inputs,
      properties: { ...properties, workspaceId: guid, provisioningState: 'Succeeded', tenantId },
      identity,
    });
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
  ],
  live: (id, answered) => (machineLearning.workspaces.find(id) ? answered : undefined),
  remove: async (id) => {
    await machineLearning.removeWorkspace(id);
    forgetBelow(declared, id);
  },
});

/** A cluster of which no node runs. */
const idle = {
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

export const clusterType = (machineLearning: MachineLearning, directory: Directory, clock: Clock): DeclaredType => ({
  token: 'azure-native:machinelearningservices:Compute',
  armType: `${armType}/computes`,
  names: ['workspaceName', 'computeName'],
  apiVersion,
  rules: clusterRules,
  faults: clusterFaults,
  replaceOn: { ...fixedLocation, ...fixedOfCluster },
  apply: (id, inputs) => {
    requireWorkspace(machineLearning, id);
    const identity = identityOutput(directory, id, inputs['identity']);
    const now = clock.now().toISOString();
    const outputs = {
      properties: {
        provisioningState: 'Succeeded',
        isAttachedCompute: false,
        createdOn: now,
        modifiedOn: now,
        provisioningErrors: [],
        properties: { ...idle, allocationStateTransitionTime: now },
      },
    };
    const given = inputs['properties'] as Properties;
    putResource(machineLearning, clock, {
      id,
      type: `${armType}/computes`,
      inputs,
      properties: {
        ...given,
        ...outputs.properties,
        properties: { ...(given['properties'] as Properties), ...outputs.properties.properties },
      },
      identity,
    });
    return { ...identity, ...outputs };
  },
  computed: [
    ...['provisioningState', 'isAttachedCompute', 'createdOn', 'modifiedOn', 'provisioningErrors'].map((name) => `properties.${name}`),
    ...['allocationState', 'allocationStateTransitionTime', 'currentNodeCount', 'targetNodeCount', 'errors', 'nodeStateCounts'].map(
      (name) => `properties.properties.${name}`,
    ),
  ],
  live: (id, answered) => (machineLearning.workspaces.find(id) ? answered : undefined),
  remove: (id) => {
    if (machineLearning.workspaces.find(id))
      throw new ResourceError(
        'ValidationError',
        `the query parameter 'underlyingResourceAction' is required to delete ${id}, and Pulumi does not send it.`,
        'Let the cluster go with its workspace (retainOnDelete).',
      );
  },
});

export const datastoreType = (machineLearning: MachineLearning, clock: Clock): DeclaredType => ({
  token: 'azure-native:machinelearningservices:Datastore',
  armType: `${armType}/datastores`,
  names: ['workspaceName', 'name'],
  apiVersion,
  rules: datastoreRules,
  apply: (id, inputs) => {
    requireWorkspace(machineLearning, id);
    const properties = { ...(inputs['properties'] as Properties), isDefault: false };
    putResource(machineLearning, clock, { id, type: `${armType}/datastores`, properties });
    return { properties };
  },
  computed: ['properties.isDefault'],
  live: (id, answered) => (machineLearning.workspaces.find(id) ? answered : undefined),
  remove: (id) => machineLearning.workspaces.delete(id),
});
