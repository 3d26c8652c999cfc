import { z } from 'zod';
import { itemIdAttribute, telemetryLabels } from '../../contracts/telemetry';
import { RefusedError } from '../disk-queue/forwarder';
import type { Log } from '../../contracts/program/log';
import { milliseconds, type SiteTelemetryItem } from '../telemetry/telemetryItem';

const answerSeconds = 30;
/** 401 and 403 too: a role that was just assigned needs minutes to be known everywhere. */
const retryable = new Set([401, 403, 408, 429, 439, 500, 502, 503, 504]);
const trackAnswer = z.object({
  itemsReceived: z.number(),
  itemsAccepted: z.number(),
  errors: z.array(z.object({ index: z.number().int(), statusCode: z.number(), message: z.string().nullish() })),
});
/** OTLP severity numbers come in fours: trace and debug, info, warn, error, fatal. */
const severityLevels = ['Verbose', 'Verbose', 'Information', 'Warning', 'Error', 'Critical'] as const;

/** An Application Insights envelope; the item id and the labels are custom dimensions of the row it becomes. */
export function envelopeOf(item: SiteTelemetryItem, instrumentationKey: string): Record<string, unknown> {
  const properties = Object.fromEntries(
    [...Object.entries(item.labels), [itemIdAttribute, item.itemId] as const].map(([key, value]) => [
      key.slice(0, 150),
      value.slice(0, 8_192),
    ]),
  );
  const [type, baseData] =
    item.kind === 'metric'
      ? (['Metric', { metrics: [{ name: item.name, value: item.value, count: 1, kind: 'Measurement' }] }] as const)
      : ([
          'Message',
          { message: item.body.slice(0, 32_768) || '-', severityLevel: severityLevels[Math.ceil(item.severity / 4) - 1] },
        ] as const);
  return {
    ver: 1,
    name: `Microsoft.ApplicationInsights.${type}`,
    time: new Date(milliseconds(item.time)).toISOString(),
    sampleRate: 100,
    iKey: instrumentationKey,
    tags: {
      'ai.cloud.role': item.labels[telemetryLabels.component] ?? 'edge',
      'ai.cloud.roleInstance': item.labels[telemetryLabels.device] ?? 'edge',
    },
    data: { baseType: `${type}Data`, baseData: { ver: 2, ...baseData, properties } },
  };
}

/** Sends items through the ingestion proxy. What a partial answer took is not sent again in this process. */
export function ingestionSender(
  port: number,
  instrumentationKey: string,
  log: Log,
): (items: readonly SiteTelemetryItem[], signal: AbortSignal) => Promise<void> {
  const settled = new Set<string>();
  const url = `http://127.0.0.1:${port}/v2.1/track`;
  return async (items, signal) => {
    const open = items.filter(({ itemId }) => !settled.has(itemId));
    if (open.length > 0) {
      const body = JSON.stringify(open.map((item) => envelopeOf(item, instrumentationKey)));
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerSeconds * 1000)]),
      });
      const text = await response.text();
      const problem = `expected Application Insights to take ${open.length} items, it answered ${response.status}: ${text.slice(0, 500)}`;
      const answer =
        response.status === 200 || response.status === 206 || response.status === 400
          ? trackAnswer.safeParse(parsed(text)).data
          : undefined;
      const errors = new Map(answer?.errors.map((error) => [error.index, error]));
      const complete = answer?.itemsReceived === open.length && answer.itemsAccepted + errors.size >= open.length;
      if (!complete) throw response.status === 400 || response.status === 413 ? new RefusedError(problem) : new Error(problem);
      for (const [index, item] of open.entries()) {
        const error = errors.get(index);
        if (error && retryable.has(error.statusCode)) continue;
        settled.add(item.itemId);
        if (error)
          log('error', 'dropped an item that Application Insights refuses', {
            statusCode: error.statusCode,
            reason: error.message ?? '',
            item: JSON.stringify(item).slice(0, 2_000),
          });
      }
      if (open.some(({ itemId }) => !settled.has(itemId))) throw new Error(problem);
    }
    for (const { itemId } of items) settled.delete(itemId);
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
