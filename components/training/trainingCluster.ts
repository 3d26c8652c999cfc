import { Compute } from '@pulumi/azure-native/machinelearningservices';
import * as pulumi from '@pulumi/pulumi';
import { programIdentity } from '../access/programIdentity';
import type { NameParts } from '../naming';

export interface TrainingClusterArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly names: pulumi.Output<NameParts>;
  readonly workspaceName: pulumi.Input<string>;
  readonly vmSize: string;
  readonly maxNodes: number;
  /** ISO 8601 duration after which an idle node is given back. */
  readonly idleBeforeScaleDown: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The compute cluster that trains: no nodes and no cost while nothing trains, one identity for every job. */
export class TrainingCluster extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;
  readonly clientId: pulumi.Output<string>;

  constructor(name: string, args: TrainingClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:training:TrainingCluster', name, {}, opts);
    const identity = programIdentity('train', args, { parent: this });
    const cluster = new Compute(name, {
      resourceGroupName: args.resourceGroupName, workspaceName: args.workspaceName, location: args.location, computeName: 'training-cluster', tags: args.tags,
      identity: { type: 'UserAssigned', userAssignedIdentities: [identity.id] },
      properties: {
        computeType: 'AmlCompute', disableLocalAuth: true,
        properties: {
          osType: 'Linux', vmSize: args.vmSize, vmPriority: 'Dedicated', remoteLoginPortPublicAccess: 'Disabled', isolatedNetwork: false,
          scaleSettings: { minNodeCount: 0, maxNodeCount: args.maxNodes, nodeIdleTimeBeforeScaleDown: args.idleBeforeScaleDown },
        },
      },
    }, { parent: this });
    this.id = cluster.id;
    this.principalId = identity.principalId;
    this.clientId = identity.clientId;
    this.registerOutputs({ id: this.id, principalId: this.principalId, clientId: this.clientId });
  }
}
