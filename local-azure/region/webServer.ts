import { createServer as createPlainServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import type { TlsMaterial } from './certificates';

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

export type WebHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

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

export async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
