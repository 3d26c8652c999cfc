import { SystemTopic, SystemTopicEventSubscription } from '@pulumi/azure-native/eventgrid';
import * as pulumi from '@pulumi/pulumi';
import { known } from '../resource/known';
import { attach, type UniformArgs } from '../resource/uniformComponent';

/** It delivers with an identity of its own, so it takes no other. */
export interface EventTopicArgs extends Omit<UniformArgs, 'identity'> {
  /** Resource group of the source. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** Azure region of the source. */
  readonly location: pulumi.Input<string>;
  /** 3 to 128 letters, digits and dashes. */
  readonly systemTopicName: pulumi.Input<string>;
  /** ARM id of the resource whose events it carries; Azure allows one topic for each. */
  readonly source: pulumi.Input<string>;
  /** Kind of the source. */
  readonly topicType: 'Microsoft.Storage.StorageAccounts' | 'Microsoft.MachineLearningServices.Workspaces';
}

/** The system topic of one resource, with an identity of its own to deliver with. */
export class EventTopic extends pulumi.ComponentResource {
  readonly id: pulumi.Output<string>;
  readonly topicName: pulumi.Output<string>;
  readonly principalId: pulumi.Output<string>;

  constructor(name: string, args: EventTopicArgs, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:storage:EventTopic', name, {}, opts);
    const { resourceGroupName, location, systemTopicName, source, topicType, tags } = args;
    const topic = new SystemTopic(
      name,
      {
        resourceGroupName,
        location,
        systemTopicName,
        source,
        topicType,
        ...(tags === undefined ? {} : { tags }),
        identity: { type: 'SystemAssigned' },
      },
      { parent: this },
    );
    attach(name, args, { id: topic.id }, this);
    this.id = topic.id;
    this.topicName = topic.name;
    this.principalId = topic.identity.apply((identity) => known(identity?.principalId, 'identity.principalId'));
    this.registerOutputs({ id: this.id, topicName: this.topicName, principalId: this.principalId });
  }
}

/** Which events of a topic reach a queue. A filter always names one container or one model, so that no program triggers itself. */
export interface EventSubscriptionFilter {
  readonly eventType: string;
  readonly subjectBeginsWith: string;
  readonly subjectEndsWith?: string;
}

export const blobCreatedIn = (container: string, subjectEndsWith?: string): EventSubscriptionFilter => ({
  eventType: 'Microsoft.Storage.BlobCreated',
  subjectBeginsWith: `/blobServices/default/containers/${container}/blobs/`,
  ...(subjectEndsWith === undefined ? {} : { subjectEndsWith }),
});
export const modelRegisteredFilter = (model: string): EventSubscriptionFilter => ({
  eventType: 'Microsoft.MachineLearningServices.ModelRegistered',
  subjectBeginsWith: `models/${model}:`,
});

export interface QueueSubscriptionArgs {
  /** Resource group of the topic. */
  readonly resourceGroupName: pulumi.Input<string>;
  /** System topic whose events are taken. */
  readonly topicName: pulumi.Input<string>;
  /** Which of them. */
  readonly filter: EventSubscriptionFilter;
  /** Where the events go. */
  readonly queue: { readonly accountId: pulumi.Input<string>; readonly name: pulumi.Input<string> };
  /** Where events go that the queue did not take. */
  readonly deadLetters: { readonly accountId: pulumi.Input<string>; readonly container: pulumi.Input<string> };
}

const weekSeconds = 7 * 24 * 3_600;

/** A subscription that fills a storage queue, delivered as the topic's identity: its role assignments must exist before (`dependsOn`). */
export function queueSubscription(
  name: string,
  args: QueueSubscriptionArgs,
  opts: pulumi.CustomResourceOptions,
): SystemTopicEventSubscription {
  const { eventType, ...subject } = args.filter;
  return new SystemTopicEventSubscription(
    name,
    {
      resourceGroupName: args.resourceGroupName,
      systemTopicName: args.topicName,
      eventSubscriptionName: name,
      eventDeliverySchema: 'EventGridSchema',
      filter: { includedEventTypes: [eventType], isSubjectCaseSensitive: true, ...subject },
      deliveryWithResourceIdentity: {
        identity: { type: 'SystemAssigned' },
        destination: {
          endpointType: 'StorageQueue',
          resourceId: args.queue.accountId,
          queueName: args.queue.name,
          queueMessageTimeToLiveInSeconds: weekSeconds,
        },
      },
      deadLetterWithResourceIdentity: {
        identity: { type: 'SystemAssigned' },
        deadLetterDestination: {
          endpointType: 'StorageBlob',
          resourceId: args.deadLetters.accountId,
          blobContainerName: args.deadLetters.container,
        },
      },
      retryPolicy: { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1_440 },
    },
    opts,
  );
}
