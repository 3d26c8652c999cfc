import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Properties } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { bearerToken } from '../region/bearerToken';
import { runQuery } from './kustoRun';
import { parseQuery, QueryError } from './kustoSyntax';
import type { TelemetryStore } from './telemetryStore';
import { timespan } from './timespan';

const audiences = ['https://api.loganalytics.io', 'https://api.loganalytics.azure.com'];
const body = z.object({ query: z.string().min(1).max(100_000), timespan: z.string().max(200).nullish() });
/** Resource-context queries are allowed table by table; workspace-based components keep their tables under these names. */
const storedTables = new Map([
  ['traces', 'AppTraces'],
  ['customMetrics', 'AppMetrics'],
]);

/** Queries of the logs of one resource: `POST /v1/<ARM id>/query`, of Application Insights components only. */
export class LogQueries {
  constructor(
    private readonly context: RegionContext,
    private readonly declared: AppendOnlyStore<Properties>,
    private readonly store: TelemetryStore,
  ) {}

  async handle(resourceId: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refuse = (status: number, code: string, message: string, inner?: { code: string; message: string }) => {
      request.resume();
      sendJson(response, status, { error: { code, message, ...(inner === undefined ? {} : { innererror: inner }) } });
    };
    const bad = (code: string, message: string) =>
      refuse(400, 'BadArgumentError', 'The request had some invalid properties', { code, message });
    try {
      const given = body.safeParse(JSON.parse((await readBody(request, 1_000_000)).toString('utf8')));
      if (!given.success) return bad('BadArgumentError', 'expected {"query": "<KQL>", "timespan": "<ISO 8601 interval>"}');
      const table = /^\s*(\w*)/.exec(given.data.query)?.[1] ?? '';
      const action = `Microsoft.Insights/logs/${storedTables.get(table) ?? table}/read`;
      const decision = this.context.gate.authorize(bearerToken(request), {
        service: 'monitor',
        audiences,
        actions: [action],
        scope: resourceId,
      });
      if (!decision.allowed && decision.status === 401)
        return refuse(401, 'InvalidTokenError', `The provided authentication token is not valid for this resource: ${decision.reason}`);
      if (!decision.allowed)
        return refuse(
          403,
          'InsufficientAccessError',
          'The provided credentials have insufficient access to perform the requested operation',
        );
      if (this.declared.get(resourceId.toLowerCase())?.['instrumentationKey'] === undefined)
        return refuse(
          404,
          'PathNotFoundError',
          `The requested path does not exist: ${resourceId} is no Application Insights component of this region`,
        );
      const interval = given.data.timespan ?? undefined;
      const span = interval === undefined ? undefined : timespan(interval, this.context.clock.now().getTime());
      if (interval !== undefined && span === undefined) return bad('TimespanError', `expected an ISO 8601 interval, got ${interval}`);
      const { columns, rows } = runQuery(parseQuery(given.data.query), (table) => {
        const all = this.store.rows(resourceId, table);
        return span === undefined
          ? all
          : all.filter(({ timestamp }) => Date.parse(String(timestamp)) >= span.from && Date.parse(String(timestamp)) <= span.to);
      });
      sendJson(response, 200, { tables: [{ name: 'PrimaryResult', columns, rows }] });
    } catch (error) {
      if (error instanceof BodyTooLarge) return refuse(413, 'RequestTooLarge', error.message);
      if (error instanceof SyntaxError) return bad('BadArgumentError', 'the body is not JSON');
      if (error instanceof QueryError) return bad(error.code, error.message);
      throw error;
    }
  }
}
