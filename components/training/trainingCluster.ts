import { Compute } from '@pulumi/azure-native/machinelearningservices';
import * as pulumi from '@pulumi/pulumi';
import { RandomString } from '@pulumi/random';
import { programIdentity } from '../access/programIdentity';
import type { NameParts } from '../resource/names';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';

/** The workspace has the logs of its clusters. */
export interface TrainingClusterArgs extends Omit<UniformArgs, 'diagnostics'> {
  /** Resource group of the workspace. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** What the identity's name is made of. */
  readonly names: pulumi.Input<NameParts>;
  /** Azure ML workspace of the cluster. */
  readonly workspaceName: pulumi.Input<string>;
  /** Virtual machine size of a node; default Standard_DS2_v2. */
  readonly vmSize?: string;
  /** LowPriority nodes are cheaper and may be taken away in the middle of a job; default Dedicated. */
  readonly priority?: 'Dedicated' | 'LowPriority';
  /** Nodes that are kept and paid while nothing trains; default 0. */
  readonly minNodes?: number;
  /** Jobs that train at the same time; default 1. */
  readonly maxNodes?: number;
  /** Time after which an idle node is given back; default 120. */
  readonly idleSeconds?: number;
}

const defaults = { vmSize: 'Standard_DS2_v2', priority: 'Dedicated', minNodes: 0, maxNodes: 1, idleSeconds: 120 } as const;

/** The compute cluster that trains: no nodes and no cost while nothing trains, one identity for every job. */
export class TrainingCluster extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;

  constructor(name: string, args: TrainingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:training:TrainingCluster', name, {}, opts);
    const { resourceGroupName, location, names, vmSize, priority, minNodes, maxNodes, idleSeconds, ...uniform } = { ...defaults, ...args };
    const tags = uniform.tags === undefined ? {} : { tags: uniform.tags };
    const identity = programIdentity('train', { resourceGroupName, location, names, ...tags }, { parent: this });
    const identities = identityOf(uniform.identity, { userAssignedIds: [identity.id] }, 'SystemAssigned,UserAssigned');
    // Another size or priority is another cluster with a name of its own: one that is made again under its old name keeps its old size.
    const made = new RandomString(
      `${name}-made`,
      { length: 6, special: false, upper: false, keepers: { vmSize, priority } },
      { parent: this },
    );
    const cluster = new Compute(
      name,
      {
        resourceGroupName,
        workspaceName: args.workspaceName,
        location,
        computeName: pulumi.interpolate`training-${made.result}`,
        ...tags,
        ...(identities === undefined ? {} : { identity: identities }),
        properties: {
          computeType: 'AmlCompute',
          disableLocalAuth: true,
          properties: {
            osType: 'Linux',
            vmSize,
            vmPriority: priority,
            remoteLoginPortPublicAccess: 'Disabled',
            isolatedNetwork: false,
            scaleSettings: { minNodeCount: minNodes, maxNodeCount: maxNodes, nodeIdleTimeBeforeScaleDown: `PT${idleSeconds}S` },
          },
        },
        // Azure requires a statement of what becomes of the nodes, which Pulumi does not say: the cluster goes with the workspace.
      },
      { parent: this, retainOnDelete: true, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    attach(name, uniform, { id: cluster.id }, this);
    this.id = cluster.id;
    this.principalId = identity.principalId;
    this.clientId = identity.clientId;
    this.registerOutputs({ id: this.id, principalId: this.principalId, clientId: this.clientId });
  }
}
