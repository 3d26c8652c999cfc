import { readFile } from 'node:fs/promises';
import { ClientCertificateCredential, type AccessToken } from '@azure/identity';
import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs } from '../../contracts/program/retry';

interface CertificateIdentity {
  readonly tenantId: string;
  readonly clientId: string;
  /** PEM with certificate and key. */
  readonly certificatePath: string;
  readonly authorityHost: string;
  readonly disableInstanceDiscovery: boolean;
}
export interface TokenOptions {
  readonly identity: CertificateIdentity;
  readonly scope: string;
  /** A token is renewed after this part of its life. */
  readonly refreshPercentage: number;
  readonly certificateCheckMs?: number;
}

const backoff = { firstMs: 200, longestMs: 5_000 };
/** A renewal that comes back at once would ask for ever when the authority hands out tokens of no length. */
const shortestRefreshMs = 1_000;

/** Renews an access token before it ends. A certificate that was replaced counts within seconds, for the platform renews the file below a running program. */
export class AccessTokenRenewal {
  private token: AccessToken | undefined;
  private problem = 'no token yet';
  private certificate: string | undefined;
  private renewAt = 0;
  private failures = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private working: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: TokenOptions,
    private readonly log: Log,
  ) {
    this.working = this.tick();
  }

  /** Throws when there is none that is valid now. */
  current(): string {
    if (this.token && this.token.expiresOnTimestamp > Date.now()) return this.token.token;
    throw new Error(`expected an access token for ${this.options.scope}, there is none: ${this.problem}`);
  }

  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    await this.working;
  }

  private async tick(): Promise<void> {
    let pauseMs = this.options.certificateCheckMs ?? 2_000;
    try {
      const certificate = await readFile(this.options.identity.certificatePath, 'utf8');
      if (certificate !== this.certificate || Date.now() >= this.renewAt) await this.renew(certificate);
      this.failures = 0;
    } catch (error) {
      this.problem = messageOf(error);
      pauseMs = backoffMs(this.failures, backoff);
      this.failures += 1;
      if (this.failures === 1 || this.failures % 20 === 0)
        this.log('warn', 'no new access token, trying again', { failures: this.failures, reason: this.problem });
    }
    if (!this.closed)
      this.timer = setTimeout(() => {
        this.working = this.tick();
      }, pauseMs);
  }

  private async renew(certificate: string): Promise<void> {
    const { tenantId, clientId, authorityHost, disableInstanceDiscovery } = this.options.identity;
    // A credential of its own each time, because one that has been used answers from its cache.
    const credential = new ClientCertificateCredential(
      tenantId,
      clientId,
      { certificate },
      { authorityHost, disableInstanceDiscovery, sendCertificateChain: true, retryOptions: { maxRetries: 0 } },
    );
    const token = await credential.getToken(this.options.scope, { abortSignal: AbortSignal.timeout(20_000) });
    const lifeMs = token.expiresOnTimestamp - Date.now();
    this.token = token;
    this.certificate = certificate;
    this.renewAt = Date.now() + Math.max(shortestRefreshMs, (lifeMs * this.options.refreshPercentage) / 100);
    this.log('info', 'access token renewed', { scope: this.options.scope, expiresOn: new Date(token.expiresOnTimestamp).toISOString() });
  }
}
