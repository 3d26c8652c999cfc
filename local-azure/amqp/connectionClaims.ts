import type { Principal } from '../region/tokenAuthority';
import type { Clock } from '../region/clock';

export interface Claim {
  readonly principal: Principal;
  readonly expiresAt: Date;
}

/** Stands for every link of a connection. */
const wholeConnection = '';

/**
 * What a put-token is for. Event Hubs clients name the entity of one link (`sb://<host>/<hub>/ConsumerGroups/…`), IoT Hub clients name the service, and
 * their token counts for the connection.
 */
export function entityOf(name: string): string {
  const path = /^(?:sb|amqps?):\/\/[^/]*\/?(.*)$/i.exec(name)?.[1];
  return path === undefined ? wholeConnection : path.replace(/\/+$/, '').toLowerCase();
}

/** A claim for an entity counts for the links at it and below it, and for its own request/response node. */
export function covers(entity: string, address: string): boolean {
  const at = address.replace(/^\/+|\/+$/g, '').toLowerCase();
  return entity === wholeConnection || at === entity || at.startsWith(`${entity}/`) || (at.startsWith('$') && entity.endsWith(`/${at}`));
}

/** The claims that a client has put on one AMQP connection. Each ends with its token, unless a newer token has taken its place. */
export class ConnectionClaims {
  private readonly claims = new Map<string, Claim & { cancel(): void }>();
  /** `ended` hears of each claim that nobody renewed; it does not count any more. */
  constructor(
    private readonly clock: Clock,
    private readonly ended: (entity: string, claim: Claim) => void,
  ) {}

  put(entity: string, claim: Claim): void {
    this.claims.get(entity)?.cancel();
    const cancel = this.clock.after(Math.max(0, claim.expiresAt.getTime() - this.clock.now().getTime()), () => {
      this.claims.delete(entity);
      this.ended(entity, claim);
    });
    this.claims.set(entity, { ...claim, cancel });
  }

  /** The claim that a link at this address has, the one for the smallest entity first. */
  at(address: string): Claim | undefined {
    const entities = [...this.claims.keys()].filter((entity) => covers(entity, address)).sort((a, b) => b.length - a.length);
    return this.claims.get(entities[0] ?? '');
  }

  clear(): void {
    for (const { cancel } of this.claims.values()) cancel();
    this.claims.clear();
  }
}
