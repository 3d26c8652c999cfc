import { blobCreated, blobOfSubject, decodeQueueMessage, eventGridEvent, type EventGridEvent } from '../../contracts/eventGrid';
import { EventGrid } from '../../local-azure/event-grid/eventGrid';
import { containerId, queueId } from '../../local-azure/region/armId';
import { eventGridTypes } from '../../local-azure/event-grid/eventGridTypes';
import { AppendOnlyStore } from '../../local-azure/region/appendOnlyStore';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import type { CommitIntent } from '../../local-azure/storage/blobCommits';
import { join } from 'node:path';
import { storageRegion, type StorageRegion } from './support/storageRegion';

const topicPrincipal: Principal = { objectId: '00000000-0000-4000-9000-00000000e001', clientId: 'topic', displayName: 'data-events' };
const directory = { find: () => topicPrincipal, managedIdentity: () => topicPrincipal, remove: () => undefined };

async function assemble(at?: string) {
  const made: EventGrid[] = [];
  const region = await storageRegion(at, (storage, context) => {
    made.push((storage.events = new EventGrid(context, { directory, queues: storage, blobs: storage }, { retryScale: 0.005 })));
  });
  const [eventGrid] = made;
  if (!eventGrid) throw new Error('Event Grid was not made');
  await eventGrid.start();
  return { region, eventGrid };
}

let region: StorageRegion;
let eventGrid: EventGrid;
const reader: Principal = { objectId: '00000000-0000-4000-9000-00000000e002', clientId: 'reader', displayName: 'reader' };
const writer: Principal = { objectId: '00000000-0000-4000-9000-00000000e003', clientId: 'writer', displayName: 'writer' };
const idOf = (kind: 'container' | 'queue', name: string) => (kind === 'container' ? containerId : queueId)(region.account, name);
const blob = (name: string, container = 'raw') => region.blobs(writer).getContainerClient(container).getBlockBlobClient(name);

async function subscribe(
  name: string,
  options: { queue: string; filter?: Record<string, unknown>; retryPolicy?: Record<string, unknown>; deadLetters?: string },
) {
  const types = eventGridTypes(eventGrid, region.storage, directory).resources;
  const put = async (token: string, inputs: Record<string, unknown>) => {
    const type = types.find((one) => one.token === token);
    expect(type?.check({ name, inputs, preview: false }).failures).toEqual([]);
    return type?.create({ name, urn: name, inputs });
  };
  const common = { resourceGroupName: 'rg', systemTopicName: 'data-events' };
  await put('azure-native:eventgrid:SystemTopic', {
    ...common,
    location: 'westeurope',
    source: region.account,
    topicType: 'Microsoft.Storage.StorageAccounts',
    identity: { type: 'SystemAssigned' },
  });
  await put('azure-native:eventgrid:SystemTopicEventSubscription', {
    ...common,
    eventSubscriptionName: name,
    filter: { includedEventTypes: ['Microsoft.Storage.BlobCreated'], ...options.filter },
    retryPolicy: options.retryPolicy,
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' },
      destination: {
        endpointType: 'StorageQueue',
        resourceId: region.account,
        queueName: options.queue,
        queueMessageTimeToLiveInSeconds: 3_600,
      },
    },
    ...(options.deadLetters
      ? {
          deadLetterWithResourceIdentity: {
            identity: { type: 'SystemAssigned' },
            deadLetterDestination: { endpointType: 'StorageBlob', resourceId: region.account, blobContainerName: options.deadLetters },
          },
        }
      : {}),
  });
}

async function drain(queueName: string, expected: number, timeoutMs = 15_000): Promise<EventGridEvent[]> {
  const queue = region.queues(reader).getQueueClient(queueName);
  const events: EventGridEvent[] = [];
  const deadline = Date.now() + timeoutMs;
  while (events.length < expected && Date.now() < deadline) {
    const { receivedMessageItems } = await queue.receiveMessages({ numberOfMessages: 32, visibilityTimeout: 60 });
    for (const { messageId, popReceipt, messageText } of receivedMessageItems) {
      events.push(eventGridEvent.parse(decodeQueueMessage(messageText)));
      await queue.deleteMessage(messageId, popReceipt);
    }
    if (receivedMessageItems.length === 0) await new Promise((resolve) => setTimeout(resolve, 30));
  }
  return events;
}
const dataOf = (event: EventGridEvent | undefined) => blobCreated.parse(event?.data);

