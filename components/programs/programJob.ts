import { Job } from '@pulumi/azure-native/app';
import type * as inputs from '@pulumi/azure-native/types/input';
import * as pulumi from '@pulumi/pulumi';
import { attach, identityOf, type UniformArgs } from '../resource/uniformComponent';

/** The environment has the logs of its programs. */
export interface ProgramJobArgs extends Omit<UniformArgs, 'diagnostics'> {
  /** Resource group of the program. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region. */
  readonly location: pulumi.Input<string>;
  /** ARM id of the Container Apps environment. */
  readonly environmentId: pulumi.Input<string>;
  /** 2 to 32 lower case letters, digits and dashes. */
  readonly jobName: pulumi.Input<string>;
  /** ARM id of the identity that the program acts as, that pulls its image and that asks for the queue's length. */
  readonly identityId: pulumi.Input<string>;
  /** Registry of the images. */
  readonly registryLoginServer: pulumi.Input<string>;
  /** What runs, as `programContainer` makes it. */
  readonly container: inputs.app.ContainerArgs;
  /** The queue whose messages start the program. */
  readonly queue: { readonly accountName: pulumi.Input<string>; readonly name: pulumi.Input<string> };
  /** How often the queue's length is asked for; default 30. */
  readonly pollingIntervalSeconds?: number;
  /** The platform ends an execution after this time; default 1800. */
  readonly timeoutSeconds?: number;
}

/** A program that runs while its queue holds messages. One execution at a time, because each drains the whole queue. */
export class ProgramJob extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: ProgramJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ProgramJob', name, {}, opts);
    const { timeoutSeconds, pollingIntervalSeconds } = { timeoutSeconds: 1_800, pollingIntervalSeconds: 30, ...args };
    const identity = identityOf(args.identity, { userAssignedIds: [args.identityId] }, 'SystemAssigned,UserAssigned');
    const job = new Job(
      name,
      {
        resourceGroupName: args.resourceGroupName,
        location: args.location,
        ...(args.tags === undefined ? {} : { tags: args.tags }),
        environmentId: args.environmentId,
        jobName: args.jobName,
        workloadProfileName: 'Consumption',
        ...(identity === undefined ? {} : { identity }),
        configuration: {
          triggerType: 'Event',
          replicaTimeout: timeoutSeconds,
          replicaRetryLimit: 1,
          registries: [{ server: args.registryLoginServer, identity: args.identityId }],
          eventTriggerConfig: {
            parallelism: 1,
            replicaCompletionCount: 1,
            scale: {
              minExecutions: 0,
              maxExecutions: 1,
              pollingInterval: pollingIntervalSeconds,
              rules: [
                {
                  name: 'queue',
                  type: 'azure-queue',
                  metadata: {
                    accountName: args.queue.accountName,
                    queueName: args.queue.name,
                    queueLength: '1',
                    queueLengthStrategy: 'visibleonly',
                  },
                  identity: args.identityId,
                },
              ],
            },
          },
        },
        template: { containers: [args.container] },
      },
      { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
    );
    attach(name, args, { id: job.id }, this);
    this.id = job.id;
    this.jobName = job.name;
    this.registerOutputs({ id: this.id, jobName: this.jobName });
  }
}
