import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Refusal } from '../region/gate';
import { sendJson } from '../region/webServer';
import type { Principal, TokenAuthority } from '../region/tokenAuthority';

type Protocol = 'appService' | 'machineLearning';
interface Grant {
  readonly secret: Buffer;
  readonly identities: readonly Principal[];
  readonly systemAssigned: Principal | undefined;
}

/** What differs between App Service's protocol (Container Apps) and Azure ML compute's. */
const protocols = {
  appService: { path: '/msi/token', apiVersion: '2019-08-01', secretHeader: 'x-identity-header', clientIdParameter: 'client_id' },
  machineLearning: { path: '/machine-learning/msi/token', apiVersion: '2017-09-01', secretHeader: 'secret', clientIdParameter: 'clientid' },
} as const;

const sameSecret = (given: string, secret: Buffer) => {
  const bytes = Buffer.from(given);
  return bytes.length === secret.length && timingSafeEqual(bytes, secret);
};

/**
 * Gives a process tokens for the identities of its declaration and for no other. Whoever knows the secret of a replica is
 * that replica, as in Azure.
 */
export class ManagedIdentityEndpoint {
  private readonly grants = new Map<Protocol, Set<Grant>>([
    ['appService', new Set()],
    ['machineLearning', new Set()],
  ]);
  constructor(
    private readonly authority: TokenAuthority,
    private readonly resourceIdOf: (principal: Principal) => string | undefined,
    private readonly report: (refusal: Refusal) => void,
  ) {}

  grant(
    origin: string,
    identities: readonly Principal[],
    protocol: Protocol,
    systemAssigned?: Principal,
  ): { environment: Record<string, string>; revoke(): void } {
    const secret = randomBytes(32).toString('base64url');
    const grants = this.grantsOf(protocol);
    const grant: Grant = {
      secret: Buffer.from(secret),
      identities: systemAssigned ? [...identities, systemAssigned] : identities,
      systemAssigned,
    };
    grants.add(grant);
    const url = `${origin}${protocols[protocol].path}`;
    const defaultIdentity = systemAssigned ?? (identities.length === 1 ? identities[0] : undefined);
    const environment: Record<string, string> =
      protocol === 'appService'
        ? { IDENTITY_ENDPOINT: url, IDENTITY_HEADER: secret }
        : { MSI_ENDPOINT: url, MSI_SECRET: secret, ...(defaultIdentity ? { DEFAULT_IDENTITY_CLIENT_ID: defaultIdentity.clientId } : {}) };
    return { environment, revoke: () => void grants.delete(grant) };
  }

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    request.resume();
    const protocol = (Object.keys(protocols) as Protocol[]).find((name) => protocols[name].path === url.pathname);
    if (protocol === undefined || request.method !== 'GET') return sendJson(response, 404, { statusCode: 404, message: 'not found' });
    const { apiVersion, secretHeader, clientIdParameter } = protocols[protocol];
    const given = request.headers[secretHeader];
    let grant: Grant | undefined;
    for (const candidate of this.grantsOf(protocol))
      if (typeof given === 'string' && sameSecret(given, candidate.secret)) grant = candidate;
    const resource = url.searchParams.get('resource');
    const refuse = (status: 400 | 401, identity: string, message: string) => {
      this.report({
        service: 'entra',
        status: status === 401 ? 401 : 403,
        identity,
        action: 'get a token of a managed identity',
        scope: (resource ?? '').slice(0, 500),
        reason: message,
      });
      sendJson(response, status, { statusCode: status, message });
    };
    if (!grant) return refuse(401, 'anonymous', `the header ${secretHeader} is not that of a running replica`);
    const bad = (message: string) => sendJson(response, 400, { statusCode: 400, message });
    if (url.searchParams.get('api-version') !== apiVersion)
      return bad(`expected api-version=${apiVersion}, got ${url.searchParams.get('api-version') ?? 'none'}`);
    if (!resource || resource.length > 500) return bad('expected the parameter resource');
    const principal = this.identityOf(grant, url.searchParams, clientIdParameter);
    if (typeof principal === 'string') return refuse(400, grant.identities.map(({ displayName }) => displayName).join(', '), principal);
    const { token, expiresOn } = this.authority.issue(principal, resource.replace(/\/\.default$/, ''));
    return sendJson(
      response,
      200,
      { access_token: token, expires_on: String(expiresOn), resource, token_type: 'Bearer', client_id: principal.clientId },
      { 'cache-control': 'no-store' },
    );
  }

  private grantsOf(protocol: Protocol): Set<Grant> {
    return this.grants.get(protocol) as Set<Grant>;
  }

  /** The identity that the query asks for, or why there is none. */
  private identityOf(grant: Grant, query: URLSearchParams, clientIdParameter: string): Principal | string {
    const clientId = query.get(clientIdParameter) ?? undefined;
    const objectId = query.get('object_id') ?? query.get('principal_id') ?? undefined;
    const resourceId = query.get('mi_res_id') ?? undefined;
    if (clientId === undefined && objectId === undefined && resourceId === undefined) {
      return (
        grant.systemAssigned ??
        'no client_id was given and this replica has no system-assigned identity: set AZURE_CLIENT_ID to the client id of its user-assigned identity'
      );
    }
    const found = grant.identities.find(
      (identity) =>
        identity.clientId === clientId?.toLowerCase() ||
        identity.objectId === objectId?.toLowerCase() ||
        (resourceId !== undefined && this.resourceIdOf(identity) === resourceId.toLowerCase()),
    );
    return (
      found ??
      `no managed identity ${clientId ?? objectId ?? resourceId ?? ''} is assigned to this replica; it has ${grant.identities.map((identity) => `${identity.displayName} (${identity.clientId})`).join(', ') || 'none'}`
    );
  }
}
