import { RefusedError } from '../disk-queue/forwarder';
import { isLog, isMetric, logsRequestOf, metricsRequestOf, type SiteTelemetryItem } from './telemetryItem';

const answerSeconds = 30;

async function post(url: string, body: object, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]),
  });
  const text = await response.text();
  if (response.ok) return;
  const problem = `expected ${url} to take the telemetry, it answered ${response.status}: ${text.slice(0, 500)}`;
  throw response.status === 400 || response.status === 413 ? new RefusedError(problem) : new Error(problem);
}

/** Gives items to the next hop on this host. It resolves when the hop has them on its disk. */
export const otlpSender =
  (port: number) =>
  async (items: readonly SiteTelemetryItem[], signal: AbortSignal): Promise<void> => {
    const metrics = items.filter(isMetric);
    const logs = items.filter(isLog);
    if (metrics.length > 0) await post(`http://127.0.0.1:${port}/v1/metrics`, metricsRequestOf(metrics), signal);
    if (logs.length > 0) await post(`http://127.0.0.1:${port}/v1/logs`, logsRequestOf(logs), signal);
  };
