import { join } from 'node:path';
import fastify from 'fastify';
import { z } from 'zod';
import { inferenceRecord, maxBatchContentBytes, type InferenceRecord } from '../../contracts/landingZone';
import type { DataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import { DiskQueue, QueueFullError } from '../disk-queue/diskQueue';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { BatchUploader } from './batchUploader';
import type { BatchStore } from './landingZone';
import { Outbox } from './outbox';

const maxQueueBytes = 4 * 1024 ** 3;
const maxBodyBytes = 32 * 1024 ** 2;
const maxAgeMs = 900_000;
const body = z.object({ records: z.array(inferenceRecord).max(5_000) });

/** Steps 13b and 13c: takes records from the data collector and brings them to the landing zone in batches. */
export async function startDataCollectorHub(
  settings: DataCollectorHubSettings,
  store: BatchStore,
  log: Log,
): Promise<Running & { readonly port: number }> {
  const directory = join(settings.SITE_DIRECTORY, 'data-collector-hub');
  const origin = { factory: settings.FACTORY, device: settings.DEVICE_ID };
  const queue = await DiskQueue.open<InferenceRecord>(join(directory, 'queue'), { maxBytes: maxQueueBytes });
  // A line of the queue is a little longer than the line of the batch, so the batch keeps its limit.
  const limits = { idleMs: settings.BATCH_IDLE_MS, maxRecords: settings.BATCH_MAX_RECORDS, maxBytes: maxBatchContentBytes / 2, maxAgeMs };
  const uploader = new BatchUploader(queue, await Outbox.open(join(directory, 'outbox'), log), store, origin, limits, log);

  const server = fastify({ bodyLimit: maxBodyBytes, requestTimeout: 30_000 });
  server.get('/health', (_request, reply) => reply.send({ waiting: queue.size }));
  server.post('/records', async (request, reply) => {
    const parsed = body.safeParse(request.body);
    const problem = parsed.success
      ? parsed.data.records.flatMap(({ factory, device }, index) =>
          factory === origin.factory && device === origin.device
            ? []
            : [`records.${index}: expected ${origin.factory}/${origin.device}, got ${factory}/${device}`],
        )[0]
      : parsed.error.issues
          .slice(0, 3)
          .map((issue) => `${issue.path.join('.')}: ${issue.message}`)
          .join('; ');
    if (!parsed.success || problem !== undefined) return reply.code(400).send({ message: problem });
    try {
      await queue.append(parsed.data.records);
    } catch (error) {
      log('warn', 'records not taken', { records: parsed.data.records.length, reason: messageOf(error) });
      return reply
        .code(503)
        .send({ message: error instanceof QueueFullError ? 'the queue is full, send again later' : 'the records could not be written' });
    }
    uploader.arrived();
    return reply.send({ accepted: parsed.data.records.length });
  });
  await server.listen({ host: '127.0.0.1', port: settings.DATA_COLLECTOR_HUB_PORT });
  uploader.start();
  const port =
    server.addresses().flatMap((address) => (typeof address === 'string' ? [] : address.port))[0] ?? settings.DATA_COLLECTOR_HUB_PORT;
  log('info', 'data collector hub listens', { port, waiting: queue.size });
  return {
    port,
    close: async () => {
      await server.close();
      await uploader.close();
      await queue.close();
    },
  };
}
