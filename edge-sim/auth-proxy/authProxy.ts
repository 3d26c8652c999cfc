import { Readable } from 'node:stream';
import fastify, { type FastifyReply, type FastifyRequest } from 'fastify';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import { AccessTokenRenewal, type TokenOptions } from './token';

interface AuthProxyOptions extends TokenOptions {
  readonly port: number;
  /** Host of the upstream, with its port where it is not 443. */
  readonly target: string;
  readonly upstreamSeconds?: number;
}

/** They belong to one connection (RFC 9110, 7.6.1), or are made anew for the upstream. */
const ofOneConnection = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'host',
  'authorization',
]);

function forwardedHeaders(headers: FastifyRequest['headers']): Headers {
  const named = new Set(
    String(headers.connection ?? '')
      .split(',')
      .map((name) => name.trim().toLowerCase()),
  );
  const forwarded = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !ofOneConnection.has(name) && !named.has(name))
      forwarded.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return forwarded;
}

/** fetch has decoded the body, so its original length and coding are not true any more. */
function answeredHeaders(headers: Headers): Record<string, string> {
  const decoded = headers.has('content-encoding');
  return Object.fromEntries(
    [...headers].filter(([name]) => !ofOneConnection.has(name) && !(decoded && (name === 'content-encoding' || name === 'content-length'))),
  );
}

/**
 * The contract of the public aad-auth-proxy: every request goes to one upstream, always by https, with the identity's token. It keeps
 * nothing: bodies stream through, and whoever sends gets 503 when the upstream or the token is missing and tries again.
 */
export async function startAuthProxy(options: AuthProxyOptions, log: Log): Promise<Running> {
  const tokens = new AccessTokenRenewal(options, log);
  const server = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: 120_000,
    bodyLimit: Number.MAX_SAFE_INTEGER,
  });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  const unavailable = (reply: FastifyReply, error: unknown) => {
    const cause = error instanceof Error && error.cause !== undefined ? `: ${messageOf(error.cause)}` : '';
    log('warn', 'request not passed on', { reason: `${messageOf(error)}${cause}` });
    return reply.code(503).send({ code: 'ServiceUnavailable', message: `${messageOf(error)}${cause}` });
  };
  server.get('/health', async () => ({ status: 'up' }));
  server.get('/ready', async (_, reply) => {
    try {
      tokens.current();
      return { status: 'ready' };
    } catch (error) {
      return reply.code(503).send({ code: 'ServiceUnavailable', message: messageOf(error) });
    }
  });
  const passOn = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = request.raw.url ?? '';
    if (!path.startsWith('/')) return reply.code(400).send({ code: 'BadRequest', message: `expected a path, got "${path.slice(0, 100)}"` });
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    try {
      const headers = forwardedHeaders(request.headers);
      headers.set('authorization', `Bearer ${tokens.current()}`);
      const body =
        request.method === 'GET' || request.method === 'HEAD' ? null : (Readable.toWeb(request.raw) as ReadableStream<Uint8Array>);
      const response = await fetch(`https://${options.target}${path}`, {
        method: request.method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any([gone.signal, AbortSignal.timeout((options.upstreamSeconds ?? 60) * 1000)]),
        ...(body ? { body, duplex: 'half' } : {}),
      });
      void reply.code(response.status).headers(answeredHeaders(response.headers));
      return await reply.send(response.body ? Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]) : undefined);
    } catch (error) {
      return unavailable(reply, error);
    }
  };
  server.all('/*', passOn);
  await server.listen({ host: '127.0.0.1', port: options.port });
  return {
    close: async () => {
      await server.close();
      await tokens.close();
    },
  };
}
