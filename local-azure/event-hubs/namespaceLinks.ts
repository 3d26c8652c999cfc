import rhea, { type Message, type Sender } from 'rhea';
import { unauthorized, type AmqpError, type AmqpPeer, type AmqpReply, type AmqpService } from '../amqp/amqpService';
import type { EventHubRecord, NamespaceRecord } from './eventHubRecords';
import { parseEventPosition } from './eventPosition';
import type { PartitionLog } from './partitionLog';
import type { PartitionReceivers } from './partitionReceivers';

const receiveAction = 'Microsoft.EventHub/namespaces/messages/receive/action';
export const sendAction = 'Microsoft.EventHub/namespaces/messages/send/action';
const eventHubsAudiences = ['https://eventhubs.azure.net', 'https://servicebus.azure.net'] as const;

/** What the links of a namespace need of the service. */
interface NamespaceContent {
  eventHub(name: string): EventHubRecord | undefined;
  hasConsumerGroup(hub: EventHubRecord, name: string): boolean;
  log(hub: EventHubRecord, partition: number): PartitionLog;
}

const receiverAddress = /^\/?([^/]+)\/ConsumerGroups\/([^/]+)\/Partitions\/(\d{1,4})\/?$/i;
const selectorName = 'apache.org:selector-filter:string';
const notFound = (description: string): AmqpError => ({ condition: 'amqp:not-found', description });
export const receiverKey = (hub: EventHubRecord, group = '', partition = '') => `${hub.id}|${group}|${partition}`.toLowerCase();

function selectorOf(link: Sender): string {
  const filters = link.source?.filter as Record<string, { value?: unknown } | undefined> | undefined;
  return String(filters?.[selectorName]?.value ?? '');
}

/** The AMQP side of one Event Hubs namespace: receivers and the management node. */
export function namespaceLinks(namespace: NamespaceRecord, content: NamespaceContent, receivers: PartitionReceivers): AmqpService {
  function openReader(link: Sender, address: string, peer: AmqpPeer): AmqpError | undefined {
    const match = receiverAddress.exec(address);
    if (!match) return notFound(`expected <event hub>/ConsumerGroups/<group>/Partitions/<n>, got "${address}"`);
    const [, hubName = '', group = '', partition = ''] = match;
    const decision = peer.authorize([receiveAction], `${namespace.id}/eventhubs/${hubName}/consumergroups/${group}`);
    if (!decision.allowed) return unauthorized(`${receiveAction} on ${hubName}/${group}: ${decision.reason}`);
    const hub = content.eventHub(hubName);
    if (!hub) return notFound(`the event hub "${hubName}" does not exist in ${namespace.name}`);
    if (!content.hasConsumerGroup(hub, group)) return notFound(`the consumer group "${group}" does not exist in ${hubName}`);
    if (Number(partition) >= hub.partitionCount)
      return {
        condition: 'com.microsoft:argument-out-of-range',
        description: `${hubName} has the partitions 0 to ${hub.partitionCount - 1}, not ${partition}`,
      };
    const selector = selectorOf(link);
    const position = parseEventPosition(selector === '' ? "amqp.annotation.x-opt-offset > '-1'" : selector);
    if (!position)
      return {
        condition: 'amqp:invalid-field',
        description: `expected a filter on x-opt-offset, x-opt-sequence-number or x-opt-enqueued-time, got "${selector}"`,
      };
    const epoch = link.properties?.['com.microsoft:epoch'] as unknown;
    peer.onClosed(() => receivers.closed(link));
    return receivers.open(
      receiverKey(hub, group, partition),
      link,
      content.log(hub, Number(partition)),
      position,
      epoch === undefined || epoch === null ? undefined : Number(epoch),
    );
  }

  function management(request: Message, peer: AmqpPeer): AmqpReply {
    const properties: Record<string, unknown> = request.application_properties ?? {};
    const name = String(properties['name'] ?? '');
    const decision = peer.authorize([receiveAction, sendAction], `${namespace.id}/eventhubs/${name}`);
    if (!decision.allowed) return { status: 401, description: `amqp:unauthorized-access: ${receiveAction} on ${name}: ${decision.reason}` };
    const hub = content.eventHub(name);
    if (!hub) return { status: 404, description: `amqp:not-found: the event hub "${name}" does not exist in ${namespace.name}` };
    if (properties['operation'] !== 'READ') return { status: 400, description: 'amqp:not-implemented: expected the operation READ' };
    if (properties['type'] === 'com.microsoft:eventhub') return { status: 200, description: 'OK', body: hubInformation(hub) };
    const partition = Number(properties['partition']);
    if (properties['type'] !== 'com.microsoft:partition' || !(partition >= 0 && partition < hub.partitionCount))
      return { status: 404, description: `amqp:not-found: ${name} has no partition "${String(properties['partition'])}"` };
    return { status: 200, description: 'OK', body: partitionInformation(hub, partition, content.log(hub, partition)) };
  }

  return {
    name: 'event-hubs',
    audiences: eventHubsAudiences,
    scope: namespace.id,
    openReader,
    nodes: { $management: management },
    openWriter: (_link, address) => ({
      condition: 'amqp:not-implemented',
      description: `events reach "${address}" through IoT Hub routing; the local region takes none from senders`,
    }),
  };
}

function hubInformation(hub: EventHubRecord) {
  const ids = Array.from({ length: hub.partitionCount }, (_, index) => String(index));
  return {
    name: hub.name,
    type: 'com.microsoft:eventhub',
    created_at: rhea.types.wrap_timestamp(new Date(hub.createdAt).getTime()),
    partition_count: rhea.types.wrap_int(hub.partitionCount),
    partition_ids: rhea.types.wrap_array(ids, 0xa1, undefined),
    georeplication_factor: rhea.types.wrap_int(1),
  };
}

function partitionInformation(hub: EventHubRecord, partition: number, log: PartitionLog) {
  const last = log.last;
  return {
    name: hub.name,
    type: 'com.microsoft:partition',
    partition: String(partition),
    begin_sequence_number: rhea.types.wrap_long(log.beginSequenceNumber),
    last_enqueued_sequence_number: rhea.types.wrap_long(last?.sequenceNumber ?? -1),
    last_enqueued_offset: String(last?.offset ?? -1),
    last_enqueued_time_utc: rhea.types.wrap_timestamp(last?.enqueuedMs ?? 0),
    is_partition_empty: last === undefined,
  };
}
