import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import jwt from 'jsonwebtoken';
import type { Clock } from './clock';

/** Who a verified token speaks for. */
export interface Principal {
  readonly objectId: string;
  readonly clientId: string;
  readonly displayName: string;
}
type TokenCheck =
  { readonly ok: true; readonly principal: Principal; readonly expiresAt: Date } | { readonly ok: false; readonly reason: string };

const withoutTrailingSlash = (audience: string) => audience.replace(/\/+$/, '');

/** Issues and verifies the region's access tokens: RS256, one key, one tenant. */
export class TokenAuthority {
  private readonly privateKey: string;
  private readonly publicKey: string;
  readonly keyId: string;
  readonly issuer: string;

  constructor(
    readonly tenantId: string,
    keyFile: string,
    private readonly clock: Clock,
    private readonly lifetimeSeconds = 3_600,
  ) {
    if (!existsSync(keyFile)) {
      mkdirSync(dirname(keyFile), { recursive: true, mode: 0o700 });
      const { privateKey } = generateKeyPairSync('rsa', {
        modulusLength: 2048,
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
        publicKeyEncoding: { type: 'spki', format: 'pem' },
      });
      writeFileSync(keyFile, privateKey, { mode: 0o600 });
    }
    this.privateKey = readFileSync(keyFile, 'utf8');
    this.publicKey = createPublicKey(this.privateKey).export({ type: 'spki', format: 'pem' }).toString();
    this.keyId = createHash('sha256').update(this.publicKey).digest('base64url').slice(0, 22);
    this.issuer = `https://sts.windows.net/${tenantId}/`;
  }

  publicJwk(): Record<string, unknown> {
    return { ...createPublicKey(this.publicKey).export({ format: 'jwk' }), kid: this.keyId, use: 'sig', alg: 'RS256' };
  }

  /** `audience` is the resource, without `/.default`. */
  issue(principal: Principal, audience: string, lifetimeSeconds = this.lifetimeSeconds): { token: string; expiresOn: number } {
    const issuedAt = Math.floor(this.clock.now().getTime() / 1_000);
    const expiresOn = issuedAt + lifetimeSeconds;
    const token = jwt.sign(
      {
        aud: withoutTrailingSlash(audience),
        iss: this.issuer,
        iat: issuedAt,
        nbf: issuedAt - 300,
        exp: expiresOn,
        oid: principal.objectId,
        sub: principal.objectId,
        appid: principal.clientId,
        app_displayname: principal.displayName,
        tid: this.tenantId,
        idtyp: 'app',
        ver: '1.0',
      },
      this.privateKey,
      { algorithm: 'RS256', keyid: this.keyId },
    );
    return { token, expiresOn };
  }

  verify(token: string, audiences: readonly string[]): TokenCheck {
    try {
      const { payload, header } = jwt.verify(token, this.publicKey, {
        algorithms: ['RS256'],
        issuer: this.issuer,
        clockTimestamp: Math.floor(this.clock.now().getTime() / 1_000),
        complete: true,
      });
      if (header.kid !== this.keyId || typeof payload === 'string') return { ok: false, reason: 'the token is signed with an unknown key' };
      if (typeof payload.aud !== 'string' || !audiences.map(withoutTrailingSlash).includes(withoutTrailingSlash(payload.aud))) {
        return { ok: false, reason: `the token is for the audience ${String(payload.aud)}, expected ${audiences.join(' or ')}` };
      }
      return {
        ok: true,
        principal: {
          objectId: String(payload['oid']),
          clientId: String(payload['appid']),
          displayName: String(payload['app_displayname']),
        },
        expiresAt: new Date((payload.exp ?? 0) * 1_000),
      };
    } catch (error) {
      return { ok: false, reason: (error as Error).message };
    }
  }
}
