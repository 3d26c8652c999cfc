import type { Principal, TokenAuthority } from './tokenAuthority';
import type { Clock } from './clock';
import type { RoleAssignments } from './roleAssignments';

/** What a service refuses before roles are asked for: an assertion, a device's certificate, a signature, a path. */
export interface Refusal {
  readonly service: string;
  readonly status: 400 | 401 | 403;
  readonly identity: string;
  readonly objectId?: string;
  readonly action: string;
  readonly scope: string;
  readonly reason: string;
}
export interface Denial {
  readonly at: string;
  readonly service: string;
  readonly status: Refusal['status'];
  readonly objectId: string | null;
  readonly identity: string;
  readonly action: string;
  readonly scope: string;
  readonly reason: string;
  readonly rolesThatGrant: readonly string[];
}
export type AccessDecision =
  | { readonly allowed: true; readonly principal: Principal; readonly expiresAt: Date }
  | { readonly allowed: false; readonly status: 401 | 403; readonly reason: string; readonly principal?: Principal };

/** `actions` are alternatives: one of them is enough, as where Azure accepts write or add. */
export interface AccessRequest {
  readonly service: string;
  readonly audiences: readonly string[];
  readonly actions: readonly string[];
  readonly scope: string;
}

/** The one gate: every data plane of the region asks it and nothing else. Refusals are kept: the SDKs hide them behind retries. */
export class Gate {
  readonly denials: Denial[] = [];
  private readonly listeners = new Set<(denial: Denial) => void>();
  constructor(
    private readonly authority: TokenAuthority,
    private readonly roles: RoleAssignments,
    private readonly clock: Clock,
  ) {}

  /** `token` is the bare JWT; undefined stands for a request without credentials. */
  authorize(token: string | undefined, request: AccessRequest): AccessDecision {
    const decision = this.authenticate(token, request);
    return decision.allowed ? this.authorizePrincipal(decision.principal, request, decision.expiresAt) : decision;
  }

  /** Who asks, where what may be done is asked later. */
  authenticate(token: string | undefined, request: AccessRequest): AccessDecision {
    if (token === undefined) return this.refuse(401, undefined, request, 'no credentials');
    const check = this.authority.verify(token, request.audiences);
    return check.ok
      ? { allowed: true, principal: check.principal, expiresAt: check.expiresAt }
      : this.refuse(401, undefined, request, check.reason);
  }

  /** For a principal that was verified before (an AMQP connection, a SAS signer, a service's own identity). */
  authorizePrincipal(principal: Principal, request: Omit<AccessRequest, 'audiences'>, expiresAt = new Date(8.64e15)): AccessDecision {
    if (request.actions.some((action) => this.roles.allowed(principal.objectId, action, request.scope)))
      return { allowed: true, principal, expiresAt };
    return this.refuse(403, principal, request, 'no role assignment grants the action at this scope');
  }

  onDenial(listener: (denial: Denial) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Puts into the log of refusals what a service refused by itself. */
  report({ objectId, ...refusal }: Refusal): void {
    this.keep({ ...refusal, at: this.clock.now().toISOString(), objectId: objectId ?? null, rolesThatGrant: [] });
  }

  private refuse(
    status: 401 | 403,
    principal: Principal | undefined,
    request: Omit<AccessRequest, 'audiences'>,
    reason: string,
  ): AccessDecision {
    this.keep({
      at: this.clock.now().toISOString(),
      service: request.service,
      status,
      objectId: principal?.objectId ?? null,
      identity: principal?.displayName ?? 'anonymous',
      action: request.actions.join(' or '),
      scope: request.scope,
      reason,
      rolesThatGrant: this.roles.rolesGranting(request.actions[0] ?? ''),
    });
    return { allowed: false, status, reason, ...(principal ? { principal } : {}) };
  }

  private keep(denial: Denial): void {
    if (this.denials.push(denial) > 10_000) this.denials.shift();
    for (const listener of this.listeners) listener(denial);
  }
}
