import type { Duplex } from 'node:stream';
import rhea, { type Connection, type EventContext, type Message, type Sender, type Session } from 'rhea';
import type { RegionContext } from '../region/regionContext';
import type { AmqpReply, AmqpService } from './amqpService';
import { ConnectionLinks } from './connectionLinks';

const openTimeoutMs = 10_000;
const maxFrameBytes = 65_536;

/** Serves one AMQP 1.0 connection on a socket whose first bytes were already looked at. Returns what closes it. */
export function acceptAmqp(context: RegionContext, socket: Duplex, service: AmqpService): () => void {
  const container = rhea.create_container({ id: service.name });
  const connection = container.create_connection({
    max_frame_size: maxFrameBytes,
    receiver_options: { credit_window: 100, autoaccept: false },
  } as never);
  const links = new ConnectionLinks(context, service);
  const cancelOpen = context.clock.after(openTimeoutMs, () => socket.destroy());

  const nodes: AmqpService['nodes'] = { ...service.nodes, $cbs: (request) => links.putToken(request) };

  connection.on('sender_open', ({ sender }: EventContext) => {
    if (!sender) return;
    const address = sender.source?.address ?? '';
    sender.set_source({ ...sender.source, address });
    sender.set_target({ ...sender.target });
    if (nodes[address]) return;
    links.open(sender, address, (peer) => service.openReader(sender, address, peer));
  });
  connection.on('receiver_open', ({ receiver }: EventContext) => {
    if (!receiver) return;
    const address = receiver.target?.address ?? '';
    receiver.set_source({ ...receiver.source });
    receiver.set_target({ ...receiver.target, address });
    if (nodes[address]) {
      receiver.on('message', ({ message, delivery, session }: EventContext) => {
        delivery?.accept();
        if (message && session) reply(session, address, message, nodes[address]?.(message, links.peerOf({ address, closed: [] })));
      });
      return;
    }
    links.open(receiver, address, (peer) => service.openWriter(receiver, address, peer));
  });
  const end = () => {
    cancelOpen();
    links.end();
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
