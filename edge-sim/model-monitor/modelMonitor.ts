import { join } from 'node:path';
import { DiskQueue } from '../disk-queue/diskQueue';
import { startForwarder } from '../disk-queue/forwarder';
import type { Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { receiveOtlp } from '../telemetry/otlpReceiver';
import { isMetric, type MetricItem, type SiteTelemetryItem } from '../telemetry/telemetryItem';
import { ingestionSender } from './applicationInsights';
import { remoteWriteSender } from './remoteWrite';

interface ModelMonitorOptions {
  readonly directory: string;
  readonly port: number;
  readonly instrumentationKey: string;
  readonly ingestionProxyPort: number;
  readonly metricsProxyPort: number;
  readonly remoteWritePath: string;
}
const queueBytes = 256 * 1024 * 1024;
const limits = { maxItems: 1_000, maxBytes: 512 * 1024 };

/** The IT side: a queue for each target, so that one that is away holds up only itself. A sender is answered when both queues have its items. */
export async function startModelMonitor(options: ModelMonitorOptions, log: Log): Promise<Running> {
  const ingestion = await DiskQueue.open<SiteTelemetryItem>(join(options.directory, 'application-insights'), { maxBytes: queueBytes });
  const metrics = await DiskQueue.open<MetricItem>(join(options.directory, 'metrics'), { maxBytes: queueBytes });
  const forwarders = [
    startForwarder(ingestion, ingestionSender(options.ingestionProxyPort, options.instrumentationKey, log), {
      name: 'application-insights',
      log,
      ...limits,
    }),
    startForwarder(metrics, remoteWriteSender(options.metricsProxyPort, options.remoteWritePath), { name: 'metrics', log, ...limits }),
  ];
  const receiver = await receiveOtlp(
    options.port,
    async (items) => {
      await Promise.all([ingestion.append(items), metrics.append(items.filter(isMetric))]);
    },
    log,
  );
  return {
    close: async () => {
      await receiver.close();
      await Promise.all(forwarders.map((forwarder) => forwarder.stop()));
      await Promise.all([ingestion.close(), metrics.close()]);
    },
  };
}
