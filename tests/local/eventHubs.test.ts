import {
  earliestEventPosition,
  latestEventPosition,
  type ReceivedEventData,
  type EventHubConsumerClient,
  type SubscribeOptions,
} from '@azure/event-hubs';
import { EventHubs, partitionOfKey } from '../../local-azure/event-hubs/eventHubs';
import { eventHubConsumer, innermostErrors } from '../../pipeline-code/clients/eventHubs';
import { armId } from '../../local-azure/region/armId';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { roles, testRegion, until, type TestRegion } from './support/testRegion';

const namespaceId = armId('rg', 'Microsoft.EventHub/namespaces', 'events');
const hubId = `${namespaceId}/eventhubs/from-devices`;
const group = 'delivery';

let region: TestRegion;
let eventHubs: EventHubs;
let reader: Principal;
let writer: Principal;
const opened: EventHubConsumerClient[] = [];

beforeEach(async () => {
  region = await testRegion();
  eventHubs = new EventHubs(region.context);
  await eventHubs.start();
  await eventHubs.putNamespace(namespaceId, 'events');
  eventHubs.putEventHub({ id: hubId, namespaceId, name: 'from-devices', partitionCount: 2, retentionMs: 86_400_000 });
  eventHubs.putConsumerGroup({ id: `${hubId}/consumergroups/${group}`, eventHubId: hubId, name: group });
  reader = region.principal('reader');
  writer = region.principal('hub');
  region.assign(reader, roles.eventHubsReceiver, hubId);
  region.assign(writer, roles.eventHubsSender, hubId);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
  await eventHubs.stop();
  region.remove();
});

const consumer = (who = reader, consumerGroup = group, eventHub = 'from-devices') => {
  const client = eventHubConsumer({ host: eventHubs.host(namespaceId), eventHub, consumerGroup }, region.credential(who));
  opened.push(client);
  return client;
};
const send = (text: string, partitionKey = 'aimm', systemProperties: Record<string, unknown> = {}) =>
  eventHubs.send(
    hubId,
    {
      body: Buffer.from(JSON.stringify({ text })),
      partitionKey,
      applicationProperties: { type: 'state', key: 'a+b&c=d é' },
      systemProperties,
    },
    writer,
  );
function collect(client: EventHubConsumerClient, options: SubscribeOptions) {
  const events: ReceivedEventData[] = [];
  const errors: Error[] = [];
  client.subscribe(
    {
      processEvents: async (batch) => void events.push(...batch),
      processError: async (error) => void errors.push(...innermostErrors(error)),
    },
    { maxWaitTimeInSeconds: 1, ...options },
  );
  return { events, errors };
}
const texts = (events: ReceivedEventData[]) => events.map((event) => (event.body as { text: string }).text);

test('the genuine consumer reads hub, partitions and events with all their properties', async () => {
  await send('one', 'aimm', {
    'iothub-connection-device-id': 'aimm',
    'iothub-enqueuedtime': 1_700_000_000_000,
    content_type: 'application/json',
    message_id: 'm-1',
  });
  const client = consumer();
  const partition = String(partitionOfKey('aimm', 2));
  expect((await client.getEventHubProperties()).partitionIds).toEqual(['0', '1']);
  expect(await client.getPartitionProperties(partition)).toMatchObject({
    beginningSequenceNumber: 0,
    lastEnqueuedSequenceNumber: 0,
    isEmpty: false,
    partitionId: partition,
  });
  const { events } = collect(client, { startPosition: earliestEventPosition });
  await until(() => events.length === 1, 'one event');
  expect(events[0]).toMatchObject({
    body: { text: 'one' },
    properties: { type: 'state', key: 'a+b&c=d é' },
    sequenceNumber: 0,
    offset: '0',
    partitionKey: 'aimm',
    contentType: 'application/json',
    messageId: 'm-1',
  });
  expect(events[0]?.systemProperties).toMatchObject({ 'iothub-connection-device-id': 'aimm', 'iothub-enqueuedtime': 1_700_000_000_000 });
  await send('two');
  await until(() => events.length === 2, 'an event that arrives while it listens');
});