beforeAll(async () => {
  ({ region, eventGrid } = await assemble());
  for (const name of ['raw', 'other', 'dead-letters']) await region.storage.declareContainer(region.account, name);
  for (const name of ['all', 'filtered', 'guarded']) await region.storage.declareQueue(region.account, name);
  region.assign(writer, 'blobContributor', region.account);
  region.assign(reader, 'queueProcessor', region.account);
  region.assign(topicPrincipal, 'queueSender', idOf('queue', 'all'));
  region.assign(topicPrincipal, 'queueSender', idOf('queue', 'filtered'));
  await subscribe('all-raw', { queue: 'all', filter: { subjectBeginsWith: '/blobServices/default/containers/raw/blobs/' } });
});
afterAll(async () => {
  await eventGrid.stop();
  await region.stop();
});

describe('BlobCreated', () => {
  it('describes each kind of commit as Azure does and nothing else', async () => {
    await blob('a b/é.csv').upload('abc', 3, { blobHTTPHeaders: { blobContentType: 'text/csv' } });
    await blob('blocks').stageBlock('AAAA', 'xyz', 3);
    await blob('blocks').commitBlockList(['AAAA']);
    await (await blob('copy').beginCopyFromURL(blob('blocks').url)).pollUntilDone();
    await blob('blocks').setMetadata({ k: 'v' });
    await blob('elsewhere', 'other').upload('x', 1);
    await expect(blob('blocks').upload('x', 1, { conditions: { ifNoneMatch: '*' } })).rejects.toMatchObject({ statusCode: 409 });
    const events = await drain('all', 3);
    const bySubject = events.sort((a, b) => (dataOf(a).sequencer < dataOf(b).sequencer ? -1 : 1));
    expect(bySubject.map((event) => [blobOfSubject(event.subject).name, dataOf(event).api, dataOf(event).contentLength])).toEqual([
      ['a b/é.csv', 'PutBlob', 3],
      ['blocks', 'PutBlockList', 3],
      ['copy', 'CopyBlob', 3],
    ]);
    const first = bySubject[0];
    expect(first).toMatchObject({
      topic: region.account,
      eventType: 'Microsoft.Storage.BlobCreated',
      metadataVersion: '1',
      data: { contentType: 'text/csv', blobType: 'BlockBlob', url: 'https://data1.blob.core.windows.net/raw/a%20b/%C3%A9.csv' },
    });
    expect(dataOf(first).eTag).toBe((await blob('a b/é.csv').getProperties()).etag?.replaceAll('"', ''));
    expect(await drain('all', 1, 300)).toEqual([]);
  });

  it('comes exactly once for each of 100 concurrent uploads', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, index) => blob(`many/${index}`).upload('x', 1)));
    const events = await drain('all', 100);
    expect(new Set(events.map((event) => event.subject)).size).toBe(100);
    expect(await drain('all', 1, 300)).toEqual([]);
  });

  it('tells racing overwrites apart, and the highest sequencer is the final content', async () => {
    const sources = Array.from({ length: 20 }, (_, index) => blob(`source/${index}`, 'other'));
    await Promise.all(sources.map((source, index) => source.upload('x'.repeat(index + 1), index + 1)));
    await Promise.all(sources.map((source) => blob('raced').syncCopyFromURL(source.url)));
    const events = await drain('all', 20);
    expect(events.map((event) => dataOf(event).contentLength).sort((a, b) => a - b)).toEqual(sources.map((_, index) => index + 1));
    expect(new Set(events.map((event) => dataOf(event).eTag)).size).toBe(20);
    const last = events.sort((a, b) => (dataOf(a).sequencer < dataOf(b).sequencer ? -1 : 1)).at(-1);
    const { etag, contentLength } = await blob('raced').getProperties();
    expect([dataOf(last).eTag, dataOf(last).contentLength]).toEqual([etag?.replaceAll('"', ''), contentLength]);
  });

  it('reaches only the subscriptions whose filter holds', async () => {
    await subscribe('manifests', {
      queue: 'filtered',
      filter: {
        subjectEndsWith: '/manifest.json',
        advancedFilters: [{ operatorType: 'NumberGreaterThan', key: 'data.contentLength', value: 1 }],
      },
    });
    await blob('d/v/manifest.json').upload('{}', 2);
    await blob('d/v2/manifest.json').upload('1', 1);
    await blob('d/v/windows.parquet').upload('PAR1', 4);
    expect((await drain('filtered', 1)).map((event) => blobOfSubject(event.subject).name)).toEqual(['d/v/manifest.json']);
    expect(await drain('filtered', 1, 300)).toEqual([]);
    await drain('all', 3);
  });
});

