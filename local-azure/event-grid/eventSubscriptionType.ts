import { z } from 'zod';
import { armId, containerId, partOfId, queueId } from '../region/armId';
import { checkInputs } from '../region/checks';
import { ResourceError, unknownValue, type CheckFailure, type Properties, type ResourceType } from '../region/resourceType';
import { storedType } from '../region/storedType';
import { subscriptionProperties, type EventGrid, type SubscriptionProperties } from './eventGrid';
import { apiVersion, groupRule, topicName, topicType } from './systemTopicType';

const identity = z.object({ type: z.enum(['SystemAssigned', 'UserAssigned']), userAssignedIdentity: z.string().optional() });
const declaredSubscription = z.object({
  eventDeliverySchema: z.literal('EventGridSchema').default('EventGridSchema'),
  deliveryWithResourceIdentity: z.object({
    identity,
    destination: z.object({
      endpointType: z.literal('StorageQueue'),
      resourceId: z.string(),
      queueName: z.string(),
      queueMessageTimeToLiveInSeconds: z.number().int().optional(),
    }),
  }),
  deadLetterWithResourceIdentity: z
    .object({
      identity,
      deadLetterDestination: z.object({ endpointType: z.literal('StorageBlob'), resourceId: z.string(), blobContainerName: z.string() }),
    })
    .optional(),
  filter: z.unknown().optional(),
  retryPolicy: z.object({ maxDeliveryAttempts: z.number().optional(), eventTimeToLiveInMinutes: z.number().optional() }).optional(),
});

/** The declared subscription in the region's own terms, or what is wrong with it. */
export function readSubscription(
  inputs: Properties,
): { readonly properties: SubscriptionProperties } | { readonly failures: readonly CheckFailure[] } {
  const issuesOf = (error: z.ZodError): CheckFailure[] =>
    error.issues.map(({ path, message }) => ({
      property: path.join('.') || 'inputs',
      reason: `${path.join('.') || 'inputs'}: ${message}`,
    }));
  const declared = declaredSubscription.safeParse(inputs);
  if (!declared.success) return { failures: issuesOf(declared.error) };
  const {
    deliveryWithResourceIdentity: { identity: deliveryIdentity, destination },
    deadLetterWithResourceIdentity: dead,
    filter,
    retryPolicy = {},
  } = declared.data;
  const properties = subscriptionProperties.safeParse({
    destination: {
      accountId: destination.resourceId,
      queueName: destination.queueName,
      messageTimeToLiveSeconds: destination.queueMessageTimeToLiveInSeconds,
    },
    deliveryIdentity,
    filter,
    deadLetter: dead && {
      accountId: dead.deadLetterDestination.resourceId,
      containerName: dead.deadLetterDestination.blobContainerName,
      identity: dead.identity,
    },
    maxDeliveryAttempts: retryPolicy.maxDeliveryAttempts,
    timeToLiveMinutes: retryPolicy.eventTimeToLiveInMinutes,
  });
  return properties.success ? { properties: properties.data } : { failures: issuesOf(properties.error) };
}

function checkSubscription(inputs: Properties): CheckFailure[] {
  if (inputs['destination'] !== undefined || inputs['deadLetterDestination'] !== undefined) {
    return [
      {
        property: 'destination',
        reason:
          'destination and deadLetterDestination work with storage keys, which are off: use deliveryWithResourceIdentity and deadLetterWithResourceIdentity',
      },
    ];
  }
  if (JSON.stringify(inputs).includes(unknownValue)) return [];
  const read = readSubscription(inputs);
  return 'failures' in read ? [...read.failures] : [];
}

/** Knows which queues and containers there are. */
export interface Destinations {
  queueExists(id: string): boolean;
  containerExists(id: string): boolean;
}

/** The topic has the identities that deliver, and there is something to deliver to. */
function requireDeliverable(topic: Properties | undefined, properties: SubscriptionProperties, destinations: Destinations): void {
  const assigned = String((topic?.['identity'] as Properties | undefined)?.['type'] ?? '');
  for (const { type } of [properties.deliveryIdentity, ...(properties.deadLetter ? [properties.deadLetter.identity] : [])]) {
    if (!assigned.includes(type))
      throw new ResourceError(
        'InvalidRequest',
        `the subscription delivers with a ${type} identity, which the system topic does not have.`,
        'Give the topic that identity.',
      );
  }
  const queue = queueId(properties.destination.accountId, properties.destination.queueName);
  if (!destinations.queueExists(queue))
    throw new ResourceError(
      'InvalidRequest',
      `the destination endpoint cannot be resolved: the queue ${queue} does not exist.`,
      'Let the subscription depend on its queue.',
    );
  const letters = properties.deadLetter && containerId(properties.deadLetter.accountId, properties.deadLetter.containerName);
  if (letters !== undefined && !destinations.containerExists(letters))
    throw new ResourceError('InvalidRequest', `the dead-letter container ${letters} does not exist.`, 'Let the subscription depend on it.');
}

/** A subscription of a system topic. */
export function eventSubscriptionType(eventGrid: EventGrid, destinations: Destinations): ResourceType {
  const put = (inputs: Properties) => {
    const declared = readSubscription(inputs);
    if ('failures' in declared) throw new ResourceError('InvalidRequest', declared.failures.map((failure) => failure.reason).join('; '));
    const { properties } = declared;
    const topicId = armId(String(inputs['resourceGroupName']), topicType, String(inputs['systemTopicName']));
    const found = eventGrid.topic(topicId);
    if (!found) throw new ResourceError('ResourceNotFound', `the system topic ${topicId} does not exist.`, 'Declare it first.');
    requireDeliverable(eventGrid.resources.get(topicId.toLowerCase()), properties, destinations);
    const name = String(inputs['eventSubscriptionName']);
    const id = `${topicId}/eventSubscriptions/${name}`;
    eventGrid.declareSubscription({ ...properties, id, topicId });
    return {
      id,
      outputs: {
        ...inputs,
        name,
        azureApiVersion: apiVersion,
        type: `${topicType}/eventSubscriptions`,
        topic: found.source,
        provisioningState: 'Succeeded',
      },
    };
  };
  return storedType(
    {
      token: 'azure-native:eventgrid:SystemTopicEventSubscription',
      identifiedBy: ['resourceGroupName', 'systemTopicName', 'eventSubscriptionName'],
      computed: ['name', 'type', 'azureApiVersion', 'topic', 'provisioningState'],
      replaceOn: { resourceGroupName: partOfId, systemTopicName: partOfId, eventSubscriptionName: partOfId },
      failures: (inputs) => [
        ...checkInputs(inputs, [
          groupRule,
          topicName,
          {
            property: 'eventSubscriptionName',
            required: true,
            pattern: /^[A-Za-z0-9-]{3,64}$/,
            expected: '3 to 64 letters, digits and dashes',
          },
        ]),
        ...checkSubscription(inputs),
      ],
      put,
      live: (id, answered) => (eventGrid.subscription(id) ? answered : undefined),
      remove: (id) => eventGrid.removeSubscription(id),
    },
    eventGrid.resources,
  );
}
