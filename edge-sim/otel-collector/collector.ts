import { randomUUID } from 'node:crypto';
import { telemetryLabels } from '../../contracts/telemetry';
import { DiskQueue } from '../disk-queue/diskQueue';
import { startForwarder } from '../disk-queue/forwarder';
import { messageOf, type Log } from '../log';
import type { Running } from '../program';
import { forwardedBytes, forwardedItems } from '../telemetry/emitter';
import { receiveOtlp } from '../telemetry/otlpReceiver';
import { otlpSender } from '../telemetry/otlpSender';
import { nanoseconds, type MetricItem, type TelemetryItem } from '../telemetry/telemetryItem';
import { HostMetrics } from './hostMetrics';

export interface CollectorOptions {
  readonly factory: string; readonly device: string;
  readonly directory: string; readonly port: number; readonly nextPort: number; readonly intervalMs: number;
  readonly maxBytes?: number;
}
const queueBytes = 256 * 1024 * 1024;

/** The OT side: what the site's programs send, and the host's own state, kept on disk until the IT side has it. */
export async function startCollector(options: CollectorOptions, log: Log): Promise<Running> {
  const queue = await DiskQueue.open<TelemetryItem>(options.directory, { maxBytes: options.maxBytes ?? queueBytes });
  const forwarder = startForwarder(queue, otlpSender(options.nextPort), { name: 'model-monitor', log, maxItems: forwardedItems, maxBytes: forwardedBytes, longestPauseMs: 5_000 });
  const host = new HostMetrics(options.intervalMs);
  const labels = { [telemetryLabels.factory]: options.factory, [telemetryLabels.device]: options.device, [telemetryLabels.component]: 'otel-collector' };
  const measure = () => {
    const time = nanoseconds(Date.now());
    const items = Object.entries(host.measure()).map(([name, value]): MetricItem => ({ kind: 'metric', name, value, time, itemId: randomUUID(), labels }));
    void queue.append(items).catch((error: unknown) => log('warn', 'a measurement of the host is left out', { reason: messageOf(error) }));
  };
  const receiver = await receiveOtlp(options.port, async (items) => {
    await queue.append(items);
    for (const item of items) host.heardFrom(item.labels[telemetryLabels.component] ?? 'unnamed');
  }, log);
  const timer = setInterval(measure, options.intervalMs);
  measure();
  return {
    close: async () => {
      clearInterval(timer);
      await receiver.close();
      await forwarder.stop();
      await queue.close();
    },
  };
}
