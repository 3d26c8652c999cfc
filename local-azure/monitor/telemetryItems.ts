import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { stableGuid } from '../region/stableGuid';
import type { TableName, TelemetryRow } from './telemetryStore';

/** Limits of one request; Azure's ingestion has the same order of magnitude. */
export const maxRequestBytes = 8 * 1024 * 1024;
const maxContentBytes = 64 * 1024 * 1024;
const maxItems = 65_536;

export class UnreadableBody extends Error {}

/** Items of a request body: a JSON array, one JSON object, or one object a line; gzipped or not. */
export function bodyItems(body: Buffer, encoding: string | undefined): unknown[] {
  let text: string;
  try {
    text = (encoding === 'gzip' ? gunzipSync(body, { maxOutputLength: maxContentBytes }) : body).toString('utf8').trim();
  } catch {
    throw new UnreadableBody(`expected a gzip stream of at most ${maxContentBytes} bytes`);
  }
  if (text === '') throw new UnreadableBody('expected telemetry items, got an empty body');
  const items = text.startsWith('[')
    ? (parsed(text) as unknown[])
    : text
        .split('\n')
        .filter((line) => line.trim() !== '')
        .map(parsed);
  if (items.length > maxItems) throw new UnreadableBody(`expected at most ${maxItems} items, got ${items.length}`);
  return items;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnreadableBody('expected a JSON array or one JSON object a line');
  }
}

const properties = z.record(z.string().max(150), z.union([z.string(), z.number(), z.boolean(), z.null()])).nullish();
const envelope = z.object({
  name: z.string(),
  time: z.string().refine((text) => !Number.isNaN(Date.parse(text)), 'a date and time'),
  iKey: z.guid(),
  tags: z.record(z.string(), z.string()).nullish(),
  sampleRate: z.number().nullish(),
  data: z.discriminatedUnion('baseType', [
    z.object({
      baseType: z.literal('MessageData'),
      baseData: z.object({
        ver: z.number().optional(),
        message: z.string().min(1),
        severityLevel: z.union([z.string(), z.number()]).nullish(),
        properties,
      }),
    }),
    z.object({
      baseType: z.literal('MetricData'),
      baseData: z.object({
        ver: z.number().optional(),
        properties,
        metrics: z
          .array(
            z.object({
              name: z.string().min(1).max(1_024),
              value: z.number(),
              count: z.number().nullish(),
              min: z.number().nullish(),
              max: z.number().nullish(),
              stdDev: z.number().nullish(),
            }),
          )
          .min(1),
      }),
    }),
  ]),
});
export type TelemetryEnvelope = z.output<typeof envelope>;
type ReadItem = { readonly item: TelemetryEnvelope } | { readonly fault: string };

export function readItem(value: unknown): ReadItem {
  const result = envelope.safeParse(value);
  if (result.success) return { item: result.data };
  const [issue] = result.error.issues;
  return { fault: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a telemetry item'}` };
}

const levels = ['Verbose', 'Information', 'Warning', 'Error', 'Critical'];
const severity = (level: string | number | null | undefined) => (typeof level === 'string' ? levels.indexOf(level) : (level ?? 1));
const dimensions = (given: z.output<typeof properties>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(given ?? {})
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, String(value).slice(0, 8_192)]),
  );

/** Rows of an item, as the tables of a component have them. `sequence` makes the service's own item id. */
export function telemetryRowsOf(
  item: TelemetryEnvelope,
  component: { readonly id: string; readonly name: string; readonly appId: string },
  sequence: number,
): { table: TableName; row: TelemetryRow }[] {
  const common = (index: number, customDimensions: Record<string, string>): TelemetryRow => ({
    timestamp: new Date(item.time).toISOString(),
    customDimensions,
    operation_Id: item.tags?.['ai.operation.id'] ?? '',
    operation_Name: item.tags?.['ai.operation.name'] ?? '',
    cloud_RoleName: item.tags?.['ai.cloud.role'] ?? '',
    cloud_RoleInstance: item.tags?.['ai.cloud.roleInstance'] ?? '',
    appId: component.appId,
    appName: component.name,
    iKey: item.iKey,
    itemId: stableGuid(component.id, String(sequence), String(index)),
    itemCount: 1,
    _ResourceId: component.id.toLowerCase(),
  });
  if (item.data.baseType === 'MessageData') {
    const { message, severityLevel, properties: given } = item.data.baseData;
    return [
      {
        table: 'traces',
        row: {
          ...common(0, dimensions(given)),
          message: message.slice(0, 32_768),
          severityLevel: severity(severityLevel),
          itemType: 'trace',
        },
      },
    ];
  }
  const { metrics, properties: given } = item.data.baseData;
  return metrics.map((metric, index) => ({
    table: 'customMetrics',
    row: {
      ...common(index, dimensions(given)),
      name: metric.name,
      value: metric.value,
      valueCount: metric.count ?? 1,
      valueSum: metric.value,
      valueMin: metric.min ?? metric.value,
      valueMax: metric.max ?? metric.value,
      valueStdDev: metric.stdDev ?? 0,
      itemType: 'customMetric',
    },
  }));
}
