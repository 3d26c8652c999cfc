import { connect } from 'mqtt';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import type { DatabusAddress } from './databusClient';

const failurePauseMs = 1_000;

/**
 * Receives everything that is published on these topics from the first connection on, over restarts of this program too: the databus keeps
 * the session and sends again what was not acknowledged. A message is acknowledged when `receive` resolves; one that fails is received again.
 */
export function subscribeDurably(
  address: DatabusAddress,
  session: string,
  topics: readonly string[],
  receive: (topic: string, payload: Buffer) => Promise<void>,
  log: Log,
): Running {
  // Connected by hand, because the databus sends what it has kept at once: the receiver must be in place before.
  const client = connect(`mqtt://${address.host ?? '127.0.0.1'}:${address.port}`, {
    clientId: session,
    protocolVersion: 4,
    clean: false,
    connectTimeout: 5_000,
    reconnectPeriod: 500,
    keepalive: 30,
    resubscribe: false,
    manualConnect: true,
  });
  client.handleMessage = (packet, done) => {
    receive(packet.topic, Buffer.from(packet.payload)).then(
      () => done(),
      (error: unknown) => {
        log('error', 'message not taken, it will be sent again', { topic: packet.topic, reason: messageOf(error) });
        // Without an acknowledgement the databus sends it again on the next connection.
        setTimeout(() => client.reconnect(), failurePauseMs).unref();
      },
    );
  };
  client.on('connect', () => {
    client.subscribe([...topics], { qos: 1 }, (error) => {
      if (!error) return log('info', 'databus connected', { topics });
      log('warn', 'subscription refused, connecting again', { reason: error.message });
      client.reconnect();
    });
  });
  client.on('error', (error) => log('warn', 'databus connection failed', { reason: error.message }));
  client.on('offline', () => log('warn', 'databus is away, reconnecting'));
  client.connect();
  return { close: () => client.endAsync(true) };
}