test('receivers start where they ask: after an offset, at a sequence number, after a time, at the end', async () => {
  for (const text of ['a', 'b', 'c']) {
    await send(text);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const all = collect(consumer(), { startPosition: earliestEventPosition }).events;
  await until(() => all.length === 3, 'all three');
  const second = all[1] as ReceivedEventData;
  const after = (startPosition: SubscribeOptions['startPosition']) => collect(consumer(), { startPosition } as SubscribeOptions).events;
  const results = {
    offset: after({ offset: second.offset }),
    sequence: after({ sequenceNumber: second.sequenceNumber, isInclusive: true }),
    time: after({ enqueuedOn: second.enqueuedTimeUtc }),
    latest: after(latestEventPosition),
  };
  await until(
    () => results.offset.length === 1 && results.sequence.length === 2 && results.time.length === 1,
    'events from the asked positions',
  );
  expect({
    offset: texts(results.offset),
    sequence: texts(results.sequence),
    time: texts(results.time),
    latest: texts(results.latest),
  }).toEqual({ offset: ['c'], sequence: ['b', 'c'], time: ['c'], latest: [] });
});

test('without the receiver role the SDK gets UnauthorizedError and the gate knows who lacked what', async () => {
  const stranger = region.principal('stranger');
  const refused = await consumer(stranger)
    .getPartitionIds()
    .catch((error: unknown) => error);
  expect(innermostErrors(refused)[0]).toMatchObject({ code: 'UnauthorizedError' });
  expect(region.context.gate.denials.at(-1)).toMatchObject({
    identity: 'stranger',
    action: expect.stringContaining('Microsoft.EventHub/namespaces/messages/receive/action'),
    scope: hubId,
    rolesThatGrant: ['Azure Event Hubs Data Receiver'],
  });
  const failure = await eventHubs
    .send(hubId, { body: Buffer.from('{}'), partitionKey: 'x', applicationProperties: {}, systemProperties: {} }, stranger)
    .catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'amqp:unauthorized-access' });
});

test('a consumer group that was not declared is refused', async () => {
  const { errors } = collect(consumer(reader, 'nobody'), { startPosition: earliestEventPosition });
  await until(() => errors.length > 0, 'an error for the unknown group', 30_000);
  expect(errors[0]?.message).toContain('consumer group "nobody" does not exist');
});

test('an exclusive receiver takes the partition over, and the loser learns it', async () => {
  const partition = '0';
  const seen: string[] = [];
  const first = consumer();
  first.subscribe(
    partition,
    {
      processEvents: async () => undefined,
      processError: async (error) => void seen.push((error as { code?: string }).code ?? error.message),
    },
    { ownerLevel: 1, startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
  );
  await new Promise((resolve) => setTimeout(resolve, 300));
  consumer().subscribe(
    partition,
    { processEvents: async () => undefined, processError: async () => undefined },
    { ownerLevel: 2, startPosition: earliestEventPosition, maxWaitTimeInSeconds: 1 },
  );
  await until(() => seen.length > 0, 'the first receiver to be told');
  expect(seen[0]).toBe('ReceiverDisconnectedError');
});

test('events, offsets and the port outlive a restart, and a consumer goes on by itself', async () => {
  await send('before');
  const lasting = collect(consumer(), { startPosition: earliestEventPosition }).events;
  await until(() => lasting.length === 1, 'the first event');
  const host = eventHubs.host(namespaceId);
  await eventHubs.stop();
  region = await region.reopen();
  eventHubs = new EventHubs(region.context);
  await eventHubs.start();
  await send('after');
  expect(eventHubs.host(namespaceId)).toBe(host);
  const { events } = collect(consumer(), { startPosition: earliestEventPosition });
  await until(() => events.length === 2, 'both events');
  expect(texts(events)).toEqual(['before', 'after']);
  expect(events.map((event) => event.sequenceNumber)).toEqual([0, 1]);
  await until(() => lasting.length === 2, 'the consumer from before the restart', 30_000);
  expect(texts(lasting)).toEqual(['before', 'after']);
});
