import type { Duplex } from 'node:stream';
import rhea, { type Connection, type EventContext, type Message, type Receiver, type Sender, type Session } from 'rhea';
import type { Decision } from '../region/gate';
import type { RegionContext } from '../region/regionContext';
import { bareToken } from './bareToken';
import { ConnectionClaims, entityOf } from './connectionClaims';

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}
/** The client at the other end of a link: it may what the claims say that it has put for this link, as long as they last. */
export interface AmqpPeer {
  authorize(actions: readonly string[], scope: string): Decision;
  /** Runs when the link is refused its claim or the connection ends. */
  onClosed(run: () => void): void;
}
interface OpenLink {
  readonly address: string;
  readonly link: Sender | Receiver;
  readonly closed: (() => void)[];
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

const openTimeoutMs = 10_000;
const maxFrameBytes = 65_536;

export const unauthorized = (reason: string): AmqpError => ({ condition: 'amqp:unauthorized-access', description: reason });

/** Serves one AMQP 1.0 connection on a socket whose first bytes were already looked at. Returns what closes it. */
export function acceptAmqp(context: RegionContext, socket: Duplex, service: AmqpService): () => void {
  const container = rhea.create_container({ id: service.name });
  const connection = container.create_connection({
    max_frame_size: maxFrameBytes,
    receiver_options: { credit_window: 100, autoaccept: false },
  } as never);
  const links = new Set<OpenLink>();
  const cancelOpen = context.clock.after(openTimeoutMs, () => socket.destroy());

  const forget = (open: OpenLink) => {
    links.delete(open);
    for (const run of open.closed.splice(0)) run();
  };
  const claims = new ConnectionClaims(context.clock, (entity, { principal, expiresAt }) => {
    const expired = unauthorized(
      `Unauthorized access: the token for ${entity || service.name} expired at ${expiresAt.toISOString()} and was not renewed`,
    );
    const uncovered = [...links].filter(({ address }) => claims.at(address) === undefined);
    context.log(service.name, 'token expired, links ended', {
      identity: principal.displayName,
      entity,
      links: uncovered.map(({ address }) => address),
    });
    for (const open of uncovered) {
      open.link.close(expired);
      forget(open);
    }
  });
  const peerOf = ({ address, closed }: Pick<OpenLink, 'address' | 'closed'>): AmqpPeer => ({
    authorize: (actions, scope) => {
      const claim = claims.at(address);
      const request = { service: service.name, audiences: service.audiences, actions, scope };
      return claim === undefined
        ? context.gate.authorize(undefined, request)
        : context.gate.authorizePrincipal(claim.principal, request, claim.expiresAt);
    },
    onClosed: (run) => void closed.push(run),
  });
  const opened = (link: Sender | Receiver, address: string, open: (peer: AmqpPeer) => AmqpError | undefined) => {
    const entry: OpenLink = { address, link, closed: [] };
    const refusal = open(peerOf(entry));
    if (refusal) return link.close(refusal);
    links.add(entry);
    link.on(link.is_sender() ? 'sender_close' : 'receiver_close', () => forget(entry));
  };

  function putToken(request: Message): AmqpReply {
    const token = bareToken(String(request.application_properties?.['type'] ?? ''), request.body);
    if (token === undefined)
      return {
        status: 401,
        description:
          'amqp:unauthorized-access: expected a Microsoft Entra token (type jwt, or "Bearer <jwt>"); shared access signatures are off',
      };
    const check = context.gate.authenticate(token, {
      service: service.name,
      audiences: service.audiences,
      actions: ['$cbs put-token'],
      scope: service.scope,
    });
    if (!check.allowed) return { status: 401, description: `amqp:unauthorized-access: ${check.reason}` };
    claims.put(entityOf(String(request.application_properties?.['name'] ?? '')), {
      principal: check.principal,
      expiresAt: check.expiresAt,
    });
    return { status: 200, description: 'OK' };
  }
  const nodes: AmqpService['nodes'] = { ...service.nodes, $cbs: putToken };

  connection.on('sender_open', ({ sender }: EventContext) => {
    if (!sender) return;
    const address = sender.source?.address ?? '';
    sender.set_source({ ...sender.source, address });
    sender.set_target({ ...sender.target });
    if (nodes[address]) return;
    opened(sender, address, (peer) => service.openReader(sender, address, peer));
  });
  connection.on('receiver_open', ({ receiver }: EventContext) => {
    if (!receiver) return;
    const address = receiver.target?.address ?? '';
    receiver.set_source({ ...receiver.source });
    receiver.set_target({ ...receiver.target, address });
    if (nodes[address]) {
      receiver.on('message', ({ message, delivery, session }: EventContext) => {
        delivery?.accept();
        if (message && session) reply(session, address, message, nodes[address]?.(message, peerOf({ address, closed: [] })));
      });
      return;
    }
    opened(receiver, address, (peer) => service.openWriter(receiver, address, peer));
  });
  const end = () => {
    cancelOpen();
    claims.clear();
    for (const open of [...links]) forget(open);
  };
  connection.on('connection_open', () => cancelOpen());
  connection.on('connection_close', end);
  connection.on('disconnected', end);
  // A link or session that the client closed with an error is the client's affair; without a listener rhea throws.
  for (const name of ['connection_error', 'session_error', 'sender_error', 'receiver_error', 'protocol_error', 'error'] as const) {
    connection.on(name, () => undefined);
  }
  socket.on('error', () => socket.destroy());
  socket.on('close', end);
  (connection as Connection & { accept(stream: Duplex): void }).accept(socket);
  return () => {
    connection.close({ condition: 'amqp:connection:forced', description: `${service.name} is stopping` });
    setTimeout(() => socket.destroy(), 250).unref();
  };
}

/** Answers on the client's reader of the same node: each client makes both links of a node on one session. */
function reply(session: Session, address: string, request: Message, answer: AmqpReply | undefined): void {
  const replyTo = request.reply_to;
  let reader: Sender | undefined;
  session.each_sender(
    (sender: Sender) => {
      if (sender.source?.address !== address || !sender.is_open()) return;
      if (reader === undefined || sender.name === replyTo || sender.target?.address === replyTo) reader = sender;
    },
    () => true,
  );
  if (!reader || !answer) return;
  reader.send({
    ...(request.message_id === undefined ? {} : { correlation_id: request.message_id }),
    application_properties: { 'status-code': rhea.types.wrap_int(answer.status), 'status-description': answer.description },
    body: answer.body,
  });
}
