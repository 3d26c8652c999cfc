import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { subscriptionId, tenantId, type RegionContext, type Service } from '../region/regionContext';
import { ArmError, type ArmEndpoint, type ArmRoute } from '../region/serviceInterfaces';
import { BodyTooLarge, createWebServer, readBody, sendJson, WebServers } from '../region/webServer';

const maxBodyBytes = 4 * 1024 * 1024;
const methods = ['GET', 'PUT', 'POST', 'PATCH', 'DELETE'];

/** Path as routes see it: decoded once, single slashes, no slash at the end. */
export function decodedPath(pathname: string): string {
  let decoded: string;
  try {
    decoded = decodeURIComponent(pathname);
  } catch {
    throw new ArmError(400, 'InvalidUri', `the path ${pathname} is not percent-encoded correctly`);
  }
  return decoded.replaceAll(/\/{2,}/g, '/').replace(/(.)\/$/, '$1');
}

interface CompiledRoute {
  readonly route: ArmRoute;
  readonly pattern: RegExp;
}

/** Azure Resource Manager of the region: authenticates, asks the gate, and hands the request to the service that has the route. */
export class ResourceManager implements Service, ArmEndpoint {
  readonly name = 'resource-manager';
  private readonly routes: CompiledRoute[] = [];
  private readonly servers: WebServers;

  constructor(private readonly context: RegionContext) {
    this.servers = new WebServers(context.openStore<number>('resource-manager/ports'), () =>
      createWebServer(
        context.tls,
        (request, response, url) => this.handle(request, response, url),
        (error, response) => this.failed(error, response),
      ),
    );
    this.addRoutes([
      {
        method: 'GET',
        pattern: /\/subscriptions\/(?<subscription>[^/]+)/,
        action: () => 'Microsoft.Resources/subscriptions/read',
        scope: (match) => match[0],
        handle: async ({ match }) => {
          if (match.groups?.['subscription']?.toLowerCase() !== subscriptionId)
            throw new ArmError(
              404,
              'SubscriptionNotFound',
              `The subscription '${match.groups?.['subscription'] ?? ''}' could not be found.`,
            );
          return {
            status: 200,
            body: { id: `/subscriptions/${subscriptionId}`, subscriptionId, tenantId, displayName: 'local region', state: 'Enabled' },
          };
        },
      },
    ]);
  }

  addRoutes(routes: readonly ArmRoute[]): void {
    for (const route of routes) this.routes.push({ route, pattern: new RegExp(`^(?:${route.pattern.source})$`, 'i') });
  }

  get endpoint(): string {
    return this.servers.origin(this.name);
  }

  async start(): Promise<void> {
    await this.servers.open(this.name);
  }
  async stop(): Promise<void> {
    await this.servers.closeAll();
  }

  private async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const path = decodedPath(url.pathname);
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const audiences = ['https://management.azure.com', 'https://management.core.windows.net', this.endpoint];
    const found = this.find(request.method ?? '', path);
    const scope = found?.route.scope(found.match) ?? path;
    // A path that no service has is still a protected path: who asks must be known before it is answered that nothing is there.
    if (!found) {
      const check = this.context.gate.authenticate(token, {
        service: this.name,
        audiences,
        actions: [`${request.method ?? ''} of what nothing serves`],
        scope,
      });
      if (!check.allowed) return this.unauthenticated(response, check.reason);
      throw this.noRoute(request.method ?? '', path, url.searchParams);
    }
    const action = found.route.action(found.match);
    const decision = this.context.gate.authorize(token, { service: this.name, audiences, actions: [action], scope });
    if (!decision.allowed && decision.status === 401) return this.unauthenticated(response, decision.reason);
    if (!decision.allowed) {
      const client = decision.principal;
      throw new ArmError(
        403,
        'AuthorizationFailed',
        `The client '${client?.clientId ?? ''}' with object id '${client?.objectId ?? ''}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
      );
    }
    if (!url.searchParams.has('api-version'))
      throw new ArmError(
        400,
        'MissingApiVersionParameter',
        'The api-version query parameter (?api-version=) is required for all requests.',
      );
    const body = await this.body(request);
    const answer = await found.route.handle({ match: found.match, query: url.searchParams, body, principal: decision.principal });
    sendJson(response, answer.status, answer.body, { ...this.requestIds(), ...answer.headers });
  }

  private find(method: string, path: string): { route: ArmRoute; match: RegExpExecArray } | undefined {
    for (const { route, pattern } of this.routes) {
      const match = route.method === method ? pattern.exec(path) : null;
      if (match) return { route, match };
    }
    return undefined;
  }

  private noRoute(method: string, path: string, query: URLSearchParams): ArmError {
    const other = this.routes.filter(({ pattern }) => pattern.test(path)).map(({ route }) => route.method);
    if (other.length > 0 || !methods.includes(method))
      return new ArmError(
        405,
        'MethodNotAllowed',
        `The HTTP method '${method}' is not supported at '${path}'; it has ${other.join(', ') || 'none'}.`,
      );
    const provider = /\/providers\/([^/]+)\/(.*)$/i.exec(path);
    if (!provider) return new ArmError(404, 'NotFound', `Nothing answers at '${path}'.`);
    const type = (provider[2] ?? '')
      .split('/')
      .filter((_, index) => index % 2 === 0)
      .join('/');
    return new ArmError(
      404,
      'InvalidResourceType',
      `The resource type '${type}' could not be found in the namespace '${provider[1] ?? ''}' for api version '${query.get('api-version') ?? ''}': the local region does not serve it.`,
    );
  }

  private async body(request: IncomingMessage): Promise<unknown> {
    const bytes = await readBody(request, maxBodyBytes);
    if (bytes.length === 0) return undefined;
    try {
      return JSON.parse(bytes.toString('utf8')) as unknown;
    } catch {
      throw new ArmError(400, 'InvalidRequestContent', 'The request content was invalid and could not be deserialized: expected JSON.');
    }
  }

  private requestIds(): Record<string, string> {
    const id = randomUUID();
    return { 'x-ms-request-id': id, 'x-ms-correlation-request-id': id, 'cache-control': 'no-cache' };
  }

  private unauthenticated(response: ServerResponse, reason: string): void {
    const challenge = `Bearer authorization_uri="https://login.microsoftonline.com/${tenantId}", error="invalid_token", error_description="${reason.replaceAll('"', "'")}"`;
    sendJson(
      response,
      401,
      { error: { code: 'InvalidAuthenticationToken', message: `The access token is invalid: ${reason}.` } },
      { ...this.requestIds(), 'www-authenticate': challenge },
    );
  }

  private failed(error: unknown, response: ServerResponse): void {
    if (error instanceof ArmError)
      return sendJson(response, error.status, { error: { code: error.code, message: error.message } }, this.requestIds());
    if (error instanceof BodyTooLarge)
      return sendJson(
        response,
        413,
        { error: { code: 'RequestContentTooLarge', message: error.message } },
        { ...this.requestIds(), connection: 'close' },
      );
    this.context.log(this.name, 'request failed', { error: (error as Error).message });
    sendJson(
      response,
      500,
      { error: { code: 'InternalServerError', message: 'The local region failed to answer; its log says why.' } },
      this.requestIds(),
    );
  }
}
