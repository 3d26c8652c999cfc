import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Properties } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import { createWebServer, sendJson, WebServers } from '../region/webServer';
import { LogQueries } from './logQueries';
import { MetricStore, type StoredSample, type StoredSeries } from './metricStore';
import { PrometheusQueries } from './prometheusQueries';
import { RemoteWriteRequests } from './remoteWriteRequests';
import { TelemetryStore, type StoredRow } from './telemetryStore';
import { TrackRequests } from './trackRequests';

/** Azure Monitor: what is declared, and one TLS port for ingestion and queries. In Azure each of them has a host of its own; here the path tells them apart. */
export class Monitor implements Service {
  readonly name = 'monitor';
  readonly declared: AppendOnlyStore<Properties>;
  private readonly track: TrackRequests;
  private readonly remoteWrite: RemoteWriteRequests;
  private readonly logs: LogQueries;
  private readonly prometheus: PrometheusQueries;
  private readonly telemetry: TelemetryStore;
  private readonly metrics: MetricStore;
  private readonly servers: WebServers;

  constructor(context: RegionContext) {
    this.declared = context.openStore('monitor/declared');
    this.telemetry = new TelemetryStore(context.openStore<StoredRow>('monitor/telemetry'));
    this.metrics = new MetricStore(context.openStore<StoredSeries>('monitor/series'), context.openStore<StoredSample>('monitor/samples'));
    this.track = new TrackRequests(context, this.declared, this.telemetry);
    this.remoteWrite = new RemoteWriteRequests(context, this.declared, this.metrics);
    this.logs = new LogQueries(context, this.declared, this.telemetry);
    this.prometheus = new PrometheusQueries(context, this.metrics);
    this.servers = new WebServers(context.openStore('monitor/ports'), () =>
      createWebServer(
        context.tls,
        (request, response, url) => this.handle(request, response, url),
        (error, response) => {
          context.log(this.name, 'request failed', { error: (error as Error).message });
          sendJson(response, 500, { error: { code: 'InternalServerError', message: 'the local Azure Monitor failed' } });
        },
      ),
    );
  }

  async start(): Promise<void> {
    await this.servers.open(this.name);
  }
  async stop(): Promise<void> {
    await this.servers.closeAll();
  }

  /** Where telemetry comes in and logs are asked. */
  get endpoint(): string {
    return this.servers.origin(this.name);
  }
  /** Where the metrics of an Azure Monitor workspace are asked. */
  prometheusEndpoint(accountId: string): string {
    return `${this.endpoint}/prometheus/${accountId}`;
  }

  /** What was sent to a deleted component is gone with it. */
  forgetComponent(id: string): void {
    this.telemetry.forget(id);
  }
  forgetWorkspace(id: string): void {
    this.metrics.forget(id);
  }

  private async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = decodedPath(url.pathname);
    const reads = request.method === 'GET' || request.method === 'POST';
    if (request.method === 'POST' && /^\/v2(\.1)?\/track$/.test(path)) return this.track.handle(request, response);
    const write = /^\/dataCollectionRules\/([^/]+)\/streams\/([^/]+)\/api\/v1\/write$/i.exec(path);
    if (write && request.method === 'POST') return this.remoteWrite.handle(write[1] ?? '', write[2] ?? '', request, response, url);
    const logs = /^\/v1\/+(subscriptions\/.+)\/query$/i.exec(path);
    if (logs && request.method === 'POST') return this.logs.handle(`/${logs[1] ?? ''}`, request, response);
    const metrics = /^\/prometheus\/([^/]+)\/api\/v1\/(query|query_range|series)$/.exec(path);
    const workspaceId = metrics && [...this.declared.entries()].find(([, resource]) => resource['accountId'] === metrics[1])?.[0];
    if (metrics && workspaceId && reads) return this.prometheus.handle(workspaceId, metrics[2] ?? '', request, response, url);
    request.resume();
    sendJson(response, 404, {
      error: { code: 'PathNotFoundError', message: `The requested path does not exist: ${request.method ?? ''} ${path}` },
    });
  }
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
