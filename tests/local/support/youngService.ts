import { once } from 'node:events';
import { createServer as createSocketServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { TlsMaterial } from '../../../local-azure/region/certificates';
import { createWebServer, readBody } from '../../../local-azure/region/webServer';

/** How a service that is seconds old fails: nothing listens, a connection is reset, or a front answers with a status and says nothing of its own. */
export type FirstFailure = 'refused' | 'reset' | 404 | 429 | 503;

/** The headers that are not of one connection alone. */
const passedOn = (headers: readonly (readonly [string, string])[]) =>
  Object.fromEntries(headers.filter(([name]) => !/^(?:host|connection|content-length|transfer-encoding)$/i.test(name)));

async function listenAt(server: Server, port: number): Promise<number> {
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}
async function close(server: Server, sockets: ReadonlySet<Socket> = new Set()): Promise<void> {
  if (!server.listening) return;
  for (const socket of sockets) socket.destroy();
  server.close();
  if ('closeAllConnections' in server) (server.closeAllConnections as () => void)();
  await once(server, 'close');
}

/** A front of an HTTPS service on a port of its own that fails for the first while and then passes on every request. */
export async function youngService(tls: TlsMaterial, origin: string, failure: FirstFailure, youngMs: number) {
  let failures = 0;
  let isYoung = true;
  const front = createWebServer(
    tls,
    async (request, response, url) => {
      const body = await readBody(request, 16 * 1024 * 1024);
      if (isYoung && typeof failure === 'number') {
        failures += 1;
        response.writeHead(failure, { 'content-type': 'text/html' }).end('<html>no such site</html>');
        return;
      }
      const answer = await fetch(new URL(url.pathname + url.search, origin), {
        method: request.method ?? 'GET',
        headers: passedOn(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      const content = Buffer.from(await answer.arrayBuffer());
      response.writeHead(answer.status, passedOn([...answer.headers]));
      response.end(content);
    },
    (error, response) => response.writeHead(500).end(String(error)),
  );
  const sockets = new Set<Socket>();
  const early = createSocketServer((socket) => {
    failures += 1;
    sockets.add(socket);
    socket.on('error', () => undefined).resetAndDestroy();
  });
  const port = await listenAt(typeof failure === 'number' ? front : early, 0);
  if (failure === 'refused') await close(early);
  const grown = (async () => {
    await new Promise((resolve) => setTimeout(resolve, youngMs));
    isYoung = false;
    if (typeof failure === 'number') return;
    await close(early, sockets);
    await listenAt(front, port);
  })();
  return {
    host: `localhost:${port}`,
    failures: () => failures,
    async stop() {
      await grown;
      await close(front);
    },
  };
}
