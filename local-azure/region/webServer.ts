import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { AppendOnlyStore } from './appendOnlyStore';
import type { TlsMaterial } from './certificates';
import { listen } from './ports';

/** HTTP servers of the region's services: bounded bodies, bounded headers, prompt shutdown. */

export class BodyTooLarge extends Error {
  constructor(readonly limitBytes: number) {
    super(`the request body is larger than ${limitBytes} bytes`);
  }
}

export async function readBody(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limitBytes) throw new BodyTooLarge(limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function sendJson(response: ServerResponse, status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent) return;
  const text = body === undefined ? '' : JSON.stringify(body);
  response.writeHead(status, {
    ...(text === '' ? {} : { 'content-type': 'application/json; charset=utf-8' }),
    'content-length': String(Buffer.byteLength(text)),
    ...headers,
  });
  response.end(response.req.method === 'HEAD' ? undefined : text);
}

type WebHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** `failed` answers what the handler threw. Without `tls` the server speaks plain HTTP, which only the identity endpoint does. */
type Failed = (error: unknown, response: ServerResponse) => void;
export function createWebServer(tls: TlsMaterial, handler: WebHandler, failed: Failed): TlsServer;
export function createWebServer(tls: undefined, handler: WebHandler, failed: Failed): Server;
export function createWebServer(tls: TlsMaterial | undefined, handler: WebHandler, failed: Failed): Server {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    // A target such as `//x` would be read as a host; the path is kept as it came.
    const base = `https://${request.headers.host ?? 'localhost'}`;
    const url = URL.canParse(base + (request.url ?? '/')) ? new URL(base + (request.url ?? '/')) : undefined;
    if (!url) {
      sendJson(response, 400, { error: { code: 'InvalidUri', message: 'the request target is not a path' } });
      return;
    }
    handler(request, response, url).catch((error: unknown) => {
      request.resume();
      if (response.headersSent) response.destroy();
      else failed(error, response);
    });
  };
  const options = { maxHeaderSize: 64 * 1024, requestTimeout: 300_000, headersTimeout: 30_000, keepAliveTimeout: 60_000 };
  return tls
    ? createTlsServer({ ...options, key: tls.privateKey, cert: tls.certificate, minVersion: 'TLSv1.2' }, listener)
    : createPlainServer(options, listener);
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** The web servers of a service, one for each of its instances on a port that the instance keeps. */
export class WebServers {
  private readonly listening = new Map<string, { readonly server: Server; readonly port: number }>();

  constructor(
    private readonly ports: AppendOnlyStore<number>,
    private readonly create: (instance: string) => Server,
  ) {}

  port(instance: string): number | undefined {
    return this.listening.get(instance.toLowerCase())?.port;
  }
  /** `https://localhost:<port>`; the instance must have been opened. */
  origin(instance: string): string {
    const port = this.port(instance);
    if (port === undefined) throw new Error(`${instance} has not been started`);
    return `https://localhost:${port}`;
  }
  /** The instance, in lower case, that listens there. */
  instanceAt(port: number): string | undefined {
    return [...this.listening].find(([, open]) => open.port === port)?.[0];
  }

  async open(instance: string): Promise<void> {
    const key = instance.toLowerCase();
    if (this.listening.has(key)) return;
    const server = this.create(key);
    this.listening.set(key, { server, port: await listen(server, this.ports, key) });
  }
  async close(instance: string): Promise<void> {
    const open = this.listening.get(instance.toLowerCase());
    this.listening.delete(instance.toLowerCase());
    if (open) await closeServer(open.server);
  }
  async closeAll(): Promise<void> {
    await Promise.all([...this.listening.keys()].map((instance) => this.close(instance)));
  }
}
