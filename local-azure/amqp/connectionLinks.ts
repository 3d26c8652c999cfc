import type { Message, Receiver, Sender } from 'rhea';
import type { RegionContext } from '../region/regionContext';
import { unauthorized, type AmqpError, type AmqpPeer, type AmqpReply, type AmqpService } from './amqpService';
import { bareToken } from './bareToken';
import { ConnectionClaims, entityOf, type Claim } from './connectionClaims';

interface OpenLink {
  readonly address: string;
  readonly link: Sender | Receiver;
  readonly closed: (() => void)[];
}

/** The links of one connection and the claims that they last by. */
export class ConnectionLinks {
  private readonly links = new Set<OpenLink>();
  private readonly claims: ConnectionClaims;

  constructor(
    private readonly context: RegionContext,
    private readonly service: AmqpService,
  ) {
    this.claims = new ConnectionClaims(context.clock, (entity, claim) => this.expired(entity, claim));
  }

  /** Keeps the link unless the service refuses it. */
  open(link: Sender | Receiver, address: string, admit: (peer: AmqpPeer) => AmqpError | undefined): void {
    const opened: OpenLink = { address, link, closed: [] };
    const refusal = admit(this.peerOf(opened));
    if (refusal) return link.close(refusal);
    this.links.add(opened);
    link.on(link.is_sender() ? 'sender_close' : 'receiver_close', () => this.forget(opened));
  }

  peerOf({ address, closed }: Pick<OpenLink, 'address' | 'closed'>): AmqpPeer {
    return {
      authorize: (actions, scope) => {
        const claim = this.claims.at(address);
        const request = { service: this.service.name, audiences: this.service.audiences, actions, scope };
        return claim === undefined
          ? this.context.gate.authorize(undefined, request)
          : this.context.gate.authorizePrincipal(claim.principal, request, claim.expiresAt);
      },
      onClosed: (run) => void closed.push(run),
    };
  }

  /** A request to the node `$cbs`. */
  putToken(request: Message): AmqpReply {
    const token = bareToken(String(request.application_properties?.['type'] ?? ''), request.body);
    if (token === undefined)
      return {
        status: 401,
        description:
          'amqp:unauthorized-access: expected a Microsoft Entra token (type jwt, or "Bearer <jwt>"); shared access signatures are off',
      };
    const check = this.context.gate.authenticate(token, {
      service: this.service.name,
      audiences: this.service.audiences,
      actions: ['$cbs put-token'],
      scope: this.service.scope,
    });
    if (!check.allowed) return { status: 401, description: `amqp:unauthorized-access: ${check.reason}` };
    this.claims.put(entityOf(String(request.application_properties?.['name'] ?? '')), {
      principal: check.principal,
      expiresAt: check.expiresAt,
    });
    return { status: 200, description: 'OK' };
  }

  /** The connection has ended. */
  end(): void {
    this.claims.clear();
    for (const open of [...this.links]) this.forget(open);
  }

  private expired(entity: string, { principal, expiresAt }: Claim): void {
    const uncovered = [...this.links].filter(({ address }) => this.claims.at(address) === undefined);
    this.context.log(this.service.name, 'token expired, links ended', {
      identity: principal.displayName,
      entity,
      links: uncovered.map(({ address }) => address),
    });
    const reason = `Unauthorized access: the token for ${entity || this.service.name} expired at ${expiresAt.toISOString()} and was not renewed`;
    for (const open of uncovered) {
      open.link.close(unauthorized(reason));
      this.forget(open);
    }
  }

  private forget(open: OpenLink): void {
    this.links.delete(open);
    for (const run of open.closed.splice(0)) run();
  }
}
