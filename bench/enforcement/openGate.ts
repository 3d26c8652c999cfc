import { Gate, type AccessRequest, type AccessDecision } from '../../local-azure/region/gate';
import type { Principal } from '../../local-azure/region/tokenAuthority';

/** Who the token says it is for, and until when; nothing of it is checked. */
function claimed(token: string): { readonly principal: Principal; readonly expiresAt: Date } {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;
  return {
    principal: { objectId: String(claims['oid']), clientId: String(claims['appid']), displayName: String(claims['app_displayname']) },
    expiresAt: new Date(Number(claims['exp']) * 1_000),
  };
}

/** What the gate is measured against: it believes every token and asks no role. */
export class OpenGate extends Gate {
  /** How often it was asked for a decision. */
  static decisions = 0;

  override authenticate(token: string | undefined, request: AccessRequest): AccessDecision {
    if (token === undefined) return super.authenticate(token, request);
    return { allowed: true, ...claimed(token) };
  }

  override authorizePrincipal(
    principal: Principal,
    _request: Omit<AccessRequest, 'audiences'>,
    expiresAt = new Date(8.64e15),
  ): AccessDecision {
    OpenGate.decisions++;
    return { allowed: true, principal, expiresAt };
  }
}
