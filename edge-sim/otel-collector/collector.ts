import { telemetryLabels } from '../../contracts/telemetry';
import { DiskQueue } from '../disk-queue/diskQueue';
import { startForwarder } from '../disk-queue/forwarder';
import type { Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { forwardedBytes, forwardedItems, TelemetryEmitter, type EmitterSettings } from '../telemetry/emitter';
import { receiveOtlp } from '../telemetry/otlpReceiver';
import { otlpSender } from '../telemetry/otlpSender';
import type { SiteTelemetryItem } from '../telemetry/telemetryItem';
import { HostMetrics } from './hostMetrics';

interface CollectorOptions {
  readonly site: EmitterSettings;
  readonly directory: string;
  readonly nextPort: number;
  readonly intervalMs: number;
  readonly maxBytes?: number;
}
const queueBytes = 256 * 1024 * 1024;

/** The OT side: what the site's programs send, and the host's own state, kept on disk until the IT side has it. */
export async function startCollector(options: CollectorOptions, log: Log): Promise<Running> {
  const queue = await DiskQueue.open<SiteTelemetryItem>(options.directory, { maxBytes: options.maxBytes ?? queueBytes });
  const forwarder = startForwarder(queue, otlpSender(options.nextPort), {
    name: 'model-monitor',
    log,
    maxItems: forwardedItems,
    maxBytes: forwardedBytes,
    longestPauseMs: 5_000,
  });
  const host = new HostMetrics(options.intervalMs);
  // What the collector measures itself is numbered and kept as every other sender's.
  const own = await TelemetryEmitter.open('otel-collector', options.site, log, (items) => queue.append(items));
  const measure = () => Object.entries(host.measure()).forEach(([name, value]) => own.gauge(name, value));
  const receiver = await receiveOtlp(
    options.site.OTLP_PORT,
    async (items) => {
      await queue.append(items);
      for (const item of items) host.heardFrom(item.labels[telemetryLabels.component] ?? 'unnamed');
    },
    log,
  );
  const timer = setInterval(measure, options.intervalMs);
  measure();
  return {
    close: async () => {
      clearInterval(timer);
      await receiver.close();
      await own.close();
      await forwarder.stop();
      await queue.close();
    },
  };
}
