import { EventHubsError, type EventHubs } from './eventHubs';
import { defaultConsumerGroup } from './eventHubRecords';
import { armId } from '../region/armId';
import { inputAt, type InputRule } from '../region/checks';
import { declaredTypes, type DeclaredType } from '../region/declaredType';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart } from '../region/resourceType';

const apiVersion = '2024-01-01';
const hourMs = 3_600_000;
const text = (value: unknown) => (typeof value === 'string' ? value : '');
const namespaceId = (inputs: Properties) =>
  armId(text(inputs['resourceGroupName']), 'Microsoft.EventHub/namespaces', text(inputs['namespaceName']));
const hubId = (inputs: Properties) => `${namespaceId(inputs)}/eventhubs/${text(inputs['eventHubName'])}`;

const rules = {
  namespace: [
    {
      property: 'namespaceName',
      pattern: /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/,
      expected: '6 to 50 letters, digits and dashes, beginning with a letter',
    },
    { property: 'sku.name', allowed: ['Basic', 'Standard', 'Premium'], expected: 'Basic, Standard or Premium' },
    { property: 'minimumTlsVersion', allowed: ['1.2', '1.3'], expected: '1.2 or higher' },
    {
      property: 'disableLocalAuth',
      required: true,
      allowed: [true],
      expected: 'true: the local region takes tokens only, never shared access signatures',
    },
  ],
  eventHub: [
    {
      property: 'eventHubName',
      pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,254}[A-Za-z0-9])?$/,
      expected: '1 to 256 letters, digits, dots, dashes and underscores',
    },
  ],
  consumerGroup: [
    {
      property: 'consumerGroupName',
      pattern: /^(?:\$Default|[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9])?)$/,
      expected: '1 to 50 letters, digits, dots, dashes and underscores',
    },
  ],
} satisfies Record<string, readonly InputRule[]>;

/** Hours that events are kept: by the retention description, or the older property in days. */
function retentionHours(inputs: Properties): number {
  const hours = inputAt(inputs, 'retentionDescription.retentionTimeInHours');
  const days = inputs['messageRetentionInDays'];
  return typeof hours === 'number' ? hours : typeof days === 'number' ? days * 24 : 168;
}
const partitionCount = (inputs: Properties) => (typeof inputs['partitionCount'] === 'number' ? inputs['partitionCount'] : 4);

function eventHubFaults(inputs: Properties): CheckFailure[] {
  const faults: CheckFailure[] = [];
  const partitions = partitionCount(inputs);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > 32)
    faults.push({ property: 'partitionCount', reason: `partitionCount is ${partitions}: expected 1 to 32` });
  const hours = retentionHours(inputs);
  if (!Number.isInteger(hours) || hours < 1 || hours > 168)
    faults.push({
      property: 'retentionDescription.retentionTimeInHours',
      reason: `the retention is ${hours} hours: expected 1 to 168 (seven days on Standard)`,
    });
  if (inputs['captureDescription'] !== undefined)
    faults.push({ property: 'captureDescription', reason: 'captureDescription: the local region does not capture' });
  return faults;
}

/** A refusal of the service, in the words of a deployment. */
function deployed<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof EventHubsError ? new ResourceError(error.code, error.message.replace(`${error.code}: `, '')) : error;
  }
}

const times = (record: { createdAt: string; updatedAt: string }) => ({ createdAt: record.createdAt, updatedAt: record.updatedAt });
const locationOf = (eventHubs: EventHubs, inputs: Properties) => eventHubs.declared.get(namespaceId(inputs).toLowerCase())?.['location'];

const namespaceType = (eventHubs: EventHubs): DeclaredType => ({
  token: 'azure-native:eventhub:Namespace',
  armType: 'Microsoft.EventHub/namespaces',
  names: ['namespaceName'],
  apiVersion,
  rules: rules.namespace,
  replaceOn: { location: 'a namespace cannot be moved' },
  apply: async (id, inputs) => {
    const record = await eventHubs.putNamespace(id, text(inputs['namespaceName']));
    return {
      ...times(record),
      serviceBusEndpoint: `https://${eventHubs.host(id)}/`,
      status: 'Active',
      metricId: `${id.split('/')[2] ?? ''}:${record.name.toLowerCase()}`,
      kafkaEnabled: inputAt(inputs, 'sku.name') !== 'Basic',
      zoneRedundant: true,
    };
  },
  computed: ['createdAt', 'updatedAt', 'serviceBusEndpoint', 'status', 'metricId', 'kafkaEnabled', 'zoneRedundant'],
  live: (id, answered) => (eventHubs.namespace(id) ? answered : undefined),
  remove: (id) => eventHubs.deleteNamespace(id),
});

const eventHubType = (eventHubs: EventHubs): DeclaredType => ({
  token: 'azure-native:eventhub:EventHub',
  armType: 'Microsoft.EventHub/namespaces/eventhubs',
  names: ['namespaceName', 'eventHubName'],
  apiVersion,
  rules: rules.eventHub,
  faults: eventHubFaults,
  // The partition count is not create-only in the REST specification (eventhubs.json, 2024-01-01), so its change is an update, which Event Hubs refuses.
  apply: (id, inputs) =>
    deployed(() => {
      const record = eventHubs.putEventHub({
        id,
        namespaceId: namespaceId(inputs),
        name: text(inputs['eventHubName']),
        partitionCount: partitionCount(inputs),
        retentionMs: retentionHours(inputs) * hourMs,
      });
      return {
        ...times(record),
        location: locationOf(eventHubs, inputs),
        status: 'Active',
        partitionCount: record.partitionCount,
        partitionIds: Array.from({ length: record.partitionCount }, (_, index) => String(index)),
        messageRetentionInDays: Math.ceil(retentionHours(inputs) / 24),
        retentionDescription: { cleanupPolicy: 'Delete', retentionTimeInHours: retentionHours(inputs) },
      };
    }),
  computed: ['createdAt', 'updatedAt', 'location', 'partitionIds'],
  live: (id, answered) => (eventHubs.eventHub(id) ? answered : undefined),
  remove: (id) => eventHubs.deleteEventHub(id),
});

const consumerGroupType = (eventHubs: EventHubs): DeclaredType => ({
  token: 'azure-native:eventhub:ConsumerGroup',
  armType: 'Microsoft.EventHub/namespaces/eventhubs/consumergroups',
  names: ['namespaceName', 'eventHubName', 'consumerGroupName'],
  apiVersion,
  rules: rules.consumerGroup,
  apply: (id, inputs) =>
    deployed(() => ({
      ...times(eventHubs.putConsumerGroup({ id, eventHubId: hubId(inputs), name: text(inputs['consumerGroupName']) })),
      location: locationOf(eventHubs, inputs),
    })),
  computed: ['createdAt', 'updatedAt', 'location'],
  live: (id, answered) => (eventHubs.consumerGroup(id) ? answered : undefined),
  remove: (id) => {
    if (!id.toLowerCase().endsWith(`/${defaultConsumerGroup.toLowerCase()}`)) eventHubs.deleteConsumerGroup(id);
  },
});

/** Event Hubs in Pulumi. */
export const eventHubsTypes = (eventHubs: EventHubs): ProviderPart => ({
  resources: declaredTypes(
    [namespaceType(eventHubs), eventHubType(eventHubs), consumerGroupType(eventHubs)],
    eventHubs.declared,
    eventHubs.now,
  ),
  functions: [],
});
