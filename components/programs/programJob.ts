import { Job } from '@pulumi/azure-native/app';
import type * as inputs from '@pulumi/azure-native/types/input';
import * as pulumi from '@pulumi/pulumi';

export interface ProgramJobArgs {
  readonly resourceGroupName: pulumi.Input<string>;
  readonly location: pulumi.Input<string>;
  readonly environmentId: pulumi.Input<string>;
  /** 2 to 32 lower case letters, digits and dashes. */
  readonly jobName: pulumi.Input<string>;
  /** ARM id of the identity that the program acts as, that pulls its image and that asks for the queue's length. */
  readonly identityId: pulumi.Input<string>;
  readonly registryLoginServer: pulumi.Input<string>;
  readonly container: inputs.app.ContainerArgs;
  /** The queue whose messages start the program. */
  readonly queue: { readonly accountName: pulumi.Input<string>; readonly name: pulumi.Input<string> };
  readonly pollingIntervalSeconds: number;
  /** The platform ends an execution after this time; default 1800. */
  readonly timeoutSeconds?: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** A program that runs while its queue holds messages. One execution at a time, because each drains the whole queue. */
export class ProgramJob extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly jobName: pulumi.Output<string>;

  constructor(name: string, args: ProgramJobArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:programs:ProgramJob', name, {}, opts);
    const { timeoutSeconds = 1_800 } = args;
    const job = new Job(name, {
      resourceGroupName: args.resourceGroupName, location: args.location, tags: args.tags, environmentId: args.environmentId, jobName: args.jobName, workloadProfileName: 'Consumption',
      identity: { type: 'UserAssigned', userAssignedIdentities: [args.identityId] },
      configuration: {
        triggerType: 'Event', replicaTimeout: timeoutSeconds, replicaRetryLimit: 1,
        registries: [{ server: args.registryLoginServer, identity: args.identityId }],
        eventTriggerConfig: {
          parallelism: 1, replicaCompletionCount: 1,
          scale: {
            minExecutions: 0, maxExecutions: 1, pollingInterval: args.pollingIntervalSeconds,
            rules: [{ name: 'queue', type: 'azure-queue', metadata: { accountName: args.queue.accountName, queueName: args.queue.name, queueLength: '1' }, identity: args.identityId }],
          },
        },
      },
      template: { containers: [args.container] },
    }, { parent: this, ...(opts?.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) });
    this.id = job.id;
    this.jobName = job.name;
    this.registerOutputs({ id: this.id, jobName: this.jobName });
  }
}
