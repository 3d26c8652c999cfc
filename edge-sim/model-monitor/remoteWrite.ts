import { Writer } from 'protobufjs/minimal';
import { compress } from 'snappyjs';
import { RefusedError } from '../disk-queue/forwarder';
import { milliseconds, type MetricItem } from '../telemetry/telemetryItem';

const answerSeconds = 30;
/** Azure Monitor refuses a request with a longer value. */
const longestLabel = 1_023;
interface Series {
  readonly labels: readonly (readonly [string, string])[];
  /** Values by time in milliseconds. */
  readonly samples: Map<number, number>;
}

const metricName = (name: string) => name.replaceAll(/[^a-zA-Z0-9_:]/g, '_').replace(/^(?=\d)/, '_');
const labelName = (name: string) => name.replaceAll(/[^a-zA-Z0-9_]/g, '_').replace(/^(?=\d)/, '_');

/** One series for each set of labels, sorted as the protocol asks; at one instant the last value counts. */
export function seriesOf(items: readonly MetricItem[]): Series[] {
  const series = new Map<string, Series>();
  for (const { name, labels, time, value } of items) {
    const named = new Map([
      ...Object.entries(labels)
        .filter(([, text]) => text !== '')
        .map(([key, text]) => [labelName(key), text.slice(0, longestLabel)] as const),
      ['__name__', metricName(name)] as const,
    ]);
    const sorted = [...named].sort(([left], [right]) => (left < right ? -1 : 1));
    const key = JSON.stringify(sorted);
    const entry = series.get(key) ?? { labels: sorted, samples: new Map<number, number>() };
    entry.samples.set(milliseconds(time), value);
    series.set(key, entry);
  }
  return [...series.values()];
}

const bytesField = (field: number) => (field << 3) | 2;
const doubleField = (field: number) => (field << 3) | 1;
const integerField = (field: number) => field << 3;

/** prometheus.WriteRequest: timeseries = 1 {labels = 1 {name = 1, value = 2}, samples = 2 {value = 1, timestamp = 2}}. */
function writeRequest(series: readonly Series[]): Buffer {
  const writer = Writer.create();
  for (const { labels, samples } of series) {
    writer.uint32(bytesField(1)).fork();
    for (const [name, value] of labels)
      writer.uint32(bytesField(1)).fork().uint32(bytesField(1)).string(name).uint32(bytesField(2)).string(value).ldelim();
    for (const [time, value] of [...samples].sort(([left], [right]) => left - right))
      writer.uint32(bytesField(2)).fork().uint32(doubleField(1)).double(value).uint32(integerField(2)).int64(time).ldelim();
    writer.ldelim();
  }
  return Buffer.from(writer.finish());
}

/** Sends metrics to the Azure Monitor workspace through the metrics proxy, as Prometheus would. */
export const remoteWriteSender =
  (port: number, path: string) =>
  async (items: readonly MetricItem[], signal: AbortSignal): Promise<void> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      body: new Uint8Array(compress(writeRequest(seriesOf(items)))),
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]),
      headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy', 'x-prometheus-remote-write-version': '0.1.0' },
    });
    const text = await response.text();
    if (response.ok) return;
    const problem = `expected the Azure Monitor workspace to take ${items.length} values, it answered ${response.status}: ${text.slice(0, 500)}`;
    throw response.status === 400 || response.status === 413 ? new RefusedError(problem) : new Error(problem);
  };
