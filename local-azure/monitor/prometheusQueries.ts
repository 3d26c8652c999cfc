import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { bearerToken } from '../region/bearerToken';
import type { Labels, MetricStore, Sample } from './metricStore';
import { parseSelector, PromError } from './promSelector';

/** Prometheus looks this far back for the value of an instant. */
const lookBackMs = 300_000;
const maxSteps = 11_000;
const shown = ({ timestamp, value }: Sample): [number, string] => [
  timestamp / 1_000,
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf',
];

function time(text: string | null, otherwise: number): number {
  if (text === null || text === '') return otherwise;
  const milliseconds = /^-?\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (Number.isNaN(milliseconds)) throw new PromError(`expected seconds since 1970 or an RFC 3339 time, got ${text}`);
  return milliseconds;
}
/** Value of a series at an instant. */
const at = (samples: readonly Sample[], instant: number): Sample | undefined => {
  const found = samples.findLast(({ timestamp }) => timestamp <= instant);
  return found !== undefined && found.timestamp > instant - lookBackMs ? { timestamp: instant, value: found.value } : undefined;
};

/** The query API of an Azure Monitor workspace: query, query_range and series. */
export class PrometheusQueries {
  constructor(
    private readonly context: RegionContext,
    private readonly store: MetricStore,
  ) {}

  async handle(workspaceId: string, what: string, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const decision = this.context.gate.authorize(bearerToken(request), {
      service: 'monitor',
      audiences: ['https://prometheus.monitor.azure.com'],
      actions: ['Microsoft.Monitor/accounts/data/metrics/read'],
      scope: workspaceId,
    });
    const refuse = (status: number, errorType: string, error: string) => {
      request.resume();
      sendJson(response, status, { status: 'error', errorType, error });
    };
    if (!decision.allowed)
      return refuse(
        decision.status,
        decision.status === 401 ? 'unauthorized' : 'forbidden',
        decision.status === 401 ? decision.reason : `the identity lacks Monitoring Data Reader on ${workspaceId}`,
      );
    try {
      const parameters = new URLSearchParams(url.search);
      if (request.method === 'POST')
        for (const [key, value] of new URLSearchParams((await readBody(request, 1_000_000)).toString('utf8')))
          parameters.append(key, value);
      sendJson(response, 200, { status: 'success', data: this.answer(workspaceId, what, parameters) });
    } catch (error) {
      if (error instanceof BodyTooLarge) return refuse(413, 'bad_data', error.message);
      if (error instanceof PromError) return refuse(400, 'bad_data', error.message);
      throw error;
    }
  }

  private answer(workspaceId: string, what: string, parameters: URLSearchParams): unknown {
    const now = this.context.clock.now().getTime();
    if (what === 'series') {
      const [from, to] = [time(parameters.get('start'), 0), time(parameters.get('end'), now)];
      const selectors = parameters.getAll('match[]').map(parseSelector);
      if (selectors.length === 0) throw new PromError('no match[] parameter provided');
      const found = selectors
        .flatMap(({ matchers }) => this.store.select(workspaceId, matchers))
        .filter(({ samples }) => samples.some(({ timestamp }) => timestamp >= from && timestamp <= to));
      return [...new Map(found.map(({ labels }): [string, Labels] => [JSON.stringify(labels), labels])).values()];
    }
    const { matchers, rangeMs } = parseSelector(parameters.get('query') ?? '');
    const found = this.store.select(workspaceId, matchers);
    if (what === 'query_range') return { resultType: 'matrix', result: this.range(found, rangeMs, parameters) };
    const instant = time(parameters.get('time'), now);
    if (rangeMs === undefined)
      return {
        resultType: 'vector',
        result: found.flatMap(({ labels, samples }) =>
          [at(samples, instant)].filter((sample) => sample !== undefined).map((sample) => ({ metric: labels, value: shown(sample) })),
        ),
      };
    const inRange = found.map(({ labels, samples }) => ({
      metric: labels,
      values: samples.filter(({ timestamp }) => timestamp <= instant && timestamp > instant - rangeMs).map(shown),
    }));
    return { resultType: 'matrix', result: inRange.filter(({ values }) => values.length > 0) };
  }

  private range(found: ReturnType<MetricStore['select']>, rangeMs: number | undefined, parameters: URLSearchParams): unknown[] {
    if (rangeMs !== undefined)
      throw new PromError('invalid expression type "range vector" for range query, must be Scalar or instant Vector');
    const [start, end] = [time(parameters.get('start'), Number.NaN), time(parameters.get('end'), Number.NaN)];
    const given = parameters.get('step') ?? '';
    const step = Number(/^(\d+(?:\.\d+)?)s?$/.exec(given)?.[1] ?? Number.NaN) * 1_000;
    if (Number.isNaN(start) || Number.isNaN(end) || !(step > 0) || end < start)
      throw new PromError(
        `expected start, end and a step in seconds, got ${parameters.get('start') ?? 'nothing'}, ${parameters.get('end') ?? 'nothing'} and ${given}`,
      );
    if ((end - start) / step > maxSteps) throw new PromError(`exceeded maximum resolution of ${maxSteps} points per timeseries`);
    const instants = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, index) => start + index * step);
    return found
      .map(({ labels, samples }) => ({
        metric: labels,
        values: instants.flatMap((instant) => [at(samples, instant)].filter((sample) => sample !== undefined).map(shown)),
      }))
      .filter(({ values }) => values.length > 0);
  }
}
