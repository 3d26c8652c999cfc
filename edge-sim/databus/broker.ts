import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { packetSizeGuard } from './packetSizeGuard';

interface BrokerLimits {
  readonly maxPacketBytes: number;
  readonly maxConnections: number;
}
/** A replay command carries a recorded experiment, so one packet may be large; nothing else on a databus is. */
export const siteLimits: BrokerLimits = { maxPacketBytes: 64 * 1024 * 1024, maxConnections: 200 };

/** The site's MQTT broker, on the loopback interface only: retained messages and sessions live as long as the broker. */
export async function startBroker(port: number, limits: BrokerLimits, log: Log): Promise<Running & { readonly port: number }> {
  // A subscriber that reads slowly must slow the publishers down instead of being cut off, hence no drain timeout.
  const aedes = await Aedes.createBroker({ drainTimeout: 0, connectTimeout: 10_000, queueLimit: 1_000, maxClientsIdLength: 200 });
  aedes.on('client', (client) => log('info', 'client connected', { client: client.id }));
  aedes.on('clientDisconnect', (client) => log('info', 'client disconnected', { client: client.id }));
  for (const event of ['clientError', 'connectionError'] as const)
    aedes.on(event, (client, error) => log('warn', 'client failed', { client: client.id, reason: error.message }));

  const server = createServer((socket: Socket) => {
    socket.setNoDelay(true);
    const guarded = packetSizeGuard(socket, limits.maxPacketBytes, (bytes) =>
      log('warn', 'packet refused', { expected: `at most ${limits.maxPacketBytes} bytes`, bytes }),
    );
    aedes.handle(guarded);
  });
  server.maxConnections = limits.maxConnections;
  server.on('drop', () => log('warn', 'connection refused', { expected: `at most ${limits.maxConnections} connections` }));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(new Error(`the databus cannot listen on 127.0.0.1:${port}: ${messageOf(error)}`)));
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await new Promise<void>((resolve) => aedes.close(() => resolve()));
      await closed;
    },
  };
}
