import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Properties } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { bearerToken } from '../region/bearerToken';
import type { MetricStore } from './metricStore';
import { BadWrite, maxWriteBytes, readWriteRequest } from './remoteWrite';
import { ingestionAudience } from './trackRequests';

interface Flow {
  readonly streams?: readonly string[];
  readonly destinations?: readonly string[];
}
interface Account {
  readonly name?: string;
  readonly accountResourceId?: string;
}
const faultOf = (code: string, message: string) => ({ error: { code, message } });

/** Prometheus remote write into Azure Monitor workspaces, as a data collection rule says. */
export class RemoteWriteRequests {
  constructor(
    private readonly context: RegionContext,
    private readonly declared: AppendOnlyStore<Properties>,
    private readonly store: MetricStore,
  ) {}

  async handle(rule: string, stream: string, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const found = [...this.declared.entries()].find(
      ([, resource]) => String(resource['immutableId']).toLowerCase() === rule.toLowerCase() && resource['dataFlows'] !== undefined,
    );
    const token = bearerToken(request);
    const scope = found?.[0] ?? `/dataCollectionRules/${rule}`;
    const decision = this.context.gate.authorize(token, {
      service: 'monitor',
      audiences: [ingestionAudience],
      actions: ['Microsoft.Insights/Metrics/Write'],
      scope,
    });
    request.on('error', () => undefined);
    const refuse = (status: number, code: string, message: string) => {
      request.resume();
      sendJson(response, status, faultOf(code, message));
    };
    if (!decision.allowed && decision.status === 401)
      return refuse(401, 'InvalidToken', `The request has no usable token: ${decision.reason}.`);
    if (found === undefined) return refuse(404, 'NotFound', `Data collection rule with immutable Id '${rule}' not found.`);
    if (!decision.allowed)
      return refuse(
        403,
        'OperationFailed',
        `The authentication token provided does not have access to ingest data for the data collection rule with immutable Id '${rule}'.`,
      );
    if (!url.searchParams.has('api-version'))
      return refuse(400, 'MissingApiVersionParameter', 'The api-version query parameter is missing.');
    const workspaces = destinationsOf(found[1], stream);
    if (workspaces.length === 0)
      return refuse(
        404,
        'InvalidStream',
        `The data collection rule with immutable Id '${rule}' sends the stream ${stream} to no Azure Monitor workspace.`,
      );
    if (request.headers['content-encoding'] !== 'snappy')
      return refuse(415, 'UnsupportedMediaType', `expected content-encoding snappy, got ${request.headers['content-encoding'] ?? 'none'}`);
    try {
      const series = readWriteRequest(await readBody(request, maxWriteBytes));
      for (const workspace of workspaces) this.store.write(workspace, series);
      sendJson(response, 200);
    } catch (error) {
      if (error instanceof BodyTooLarge) return refuse(413, 'ContentLengthLimitExceeded', error.message);
      if (error instanceof BadWrite) return refuse(400, 'InvalidPayload', error.message);
      throw error;
    }
  }
}

function destinationsOf(rule: Properties, stream: string): string[] {
  const accounts = (rule['destinations'] as { monitoringAccounts?: readonly Account[] } | undefined)?.monitoringAccounts ?? [];
  const names = ((rule['dataFlows'] ?? []) as readonly Flow[])
    .filter((flow) => flow.streams?.includes(stream) === true)
    .flatMap((flow) => flow.destinations ?? []);
  return accounts
    .filter(({ name, accountResourceId }) => name !== undefined && accountResourceId !== undefined && names.includes(name))
    .map(({ accountResourceId }) => accountResourceId ?? '');
}
