import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { RegionContext } from '../region/regionContext';

export interface HubProtocols {
  amqp(socket: TLSSocket): void;
  mqtt(socket: TLSSocket): void;
  http(request: IncomingMessage, response: ServerResponse): void;
}

const firstBytesTimeoutMs = 10_000;
const mqttConnect = 0x10;

/** One TLS port for everything a hub speaks: the first bytes tell which protocol it is. A client certificate is asked for, never required. */
export function createHubServer(context: RegionContext, protocols: HubProtocols): Server {
  const web = createHttpServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => protocols.http(request, response));
  return createServer({ key: context.tls.privateKey, cert: context.tls.certificate, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false }, (socket) => {
    socket.setNoDelay(true);
    const ignoreError = () => socket.destroy();
    socket.on('error', ignoreError);
    const cancel = context.clock.after(firstBytesTimeoutMs, () => socket.destroy());
    socket.once('close', cancel);
    socket.once('readable', () => {
      cancel();
      const first = socket.read() as Buffer | null;
      if (first === null) return socket.destroy();
      socket.unshift(first);
      if (first.subarray(0, 4).toString('latin1') === 'AMQP') protocols.amqp(socket);
      else if (first[0] === mqttConnect) protocols.mqtt(socket);
      else web.emit('connection', socket);
    });
  });
}
