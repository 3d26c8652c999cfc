import type { Message, Receiver, Sender } from 'rhea';
import type { AccessDecision } from '../region/gate';

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}
/** The client at the other end of a link: it may what the claims say that it has put for this link, as long as they last. */
export interface AmqpPeer {
  authorize(actions: readonly string[], scope: string): AccessDecision;
  /** Runs when the link is refused its claim or the connection ends. */
  onClosed(run: () => void): void;
}
export interface AmqpReply {
  readonly status: number;
  readonly description: string;
  readonly body?: unknown;
}
export interface AmqpService {
  readonly name: string;
  readonly audiences: readonly string[];
  /** ARM id that a refused token is recorded against. */
  readonly scope: string;
  /** A client attaches to read from `address`; an error refuses the link. */
  openReader(link: Sender, address: string, peer: AmqpPeer): AmqpError | undefined;
  /** A client attaches to write to `address`. Deliveries are settled by the service. */
  openWriter(link: Receiver, address: string, peer: AmqpPeer): AmqpError | undefined;
  /** Request/response nodes besides `$cbs`, by address. */
  readonly nodes: Readonly<Record<string, (request: Message, peer: AmqpPeer) => AmqpReply>>;
}

export const unauthorized = (reason: string): AmqpError => ({ condition: 'amqp:unauthorized-access', description: reason });
