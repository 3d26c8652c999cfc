import { randomUUID } from 'node:crypto';
import { itemIdAttribute, type LogsRequest, type MetricsRequest } from '../../contracts/telemetry';

interface Item {
  readonly itemId: string;
  /** Nanoseconds since 1970, as OTLP writes them. */
  readonly time: string;
  readonly labels: Readonly<Record<string, string>>;
}
export interface MetricItem extends Item {
  readonly kind: 'metric';
  readonly name: string;
  readonly value: number;
}
export interface LogItem extends Item {
  readonly kind: 'log';
  readonly severity: number;
  readonly body: string;
}
/** One measured value or one log line: what the queues of the telemetry path hold. */
export type SiteTelemetryItem = MetricItem | LogItem;

type Attributes = NonNullable<LogsRequest['resourceLogs'][number]['resource']>['attributes'];
type AnyValue = NonNullable<Attributes>[number]['value'];
const itemIdPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\/[1-9]\d{0,15})?$/i;

export const nanoseconds = (milliseconds: number): string => `${Math.round(milliseconds)}000000`;
export const milliseconds = (time: string): number => Number(BigInt(time) / 1_000_000n);

const textOf = (value: AnyValue): string => String(Object.values(value)[0]);
const labelsOf = (...groups: Attributes[]): Record<string, string> =>
  Object.fromEntries(groups.flatMap((group) => (group ?? []).map(({ key, value }) => [key, textOf(value)] as const)));
const attributesOf = ({ labels, itemId }: Item) =>
  [...Object.entries(labels), [itemIdAttribute, itemId] as const].map(([key, value]) => ({ key, value: { stringValue: value } }));

/** An item of a sender that knows no item ids gets one here, where this program first sees it. */
function identified(resource: Attributes, own: Attributes): Pick<Item, 'itemId' | 'labels'> {
  const { [itemIdAttribute]: given, ...labels } = labelsOf(resource, own);
  return { itemId: given !== undefined && itemIdPattern.test(given) ? given : randomUUID(), labels };
}

/** Points without a finite value say nothing and are left out. */
export const itemsOfMetrics = ({ resourceMetrics }: MetricsRequest): MetricItem[] =>
  resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
    scopeMetrics.flatMap(({ metrics }) =>
      metrics.flatMap(({ name, gauge }) =>
        gauge.dataPoints.flatMap((point) => {
          const value = point.asDouble ?? (point.asInt === undefined ? Number.NaN : Number(point.asInt));
          return Number.isFinite(value)
            ? [{ kind: 'metric' as const, name, value, time: point.timeUnixNano, ...identified(resource?.attributes, point.attributes) }]
            : [];
        }),
      ),
    ),
  );

export const itemsOfLogs = ({ resourceLogs }: LogsRequest): LogItem[] =>
  resourceLogs.flatMap(({ resource, scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) =>
      logRecords.map((record) => ({
        kind: 'log' as const,
        severity: record.severityNumber,
        body: textOf(record.body),
        time: record.timeUnixNano,
        ...identified(resource?.attributes, record.attributes),
      })),
    ),
  );

export function metricsRequestOf(items: readonly MetricItem[]): MetricsRequest {
  const byName = new Map<string, MetricItem[]>();
  for (const item of items) byName.set(item.name, [...(byName.get(item.name) ?? []), item]);
  const metrics = [...byName].map(([name, points]) => ({
    name,
    gauge: { dataPoints: points.map((item) => ({ timeUnixNano: item.time, asDouble: item.value, attributes: attributesOf(item) })) },
  }));
  return { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
}

export const logsRequestOf = (items: readonly LogItem[]): LogsRequest => ({
  resourceLogs: [
    {
      scopeLogs: [
        {
          logRecords: items.map((item) => ({
            timeUnixNano: item.time,
            severityNumber: item.severity,
            body: { stringValue: item.body },
            attributes: attributesOf(item),
          })),
        },
      ],
    },
  ],
});

export const isMetric = (item: SiteTelemetryItem): item is MetricItem => item.kind === 'metric';
export const isLog = (item: SiteTelemetryItem): item is LogItem => item.kind === 'log';
