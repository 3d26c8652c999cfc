import { createHash } from 'node:crypto';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';

export interface AssertionUse {
  readonly expiresAt: string;
}
interface UsedAssertion {
  readonly clientId: string;
  readonly id: string;
  readonly expiresAt: Date;
}

const provenMs = 24 * 3_600_000;
const keptProofs = 10_000;
/** More than the tolerance with which an assertion's own expiry is read. */
const assertionSlackMs = 600_000;

/**
 * Refuses the replay of an assertion by anybody but its owner. MSAL makes one assertion and uses it for every token of the next ten minutes,
 * so a used one cannot simply be refused. A TLS session over which an assertion came that was never seen before belongs to somebody who
 * holds the key, and may use the application's assertions again; any other session may not. Clients of the SDKs resume their sessions, and
 * a thief has no way to: resuming takes the session's secret.
 */
export class AssertionUses {
  private readonly proven = new Map<string, number>();
  constructor(
    private readonly seen: AppendOnlyStore<AssertionUse>,
    private readonly clock: Clock,
  ) {}

  /** Once the assertion itself was found good. */
  admit({ clientId, id, expiresAt }: UsedAssertion, session: string | undefined): boolean {
    const now = this.clock.now().getTime();
    this.forget(now);
    const key = createHash('sha256').update(`${clientId}\n${id}`).digest('base64url');
    const client = `${clientId} ${session ?? ''}`;
    if (this.seen.has(key)) return session !== undefined && this.proven.has(client);
    this.seen.set(key, { expiresAt: expiresAt.toISOString() });
    if (session !== undefined) this.proven.set(client, now + provenMs);
    return true;
  }

  /** An expired assertion is refused for that already. */
  private forget(now: number): void {
    for (const [key, { expiresAt }] of [...this.seen.entries()]) if (Date.parse(expiresAt) + assertionSlackMs < now) this.seen.delete(key);
    for (const [client, until] of this.proven) if (until < now || this.proven.size > keptProofs) this.proven.delete(client);
  }
}
