import { setTimeout as sleep } from 'node:timers/promises';
import { blobCreated, blobOfSubject, eventGridEvent } from '../../contracts/eventGrid';
import { type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { type Log } from '../clients/log';
import { queueClient, receiveMessages, type QueueMessage } from '../clients/queue';
import { blobContainer } from '../clients/storage';
import { buildDataVersion, type Containers } from './buildDataVersion';
import { NotEnoughData } from './shapeWindows';
import { singleFlight } from './singleFlight';

const visibilitySeconds = 300;
const batchSize = 32;
const pollMs = 500;
/** Never waits longer than this for a quiet queue: messages must not come back before they are done. */
const maxDrainMs = 120_000;

export interface Connections extends Containers { readonly queue: ReturnType<typeof queueClient>; readonly checkpoints: ReturnType<typeof blobContainer> }
function connect(settings: DataPipelineSettings): Connections {
  const container = (name: string) => blobContainer(settings.DATA_BLOB_ENDPOINT, name);
  return {
    queue: queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME),
    raw: container(settings.RAW_CONTAINER), landing: blobContainer(settings.EDGE_BLOB_ENDPOINT, settings.LANDING_ZONE_CONTAINER), processed: container(settings.PROCESSED_CONTAINER), quarantine: container(settings.QUARANTINE_CONTAINER),
    checkpoints: container(settings.CHECKPOINTS_CONTAINER),
  };
}

/** The blob that a message is about; undefined when it is about nothing that this program reads. */
function sourceBlobOf(body: unknown, containers: readonly string[]): string | undefined {
  const event = eventGridEvent.safeParse(body);
  if (!event.success || event.data.eventType !== 'Microsoft.Storage.BlobCreated' || !blobCreated.safeParse(event.data.data).success) return undefined;
  const { container, name } = blobOfSubject(event.data.subject);
  return containers.includes(container) ? name : undefined;
}

/** Takes messages until the queue has been empty for `settleSeconds`. An empty queue at the start is not waited for. */
async function drain(receive: () => Promise<QueueMessage[]>, settleSeconds: number): Promise<QueueMessage[]> {
  const messages = await receive();
  if (messages.length === 0) return [];
  const started = Date.now();
  let quietSince = Date.now();
  while (Date.now() - quietSince < settleSeconds * 1000 && Date.now() - started < maxDrainMs) {
    const more = await receive();
    messages.push(...more);
    if (more.length > 0) quietSince = Date.now();
    else await sleep(Math.min(pollMs, settleSeconds * 1000));
  }
  return messages;
}

/**
 * Steps 1a and 1b. Events say when to look, the containers say what there is: each pass reads all of it, so a lost or doubled event
 * and a run that was killed change nothing. Messages are deleted when the data version that holds their blobs is written.
 */
export async function dataPipeline(settings: DataPipelineSettings, log: Log, { queue, checkpoints, ...containers }: Connections = connect(settings)): Promise<void> {
  const receive = () => receiveMessages(queue, { visibilitySeconds, count: batchSize, log });

  const ran = await singleFlight(checkpoints, `${settings.DATASET_NAME}/.data-pipeline`, log, async () => {
    let messages = await drain(receive, settings.SETTLE_SECONDS);
    do {
      const blobs = messages.flatMap(({ body }) => sourceBlobOf(body, [settings.RAW_CONTAINER, settings.LANDING_ZONE_CONTAINER]) ?? []);
      log.info('queue drained', { messages: messages.length, blobs: blobs.length });
      const finish = () => Promise.all(messages.map((message) => message.done()));
      try {
        await buildDataVersion(settings, containers, log);
      } catch (error) {
        // Only more data help, and those come with events of their own.
        if (error instanceof NotEnoughData) await finish();
        throw error;
      }
      await finish();
      messages = await drain(receive, settings.SETTLE_SECONDS);
    } while (messages.length > 0);
  });
  if (!ran) log.info('another run is at work, it will see these blobs');
}
