import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import type { Clock } from '../region/clock';
import type { Refusal } from '../region/gate';
import { checkAssertion } from './clientAssertion';
import type { Applications } from './applications';
import type { AssertionUses } from './assertionUses';
import { sessionOf } from './tlsSessions';
import type { TokenAuthority } from '../region/tokenAuthority';

const tokenRequest = z.object({
  client_id: z.uuid(),
  scope: z.string().max(1_000),
  grant_type: z.literal('client_credentials'),
  client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer'),
  client_assertion: z.string().max(16_384),
});

/** The resource of `<resource>/.default`, among the OpenID scopes that MSAL adds. */
export function audienceOfScope(scope: string): string | undefined {
  const resource = scope.split(' ').find((part) => part.endsWith('/.default'));
  return resource?.slice(0, -'/.default'.length).replace(/\/+$/, '') || undefined;
}

/** The authority of the tenant: OpenID configuration, signing keys and tokens for certificate identities. */
export class TokenEndpoint {
  constructor(
    private readonly applications: Applications,
    private readonly authority: TokenAuthority,
    private readonly uses: AssertionUses,
    private readonly clock: Clock,
    private readonly origin: () => string,
    private readonly report: (refusal: Refusal) => void,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const tenant = `/${this.authority.tenantId}`;
    const path = url.pathname;
    const origin = this.origin();
    if (request.method === 'GET' && path === `${tenant}/v2.0/.well-known/openid-configuration`) {
      return sendJson(response, 200, {
        issuer: `${origin}${tenant}/v2.0`,
        authorization_endpoint: `${origin}${tenant}/oauth2/v2.0/authorize`,
        token_endpoint: `${origin}${tenant}/oauth2/v2.0/token`,
        jwks_uri: `${origin}${tenant}/discovery/v2.0/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['pairwise'],
        id_token_signing_alg_values_supported: ['RS256'],
        scopes_supported: ['openid'],
        token_endpoint_auth_methods_supported: ['private_key_jwt'],
      });
    }
    if (request.method === 'GET' && path === `${tenant}/discovery/v2.0/keys`)
      return sendJson(response, 200, { keys: [this.authority.publicJwk()] });
    if (request.method === 'POST' && path === `${tenant}/oauth2/v2.0/token`) return this.token(request, response, `${origin}${path}`);
    return this.answerError(
      response,
      404,
      'invalid_request',
      90002,
      `this authority serves the tenant ${this.authority.tenantId} only, got ${path}`,
    );
  }

  private async token(request: IncomingMessage, response: ServerResponse, tokenEndpoint: string): Promise<void> {
    let form: string;
    try {
      form = (await readBody(request, 64 * 1024)).toString('utf8');
    } catch (error) {
      if (error instanceof BodyTooLarge) return this.answerError(response, 413, 'invalid_request', 900144, error.message);
      throw error;
    }
    const parsed = tokenRequest.safeParse(Object.fromEntries(new URLSearchParams(form)));
    if (!parsed.success)
      return this.answerError(
        response,
        400,
        'invalid_request',
        900144,
        `the request must hold ${parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')}`,
      );
    const { client_id: clientId, scope, client_assertion: assertion } = parsed.data;
    const audience = audienceOfScope(scope);
    if (audience === undefined)
      return this.answerError(response, 400, 'invalid_scope', 1002012, `the scope "${scope}" is not valid, expected <resource>/.default`);
    const application = this.applications.byClientId(clientId);
    const refuse = (status: 400 | 401, error: string, code: number, reason: string) => {
      this.report({
        service: 'entra',
        status: 401,
        identity: application?.displayName ?? clientId,
        ...(application?.servicePrincipalId === undefined ? {} : { objectId: application.servicePrincipalId }),
        action: 'sign in with a certificate',
        scope: audience,
        reason,
      });
      this.answerError(response, status, error, code, reason);
    };
    if (!application)
      return refuse(
        400,
        'unauthorized_client',
        700016,
        `Application with identifier '${clientId}' was not found in the directory '${this.authority.tenantId}'.`,
      );
    if (application.servicePrincipalId === undefined)
      return refuse(
        400,
        'unauthorized_client',
        7000229,
        `the client application ${clientId} is missing a service principal in the tenant ${this.authority.tenantId}`,
      );
    const check = checkAssertion(assertion, application, tokenEndpoint, this.clock.now());
    if (!check.ok) return refuse(401, 'invalid_client', check.code, check.reason);
    if (!this.uses.admit({ clientId: application.clientId, id: check.id, expiresAt: check.expiresAt }, sessionOf(request.socket))) {
      return refuse(401, 'invalid_client', 50013, 'the client assertion was used before, over a TLS session of another client');
    }
    const { token, expiresOn } = this.authority.issue(
      { objectId: application.servicePrincipalId, clientId: application.clientId, displayName: application.displayName },
      audience,
    );
    const lifetime = expiresOn - Math.floor(this.clock.now().getTime() / 1_000);
    return sendJson(
      response,
      200,
      { token_type: 'Bearer', expires_in: lifetime, ext_expires_in: lifetime, access_token: token },
      { 'cache-control': 'no-store' },
    );
  }

  private answerError(response: ServerResponse, status: number, error: string, code: number, reason: string): void {
    const timestamp = this.clock.now().toISOString();
    sendJson(response, status, {
      error,
      error_description: `AADSTS${code}: ${reason}`,
      error_codes: [code],
      timestamp,
      trace_id: randomUUID(),
      correlation_id: randomUUID(),
    });
  }
}
