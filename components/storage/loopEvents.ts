import * as pulumi from '@pulumi/pulumi';
import type { QueueName } from '../configuration/pipelineJobs';
import { blobCreatedIn, modelRegisteredFilter, queueSubscription, type EventSubscriptionFilter } from './eventTopic';
import type { LoopStorage } from './loopStorage';

/** Which event starts which program: the loop's triggers. */
const triggers = (
  models: LoopEventsArgs['models'],
): readonly {
  readonly name: string;
  readonly source: 'data' | 'edge' | 'ml';
  readonly filter: EventSubscriptionFilter;
  readonly starts: QueueName;
}[] => [
  { name: 'raw-file-created', source: 'data', filter: blobCreatedIn('raw'), starts: 'data-pipeline' },
  { name: 'inference-data-created', source: 'edge', filter: blobCreatedIn('landing-zone', '.manifest.json'), starts: 'data-pipeline' },
  { name: 'manifest-created', source: 'data', filter: blobCreatedIn('processed', '/manifest.json'), starts: 'model-development' },
  { name: 'model-registered', source: 'ml', filter: modelRegisteredFilter(models.own), starts: 'validate-and-package' },
  { name: 'smoke-model-registered', source: 'ml', filter: modelRegisteredFilter(models.smoke), starts: 'validate-and-package' },
  { name: 'package-created', source: 'edge', filter: blobCreatedIn('packaged-models', '.sha256'), starts: 'tag-and-deliver' },
];

export interface LoopEventsArgs {
  /** Resource group of the storage topics. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Where the queues, the dead letters and two of the topics are. */
  readonly storage: LoopStorage;
  /** Topic of the ML workspace and the resource group it lives in. */
  readonly mlTopic: { readonly name: pulumi.Input<string>; readonly resourceGroupName: pulumi.Input<string> };
  /** Only registrations of these models start the validation: the factory's own, and that of its smoke tests. */
  readonly models: { readonly own: string; readonly smoke: string };
}

/** The subscriptions that drive the loop. They depend on the topics' role assignments, given as `dependsOn`. */
export class LoopEvents extends pulumi.ComponentResource {
  /** Names of the subscriptions. */
  readonly subscriptions: readonly pulumi.Output<string>[];

  constructor(name: string, args: LoopEventsArgs, opts: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:LoopEvents', name, {}, opts);
    const { data, dataEvents, edgeEvents } = args.storage;
    const { resourceGroupName } = args;
    const topics = {
      data: { name: dataEvents.topicName, resourceGroupName },
      edge: { name: edgeEvents.topicName, resourceGroupName },
      ml: args.mlTopic,
    };
    this.subscriptions = triggers(args.models).map((trigger) => {
      const topic = topics[trigger.source];
      return queueSubscription(
        trigger.name,
        {
          resourceGroupName: topic.resourceGroupName,
          topicName: topic.name,
          filter: trigger.filter,
          queue: { accountId: data.id, name: data.queues[trigger.starts].name },
          deadLetters: { accountId: data.id, container: data.containers['dead-letters'].name },
        },
        { parent: this, ...(opts.dependsOn === undefined ? {} : { dependsOn: opts.dependsOn }) },
      ).name;
    });
    this.registerOutputs({ subscriptions: this.subscriptions });
  }
}
