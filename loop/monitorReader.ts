import type { TokenCredential } from '@azure/identity';
import { LogsQueryClient, LogsQueryResultStatus, type LogsTable, type QueryTimeInterval } from '@azure/monitor-query-logs';
import { z } from 'zod';
import type { StackOutputs } from '../contracts/stackOutputs';
import { itemIdAttribute } from '../contracts/telemetry';

/** Labels that every answer carries, each with this value. */
type LabelFilter = Readonly<Record<string, string>>;
interface TraceRow {
  readonly at: Date;
  readonly message: string;
  readonly severityLevel: number;
  readonly labels: LabelFilter;
}
interface MetricRow {
  readonly at: Date;
  readonly name: string;
  readonly value: number;
  readonly labels: LabelFilter;
}
interface SeriesPoint {
  readonly at: Date;
  readonly value: number;
  readonly labels: LabelFilter;
}

const queryTimeoutMs = 20_000;
const maxRows = 10_000;
const prometheusAudience = 'https://prometheus.monitor.azure.com/.default';
const quoted = (text: string) => JSON.stringify(text);
const dimension = (key: string) => `tostring(customDimensions[${quoted(key)}])`;
const conditions = (labels: LabelFilter) => Object.entries(labels).map(([key, value]) => `${dimension(key)} == ${quoted(value)}`);
const where = (all: readonly string[]) => (all.length === 0 ? '' : ` | where ${all.join(' and ')}`);
const matrix = z.object({
  status: z.literal('success'),
  data: z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), values: z.array(z.tuple([z.number(), z.string()])) })),
  }),
});

/** Asks Azure Monitor what arrived there: logs and metrics in Application Insights, series in the Azure Monitor workspace. */
export class MonitorReader {
  private readonly logs: LogsQueryClient;

  constructor(
    private readonly outputs: Pick<StackOutputs, 'applicationInsightsId' | 'logsQueryEndpoint' | 'metricsQueryEndpoint'>,
    private readonly credential: TokenCredential,
  ) {
    this.logs = new LogsQueryClient(credential, { endpoint: outputs.logsQueryEndpoint, retryOptions: { maxRetries: 2 } });
    // The client's own timer outlives a request that failed and would keep the process; it also takes no signal.
    this.logs.pipeline.addPolicy(
      {
        name: 'timeout',
        sendRequest: (request, next) => {
          request.abortSignal = AbortSignal.timeout(queryTimeoutMs);
          return next(request);
        },
      },
      { afterPhase: 'Retry' },
    );
  }

  /** Log lines with these labels, oldest first. */
  async traces(labels: LabelFilter, since?: Date): Promise<TraceRow[]> {
    const table = await this.ask(
      `traces${where(conditions(labels))} | order by timestamp asc | take ${maxRows} | project timestamp, message, severityLevel, customDimensions`,
      since,
    );
    return table.rows.map(([at, message, severityLevel, dimensions]) => ({
      at: at as Date,
      message: String(message),
      severityLevel: Number(severityLevel),
      labels: dimensions as unknown as LabelFilter,
    }));
  }

  /** Metric values with these labels, oldest first; of every metric, or of one. */
  async customMetrics(labels: LabelFilter, options: { readonly name?: string; readonly since?: Date } = {}): Promise<MetricRow[]> {
    const named = options.name === undefined ? [] : [`name == ${quoted(options.name)}`];
    const table = await this.ask(
      `customMetrics${where([...named, ...conditions(labels)])} | order by timestamp asc | take ${maxRows} | project timestamp, name, value, customDimensions`,
      options.since,
    );
    return table.rows.map(([at, name, value, dimensions]) => ({
      at: at as Date,
      name: String(name),
      value: Number(value),
      labels: dimensions as unknown as LabelFilter,
    }));
  }

  /** Points of the series of a metric with these labels, oldest first. */
  async series(metric: string, labels: LabelFilter, since = new Date(Date.now() - 86_400_000)): Promise<SeriesPoint[]> {
    const matchers = Object.entries(labels)
      .map(([key, value]) => `${key}=${quoted(value)}`)
      .join(',');
    const seconds = Math.max(1, Math.ceil((Date.now() - since.getTime()) / 1_000));
    const token = await this.credential.getToken(prometheusAudience);
    const response = await fetch(`${this.outputs.metricsQueryEndpoint.replace(/\/+$/, '')}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token?.token ?? ''}`, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ query: `${metric}{${matchers}}[${seconds}s]` }).toString(),
      signal: AbortSignal.timeout(queryTimeoutMs),
    });
    const text = await response.text();
    if (!response.ok)
      throw new Error(`the Azure Monitor workspace answered ${response.status} to a query of ${metric}: ${text.slice(0, 300)}`);
    const points = matrix
      .parse(JSON.parse(text))
      .data.result.flatMap(({ metric: found, values }) =>
        values.map(([at, value]) => ({ at: new Date(at * 1_000), value: Number(value), labels: found })),
      );
    return points.sort((a, b) => a.at.getTime() - b.at.getTime());
  }

  /** Ids of everything that arrived of one sender's stream, as often as it arrived. */
  async idsOf(stream: string): Promise<{ readonly logs: readonly string[]; readonly metrics: readonly string[] }> {
    const ids = async (table: string) =>
      (
        await this.ask(
          `${table} | where ${dimension(itemIdAttribute)} startswith ${quoted(`${stream}/`)} | project id = ${dimension(itemIdAttribute)}`,
        )
      ).rows.map(([id]) => String(id));
    const [logs, metrics] = await Promise.all([ids('traces'), ids('customMetrics')]);
    return { logs, metrics };
  }

  private async ask(query: string, since?: Date): Promise<LogsTable> {
    const span: QueryTimeInterval =
      since === undefined ? { duration: 'P1D' } : { startTime: since, endTime: new Date(Date.now() + 60_000) };
    const result = await this.logs.queryResource(this.outputs.applicationInsightsId, query, span);
    const tables = result.status === LogsQueryResultStatus.Success ? result.tables : result.partialTables;
    const [table] = tables;
    if (result.status !== LogsQueryResultStatus.Success || table === undefined)
      throw new Error(`Azure Monitor answered a part of ${query} only; ask for a shorter time`);
    return table;
  }
}
