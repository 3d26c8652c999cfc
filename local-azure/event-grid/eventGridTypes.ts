import { z } from 'zod';
import { subscriptionProperties, type EventGrid, type SubscriptionProperties } from './eventGrid';
import { tenantId } from '../region/regionContext';
import type { Directory } from '../region/serviceInterfaces';
import { armId, containerId, queueId } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import {
  ResourceError,
  unknownValue,
  type CheckFailure,
  type Properties,
  type ProviderPart,
  type ResourceType,
} from '../region/resourceType';

const apiVersion = '2025-02-15';
const topicType = 'Microsoft.EventGrid/systemTopics';
const keyOf = (id: string) => id.toLowerCase();
const text = (value: unknown) => String(value);
const partOfId = 'Resource Manager: part of the resource id';
const topicName: InputRule = {
  property: 'systemTopicName',
  required: true,
  pattern: /^[A-Za-z0-9-]{3,128}$/,
  expected: '3 to 128 letters, digits and dashes',
};
const groupRule: InputRule = { property: 'resourceGroupName', required: true, expected: 'the resource group of the system topic' };

/** Sources that the region emits events for. */
const providerOfTopicType: Readonly<Record<string, RegExp>> = {
  'Microsoft.Storage.StorageAccounts': /\/providers\/Microsoft\.Storage\/storageAccounts\/[^/]+$/i,
  'Microsoft.MachineLearningServices.Workspaces': /\/providers\/Microsoft\.MachineLearningServices\/workspaces\/[^/]+$/i,
};

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

/** System topics and their subscriptions. `destinations` knows which queues and containers there are. */
export function eventGridTypes(
  eventGrid: EventGrid,
  destinations: { queueExists(id: string): boolean; containerExists(id: string): boolean },
  directory: Pick<Directory, 'managedIdentity' | 'remove'>,
): ProviderPart {
  const remember = (id: string, outputs: Properties): Properties => {
    eventGrid.resources.set(keyOf(id), outputs);
    return outputs;
  };
  const read = (id: string) =>
    Promise.resolve(eventGrid.topic(id) || eventGrid.subscription(id) ? eventGrid.resources.get(keyOf(id)) : undefined);

  const putTopic = (inputs: Properties) => {
    const name = text(inputs['systemTopicName']);
    const id = armId(text(inputs['resourceGroupName']), topicType, name);
    const source = text(inputs['source']);
    const other = eventGrid.topicOfSource(source);
    if (other && keyOf(other.id) !== keyOf(id))
      throw new ResourceError(
        'InvalidRequest',
        `only one system topic is allowed per source: ${source} has ${other.id}.`,
        'Use that topic for further subscriptions.',
      );
    const before = eventGrid.topic(id);
    if (before && keyOf(before.source) !== keyOf(source))
      throw new ResourceError('InvalidRequest', `the source of the system topic ${name} cannot be changed.`);
    const given = inputs['identity'] as Properties | undefined;
    const system = text(given?.['type'] ?? '').includes('SystemAssigned') ? directory.managedIdentity(id, name) : undefined;
    eventGrid.declareTopic({ id, source, topicType: text(inputs['topicType']) });
    const outputs = remember(id, {
      ...inputs,
      name,
      azureApiVersion: apiVersion,
      type: topicType,
      metricResourceId: id,
      provisioningState: 'Succeeded',
      ...(system ? { identity: { ...given, principalId: system.objectId, tenantId } } : {}),
    });
    return { id, outputs };
  };
  const topic: ResourceType = {
    token: 'azure-native:eventgrid:SystemTopic',
    identifiedBy: ['resourceGroupName', 'systemTopicName'],
    computed: ['name', 'type', 'azureApiVersion', 'metricResourceId', 'provisioningState', 'identity.principalId', 'identity.tenantId'],
    replaceOn: {
      resourceGroupName: partOfId,
      systemTopicName: partOfId,
      location: 'fixed at creation',
      source: 'fixed at creation',
      topicType: 'fixed at creation',
    },
    check: ({ inputs }) => {
      const failures = checkInputs(inputs, [
        groupRule,
        topicName,
        { property: 'location', required: true, expected: 'the location of the source' },
        {
          property: 'topicType',
          required: true,
          allowed: Object.keys(providerOfTopicType),
          expected: Object.keys(providerOfTopicType).join(' or '),
        },
        {
          property: 'source',
          required: true,
          pattern: providerOfTopicType[text(inputs['topicType'])] ?? /./,
          expected: `the ARM id of a source of type ${text(inputs['topicType'])}`,
        },
      ]);
      return { inputs, failures };
    },
    create: ({ inputs }) => Promise.resolve().then(() => putTopic(inputs)),
    read,
    update: (_id, { inputs }) => Promise.resolve().then(() => putTopic(inputs).outputs),
    delete: (id) => {
      eventGrid.removeTopic(id);
      for (const key of [...eventGrid.resources.entries()].map(([one]) => one))
        if (key === keyOf(id) || key.startsWith(`${keyOf(id)}/`)) eventGrid.resources.delete(key);
      directory.remove(id);
      return Promise.resolve();
    },
  };

  const putSubscription = (inputs: Properties) => {
    const declared = readSubscription(inputs);
    if ('failures' in declared) throw new ResourceError('InvalidRequest', declared.failures.map((one) => one.reason).join('; '));
    const { properties } = declared;
    const topicId = armId(text(inputs['resourceGroupName']), topicType, text(inputs['systemTopicName']));
    const found = eventGrid.topic(topicId);
    if (!found) throw new ResourceError('ResourceNotFound', `the system topic ${topicId} does not exist.`, 'Declare it first.');
    const assigned = text(((eventGrid.resources.get(keyOf(topicId)) ?? {})['identity'] as Properties | undefined)?.['type'] ?? '');
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
      throw new ResourceError(
        'InvalidRequest',
        `the dead-letter container ${letters} does not exist.`,
        'Let the subscription depend on it.',
      );
    const name = text(inputs['eventSubscriptionName']);
    const id = `${topicId}/eventSubscriptions/${name}`;
    eventGrid.declareSubscription({ ...properties, id, topicId });
    return {
      id,
      outputs: remember(id, {
        ...inputs,
        name,
        azureApiVersion: apiVersion,
        type: `${topicType}/eventSubscriptions`,
        topic: found.source,
        provisioningState: 'Succeeded',
      }),
    };
  };
  const subscription: ResourceType = {
    token: 'azure-native:eventgrid:SystemTopicEventSubscription',
    identifiedBy: ['resourceGroupName', 'systemTopicName', 'eventSubscriptionName'],
    computed: ['name', 'type', 'azureApiVersion', 'topic', 'provisioningState'],
    replaceOn: { resourceGroupName: partOfId, systemTopicName: partOfId, eventSubscriptionName: partOfId },
    check: ({ inputs }) => ({
      inputs,
      failures: [
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
    }),
    create: ({ inputs }) => Promise.resolve().then(() => putSubscription(inputs)),
    read,
    update: (_id, { inputs }) => Promise.resolve().then(() => putSubscription(inputs).outputs),
    delete: (id) => {
      eventGrid.removeSubscription(id);
      eventGrid.resources.delete(keyOf(id));
      return Promise.resolve();
    },
  };
  return { resources: [topic, subscription], functions: [] };
}
