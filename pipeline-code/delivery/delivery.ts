import { earliestEventPosition, type Subscription, type SubscriptionEventHandlers } from '@azure/event-hubs';
import { deliveryMessage } from '../../contracts/deliveryRecord';
import { type DeliverySettings } from '../../contracts/settings/delivery';
import { blobCheckpoints } from '../clients/checkpoints';
import { credential } from '../clients/credential';
import { eventHubConsumer, innermostErrors } from '../clients/eventHubs';
import { openC2dSender } from '../clients/iotHub';
import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs, pause } from '../../contracts/program/retry';
import { queueClient, receiveMessages } from '../clients/queue';
import { blobContainer, blobService } from '../clients/storage';
import { deliveryRecords } from './deliveryRecords';
import { DeliveryService } from './deliveryService';
import { readDeviceEvent } from './deviceEvent';
import { urlSigner } from './signedUrl';

const longestPauseMs = 30_000;
const maximumFailures = 8;
/** Enough for one message's record and C2D attempts. */
const visibilitySeconds = 180;

/** Runs `work` until it is stopped. Failures are retried; after eight in a row it gives up, and the platform starts the application anew. */
async function repeat(what: string, work: () => Promise<void>, pollMs: number, log: Log, stopped: AbortSignal): Promise<void> {
  let failures = 0;
  while (!stopped.aborted) {
    try {
      await work();
      failures = 0;
    } catch (error) {
      if (++failures >= maximumFailures) throw error;
      log('warn', `${what} failed, tried again`, { failures, error: messageOf(error) });
    }
    await pause(failures === 0 ? pollMs : backoffMs(failures, { firstMs: pollMs, longestMs: Math.max(pollMs, longestPauseMs) }), stopped);
  }
}

/** A checkpoint is a paid write: where nothing was for a delivery it may be this old, and after a restart that much is read again. */
const checkpointMs = 60_000;

/** Device events become events of deliveries; a checkpoint stands only behind what has been handled. The hub may carry far more than deliveries: that costs neither a log line nor a checkpoint each. */
export const deviceEventHandlers = (
  service: Pick<DeliveryService, 'handle'>,
  log: Log,
  failed: (error: unknown) => void,
  now: () => number = Date.now,
): SubscriptionEventHandlers => {
  const checkpointed = new Map<string, number>();
  let ignored = 0;
  const ignore = (fields: Readonly<Record<string, unknown>>) => {
    ignored += 1;
    // One line for each power of two.
    if (Number.isInteger(Math.log2(ignored))) log('warn', 'device message ignored', { ...fields, ignored });
  };
  return {
    async processEvents(events, context) {
      const { partitionId } = context;
      let handled = 0;
      try {
        for (const received of events) {
          const meaning = readDeviceEvent(received);
          if (meaning.kind === 'ignored')
            ignore({ partition: partitionId, sequenceNumber: received.sequenceNumber, reason: meaning.reason });
          else {
            await service.handle(meaning.deliveryId, meaning.event, meaning.deviceId);
            handled += 1;
          }
        }
        const last = events.at(-1);
        if (last === undefined || (handled === 0 && now() - (checkpointed.get(partitionId) ?? -Infinity) < checkpointMs)) return;
        await context.updateCheckpoint(last);
        checkpointed.set(partitionId, now());
      } catch (error) {
        failed(error);
      }
    },
    async processError(error, context) {
      for (const cause of innermostErrors(error))
        log('warn', 'event hub', { partition: context.partitionId, error: `${cause.name}: ${cause.message}`.slice(0, 1_000) });
    },
  };
};

/** The message exchange with the AI Model Managers, until `stopped`. */
export async function runDelivery(settings: DeliverySettings, log: Log, stopped: AbortSignal): Promise<void> {
  const sender = openC2dSender(settings.IOT_HUB_HOST, credential());
  const service = new DeliveryService({
    records: deliveryRecords(blobContainer(settings.DATA_BLOB_ENDPOINT, settings.DELIVERIES_CONTAINER)),
    sender,
    log,
    now: () => new Date(),
    sign: urlSigner(blobService(settings.EDGE_BLOB_ENDPOINT), settings.PACKAGED_MODELS_CONTAINER, settings.SAS_LIFETIME_SECONDS * 1_000),
    deadlines: { stepMs: settings.STEP_TIMEOUT_SECONDS * 1_000, deliveryMs: settings.DELIVERY_TIMEOUT_SECONDS * 1_000 },
  });
  const queue = queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME);
  const consumer = eventHubConsumer(
    { host: settings.EVENT_HUBS_HOST, eventHub: settings.EVENT_HUB_NAME, consumerGroup: settings.CONSUMER_GROUP },
    credential(),
    blobCheckpoints(blobContainer(settings.DATA_BLOB_ENDPOINT, settings.CHECKPOINTS_CONTAINER)),
  );

  async function openDeliveries(): Promise<void> {
    for (
      let messages = await receiveMessages(queue, { visibilitySeconds, count: 8, log });
      messages.length > 0 && !stopped.aborted;
      messages = await receiveMessages(queue, { visibilitySeconds, count: 8, log })
    ) {
      for (const message of messages) {
        const opened = deliveryMessage.safeParse(message.body);
        if (opened.success) await service.handle(opened.data.deliveryId, { kind: 'opened' });
        else log('error', 'not a delivery, acknowledged', { messageId: message.id });
        await message.done();
      }
    }
  }

  let subscription: Subscription | undefined;
  try {
    log('info', 'started', { openDeliveries: await service.resume() });
    // An event that could not be handled must not be passed over: the application ends and starts again at the last checkpoint.
    const fatal = new Promise<never>(
      (_, reject) =>
        (subscription = consumer.subscribe(deviceEventHandlers(service, log, reject), {
          startPosition: earliestEventPosition,
          maxBatchSize: 50,
          maxWaitTimeInSeconds: 5,
        })),
    );
    const pollMs = settings.POLLING_INTERVAL_SECONDS * 1_000;
    await Promise.race([
      fatal,
      Promise.all([
        repeat('the queue', openDeliveries, pollMs, log, stopped),
        repeat('looking after deliveries', () => service.tick(), pollMs, log, stopped),
      ]),
    ]);
    log('info', 'stopped');
  } finally {
    await subscription?.close().catch(() => undefined);
    await consumer.close().catch(() => undefined);
    await sender.close().catch(() => undefined);
  }
}
