import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { maxPacketBytes } from '../mqtt/mqttConnection';
import type { RegionContext } from '../region/regionContext';
import type { PresentedCertificate } from './deviceRegistry';

interface HubProtocols {
  amqp(socket: TLSSocket): void;
  /** Plain or through a WebSocket, with the certificate that the client showed. */
  mqtt(stream: Duplex, certificate: PresentedCertificate | undefined): void;
  http(request: IncomingMessage, response: ServerResponse): void;
}

const firstBytesTimeoutMs = 10_000;
const mqttConnect = 0x10;
const webSocketPath = '/$iothub/websocket';

/** MQTT through a WebSocket: the same protocol, the certificate is that of the TLS connection below. */
function mqttWebSockets(protocols: HubProtocols): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const upgrade = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxPacketBytes,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  });
  return (request, socket, head) => {
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((protocol) => protocol.trim());
    if (request.url?.split('?')[0] !== webSocketPath || !offered.includes('mqtt')) {
      socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    upgrade.handleUpgrade(request, socket, head, (webSocket) =>
      protocols.mqtt(createWebSocketStream(webSocket), (request.socket as TLSSocket).getPeerCertificate()),
    );
  };
}

/** One TLS port for everything a hub speaks, MQTT in a WebSocket included: the first bytes tell which protocol it is. A client certificate is asked for, never required. */
export function createHubServer(context: RegionContext, protocols: HubProtocols): Server {
  const web = createHttpServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) =>
    protocols.http(request, response),
  );
  web.on('upgrade', mqttWebSockets(protocols));
  return createServer(
    { key: context.tls.privateKey, cert: context.tls.certificate, minVersion: 'TLSv1.2', requestCert: true, rejectUnauthorized: false },
    (socket) => {
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
        else if (first[0] === mqttConnect) protocols.mqtt(socket, socket.getPeerCertificate());
        else web.emit('connection', socket);
      });
    },
  );
}
