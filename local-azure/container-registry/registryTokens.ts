import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import type { Principal } from '../region/tokenAuthority';
import type { Clock } from '../region/clock';

export type Right = 'pull' | 'push' | 'delete' | 'metadata_read' | 'metadata_write' | '*';
/** `type` is repository, or registry for the catalog. */
export interface Access {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly Right[];
}

const prefix = 'Microsoft.ContainerRegistry/registries/';
/** Control-plane actions of a role that give a right; one of them is enough. Reading and writing metadata comes with pull and push. */
export const actionsOf: Readonly<Record<Right, readonly string[]>> = {
  pull: [`${prefix}pull/read`],
  push: [`${prefix}push/write`],
  delete: [`${prefix}artifacts/delete`],
  metadata_read: [`${prefix}metadata/read`, `${prefix}pull/read`],
  metadata_write: [`${prefix}metadata/write`, `${prefix}push/write`],
  '*': [`${prefix}catalog/read`, `${prefix}pull/read`],
};
const isRight = (value: string): value is Right => Object.hasOwn(actionsOf, value);

/** `repository:edge/pkg:pull,push`, several separated by spaces. */
export function parseScopes(scope: string): Access[] {
  return scope
    .split(' ')
    .filter((scope) => scope !== '')
    .flatMap((scope) => {
      const match = /^(repository|registry):([^:]{1,256}):([a-z_*,]{1,100})$/.exec(scope);
      if (!match) return [];
      return [{ type: match[1] ?? '', name: match[2] ?? '', actions: (match[3] ?? '').split(',').filter(isRight) }];
    });
}

const refreshPayload = z.object({ kind: z.literal('refresh'), aud: z.string(), oid: z.string(), appid: z.string(), name: z.string() });
const accessPayload = z.object({
  kind: z.literal('access'),
  aud: z.string(),
  oid: z.string(),
  appid: z.string(),
  name: z.string(),
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(z.string()) })),
});

/** The registry's own tokens: a refresh token for a principal, an access token for what its roles allow. */
export class RegistryTokens {
  private readonly secret: string;
  constructor(
    secretFile: string,
    private readonly clock: Clock,
  ) {
    if (!existsSync(secretFile)) {
      mkdirSync(dirname(secretFile), { recursive: true, mode: 0o700 });
      writeFileSync(secretFile, randomBytes(48).toString('base64url'), { mode: 0o600 });
    }
    this.secret = readFileSync(secretFile, 'utf8');
  }

  refreshToken(service: string, principal: Principal): string {
    return this.sign({ kind: 'refresh', ...claims(principal) }, service, 3 * 3_600);
  }
  accessToken(service: string, principal: Principal, access: readonly Access[]): string {
    return this.sign({ kind: 'access', ...claims(principal), access }, service, 4_500);
  }
  isGood(service: string, token: string): boolean {
    return this.verify(service, token) !== undefined;
  }
  principalOfRefreshToken(service: string, token: string): Principal | undefined {
    const payload = refreshPayload.safeParse(this.verify(service, token));
    return payload.success ? { objectId: payload.data.oid, clientId: payload.data.appid, displayName: payload.data.name } : undefined;
  }
  /** The principal of an access token that holds the right. */
  principalWith(service: string, token: string, type: string, name: string, right: Right): Principal | undefined {
    const payload = accessPayload.safeParse(this.verify(service, token));
    if (
      !payload.success ||
      !payload.data.access.some((access) => access.type === type && access.name === name && access.actions.includes(right))
    )
      return undefined;
    return { objectId: payload.data.oid, clientId: payload.data.appid, displayName: payload.data.name };
  }

  private sign(payload: object, service: string, lifetimeSeconds: number): string {
    const now = Math.floor(this.clock.now().getTime() / 1_000);
    return jwt.sign(
      {
        ...payload,
        iat: now,
        nbf: now - 300,
        exp: now + lifetimeSeconds,
        jti: randomUUID(),
        iss: 'Azure Container Registry',
        aud: service,
      },
      this.secret,
      { algorithm: 'HS256' },
    );
  }
  private verify(service: string, token: string): unknown {
    try {
      return jwt.verify(token, this.secret, {
        algorithms: ['HS256'],
        audience: service,
        clockTimestamp: Math.floor(this.clock.now().getTime() / 1_000),
      });
    } catch {
      return undefined;
    }
  }
}
const claims = (principal: Principal) => ({ oid: principal.objectId, appid: principal.clientId, name: principal.displayName });