describe('delivery', () => {
  const only = (name: string) => ({ subjectBeginsWith: `/blobServices/default/containers/other/blobs/${name}` });

  it('waits for the role of the topic, which the denial log names', async () => {
    await subscribe('guarded', { queue: 'guarded', filter: only('wait') });
    await blob('wait', 'other').upload('x', 1);
    expect(await drain('guarded', 1, 400)).toEqual([]);
    expect(region.context.gate.denials.at(-1)).toMatchObject({ identity: 'data-events', scope: idOf('queue', 'guarded') });
    region.assign(topicPrincipal, 'queueSender', idOf('queue', 'guarded'));
    expect(await drain('guarded', 1)).toHaveLength(1);
  });

  it('ends in the dead-letter container after the declared attempts', async () => {
    await region.storage.declareQueue(region.account, 'closed');
    await subscribe('closed', {
      queue: 'closed',
      filter: only('lost'),
      retryPolicy: { maxDeliveryAttempts: 2, eventTimeToLiveInMinutes: 60 },
      deadLetters: 'dead-letters',
    });
    region.assign(topicPrincipal, 'blobContributor', idOf('container', 'dead-letters'));
    await blob('lost', 'other').upload('x', 1);
    const letters: string[] = [];
    for (
      const deadline = Date.now() + 10_000;
      letters.length === 0 && Date.now() < deadline;
      await new Promise((resolve) => setTimeout(resolve, 50))
    ) {
      for await (const { name } of region.blobs(writer).getContainerClient('dead-letters').listBlobsFlat()) letters.push(name);
    }
    expect(letters).toEqual([expect.stringMatching(/^data-events\/closed\/\d{4}\/\d+\/\d+\/\d+\/[0-9a-f-]{36}\.json$/)]);
    const content = JSON.parse((await blob(letters[0] ?? '', 'dead-letters').downloadToBuffer()).toString()) as Record<string, unknown>[];
    expect(content).toEqual([
      expect.objectContaining({
        subject: '/blobServices/default/containers/other/blobs/lost',
        deadLetterReason: 'MaxDeliveryAttemptsExceeded',
        deliveryAttempts: 2,
        lastDeliveryOutcome: 'AuthorizationPermissionMismatch',
      }),
    ]);
  });

  it('goes on after a restart, with blobs, messages, undelivered events and commits that were not announced', async () => {
    await region.storage.declareQueue(region.account, 'later');
    await subscribe('later', { queue: 'later', filter: only('later') });
    await blob('later-1', 'other').upload('one', 3);
    await blob('later-2', 'other').upload('two', 3);
    expect(await drain('later', 1, 200)).toEqual([]);
    const { directory: folder } = region;
    await eventGrid.stop();
    await region.stop(true);
    const commits = new AppendOnlyStore<CommitIntent>(join(folder, 'storage/commits.jsonl'));
    expect(commits.size).toBe(0);
    commits.set('left', {
      id: 'left',
      accountId: region.account,
      account: 'data1',
      container: 'other',
      blob: 'later-2',
      rawPath: '/data1/other/later-2',
      api: 'PutBlob',
      clientRequestId: '',
      startedAt: new Date(Date.now() - 30_000).toISOString(),
    });
    commits.close();
    ({ region, eventGrid } = await assemble(folder));
    region.assign(topicPrincipal, 'queueSender', idOf('queue', 'later'));
    const events = await drain('later', 3);
    expect(events.map((event) => blobOfSubject(event.subject).name).sort()).toEqual(['later-1', 'later-2', 'later-2']);
    expect((await blob('later-1', 'other').downloadToBuffer()).toString()).toBe('one');
  });
});
