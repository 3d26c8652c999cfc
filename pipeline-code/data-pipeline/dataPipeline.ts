import { setTimeout as sleep } from 'node:timers/promises';
import { datasetOfRawBlob, isSmokeDataset } from '../../contracts/datasets';
import { createdBlob } from '../../contracts/eventGrid';
import { type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { type Log } from '../../contracts/program/log';
import { queueClient, receiveMessages, type QueueMessage } from '../clients/queue';
import { blobContainer } from '../clients/storage';
import { buildDataVersion } from './buildDataVersion';
import { type Containers } from './pass';
import { NotEnoughData } from './shapeWindows';
import { singleFlight } from './singleFlight';

const visibilitySeconds = 300;
const batchSize = 32;
const pollMs = 500;
/** Never waits longer than this for a quiet queue: messages must not come back before they are done. */
const maxDrainMs = 120_000;

export interface DataPipelineConnections extends Containers {
  readonly queue: ReturnType<typeof queueClient>;
  readonly checkpoints: ReturnType<typeof blobContainer>;
}
function connect(settings: DataPipelineSettings): DataPipelineConnections {
  const container = (name: string) => blobContainer(settings.DATA_BLOB_ENDPOINT, name);
  return {
    queue: queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME),
    raw: container(settings.RAW_CONTAINER),
    landing: blobContainer(settings.EDGE_BLOB_ENDPOINT, settings.LANDING_ZONE_CONTAINER),
    processed: container(settings.PROCESSED_CONTAINER),
    quarantine: container(settings.QUARANTINE_CONTAINER),
    checkpoints: container(settings.CHECKPOINTS_CONTAINER),
  };
}

/** The data set that a message asks to look at: a raw file's own; what comes back from the line, and what cannot be read, is the factory's. */
function datasetOf(body: unknown, settings: Pick<DataPipelineSettings, 'RAW_CONTAINER' | 'DATASET_NAME'>): string {
  const blob = createdBlob(body);
  const dataset = blob?.container === settings.RAW_CONTAINER ? datasetOfRawBlob(settings.DATASET_NAME, blob.name) : settings.DATASET_NAME;
  return isSmokeDataset(dataset) ? dataset : settings.DATASET_NAME;
}

/** One pass for each data set that the messages are about, the factory's first. A data set that fails keeps no other one waiting: only its own messages come back. */
async function buildAll(
  settings: DataPipelineSettings,
  containers: Containers,
  messages: readonly QueueMessage[],
  log: Log,
): Promise<void> {
  const requests = messages.map((message) => ({ message, dataset: datasetOf(message.body, settings) }));
  const smoke = [...new Set(requests.map(({ dataset }) => dataset))].filter((dataset) => dataset !== settings.DATASET_NAME);
  const failures: unknown[] = [];
  // A run that nothing asked for, because its messages are another's, looks after the factory's own.
  for (const dataset of requests.length === 0 || requests.some((request) => request.dataset === settings.DATASET_NAME)
    ? [settings.DATASET_NAME, ...smoke]
    : smoke) {
    const about = requests.filter((request) => request.dataset === dataset).map(({ message }) => message);
    log('info', 'queue drained', { dataset, messages: about.length });
    const failure: unknown = await buildDataVersion(settings, dataset, containers, log).then(
      () => undefined,
      (error: unknown) => error ?? new Error('failed without a reason'),
    );
    if (failure !== undefined) failures.push(failure);
    // Not enough data: only more of them help, and those come with events of their own.
    if (failure === undefined || failure instanceof NotEnoughData) await Promise.all(about.map((message) => message.done()));
  }
  if (failures.length > 0) throw failures.find((failure) => !(failure instanceof NotEnoughData)) ?? failures[0];
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
export async function dataPipeline(
  settings: DataPipelineSettings,
  log: Log,
  { queue, checkpoints, ...containers }: DataPipelineConnections = connect(settings),
): Promise<void> {
  const receive = () => receiveMessages(queue, { visibilitySeconds, count: batchSize, log });

  const ran = await singleFlight(checkpoints, `${settings.DATASET_NAME}/.data-pipeline`, log, async () => {
    let messages = await drain(receive, settings.SETTLE_SECONDS);
    do {
      await buildAll(settings, containers, messages, log);
      messages = await drain(receive, settings.SETTLE_SECONDS);
    } while (messages.length > 0);
  });
  if (!ran) log('info', 'another run is at work, it will see these blobs');
}
