import { join } from 'node:path';
import { inferenceDataTopic, lineDataTopic } from '../../contracts/databus';
import type { InferenceRecord } from '../../contracts/landingZone';
import type { DataCollectorSettings } from '../../contracts/settings/edgeSite';
import { subscribeDurably } from '../databus/durableSubscription';
import { DiskQueue, QueueFullError } from '../disk-queue/diskQueue';
import { RefusedError, startForwarder } from '../disk-queue/forwarder';
import type { Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { recordsOf } from './inferenceRecords';

const maxQueueBytes = 2 * 1024 ** 3;
/** A recording is replayed at thousands of samples a second; not every disk syncs that often. */
const syncWithinMs = 200;
const maxRequestRecords = 5_000;
const maxRequestBytes = 8 * 1024 ** 2;
const requestMs = 30_000;

async function postRecords(url: string, records: readonly InferenceRecord[], signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ records }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(requestMs)]),
  });
  const text = (await answer.text()).slice(0, 500);
  if (answer.status === 400 || answer.status === 413) throw new RefusedError(text);
  if (!answer.ok)
    throw new Error(`expected the data collector hub to take ${records.length} records, it answered ${answer.status}: ${text}`);
}

/** Steps 13a and 13b: takes samples and results from the databus, keeps them on disk, and hands them to the hub. */
export async function startDataCollector(settings: DataCollectorSettings, log: Log): Promise<Running> {
  const origin = { factory: settings.FACTORY, device: settings.DEVICE_ID };
  const queue = await DiskQueue.open<InferenceRecord>(join(settings.SITE_DIRECTORY, 'data-collector', 'queue'), {
    maxBytes: maxQueueBytes,
    syncWithinMs,
  });
  const url = `http://127.0.0.1:${settings.DATA_COLLECTOR_HUB_PORT}/records`;
  const forwarder = startForwarder<InferenceRecord>(queue, (records, signal) => postRecords(url, records, signal), {
    name: 'inference records',
    log,
    maxItems: maxRequestRecords,
    maxBytes: maxRequestBytes,
  });
  const dropped = { unreadable: 0, full: 0 };
  // One line for each power of two: a broken source or a full disk must not fill the log.
  const drop = (why: keyof typeof dropped, fields: Readonly<Record<string, unknown>>) => {
    dropped[why] += 1;
    if (Number.isInteger(Math.log2(dropped[why]))) log('error', 'messages dropped', { why, dropped: dropped[why], ...fields });
  };
  const receive = async (topic: string, payload: Buffer) => {
    const records = recordsOf(topic, payload, origin);
    if (records === undefined) return drop('unreadable', { topic, bytes: payload.length });
    try {
      await queue.append(records);
    } catch (error) {
      // Holding the databus back would hold the production line back, and the hub has been away for very long.
      if (!(error instanceof QueueFullError)) throw error;
      drop('full', { reason: error.message });
    }
  };
  const subscription = subscribeDurably(
    { port: settings.DATABUS_PORT },
    `data-collector-${settings.DEVICE_ID}`,
    [lineDataTopic, inferenceDataTopic('+')],
    receive,
    log,
  );
  return {
    close: async () => {
      await subscription.close();
      await forwarder.stop();
      await queue.close();
    },
  };
}
