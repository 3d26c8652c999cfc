import { z } from 'zod';

/** What the service keeps of a hub; `properties` as they were declared. */
export interface HubRecord {
  readonly id: string;
  readonly name: string;
  readonly properties: unknown;
  readonly createdAt: string;
}

/** ISO 8601 durations as ARM writes them: days to seconds. */
export function durationMs(iso: string): number | undefined {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(iso);
  if (!match || iso === 'P' || iso.endsWith('T')) return undefined;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map((part) => Number(part ?? 0));
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000;
}
const duration = z.string().transform((value, context) => {
  const ms = durationMs(value);
  if (ms !== undefined) return ms;
  context.addIssue({ code: 'custom', message: `expected an ISO 8601 duration such as PT1H, got "${value}"` });
  return z.NEVER;
});
const between = (minimumMs: number, maximumMs: number) => duration.pipe(z.number().min(minimumMs).max(maximumMs));
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const eventHubEndpoint = z.looseObject({
  name: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  authenticationType: z.literal('identityBased', 'the local region routes with identities only (authenticationType identityBased)'),
  endpointUri: z.string(),
  entityPath: z.string(),
  identity: z.looseObject({ userAssignedIdentity: z.string().optional() }).nullish(),
});
export type EventHubEndpoint = z.output<typeof eventHubEndpoint>;
const route = z.looseObject({
  name: z.string(),
  source: z.string(),
  condition: z.enum(['true', 'false'], 'the local region evaluates the conditions "true" and "false" only').default('true'),
  endpointNames: z.array(z.string()).length(1, 'a route has one endpoint'),
  isEnabled: z.boolean(),
});

/** The part of a hub's properties that the region acts on. */
export const hubProperties = z
  .looseObject({
    disableLocalAuth: z.boolean().optional(),
    cloudToDevice: z
      .looseObject({
        defaultTtlAsIso8601: between(minuteMs, 48 * hourMs).default(hourMs),
        maxDeliveryCount: z.number().int().min(1).max(100).default(10),
      })
      .default({ defaultTtlAsIso8601: hourMs, maxDeliveryCount: 10 }),
    routing: z
      .looseObject({
        endpoints: z.looseObject({ eventHubs: z.array(eventHubEndpoint).max(10).default([]) }).default({ eventHubs: [] }),
        routes: z.array(route).max(100).default([]),
        fallbackRoute: z.looseObject({ isEnabled: z.boolean() }).optional(),
      })
      .default({ endpoints: { eventHubs: [] }, routes: [] }),
  })
  .superRefine(({ routing }, context) => {
    for (const { name, endpointNames, isEnabled } of routing.routes) {
      const unknown = endpointNames.find(
        (endpoint) => endpoint !== 'events' && !routing.endpoints.eventHubs.some((eventHub) => eventHub.name === endpoint),
      );
      if (unknown !== undefined && isEnabled)
        context.addIssue({
          code: 'custom',
          path: ['routing', 'routes'],
          message: `the route "${name}" names the endpoint "${unknown}", which is not declared under endpoints.eventHubs`,
        });
    }
  });
export type HubProperties = z.output<typeof hubProperties>;
