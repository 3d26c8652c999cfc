import { constants, createHash } from 'node:crypto';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TlsMaterial } from '../region/certificates';

const lifetimeSeconds = 24 * 3_600;
const keptSessions = 1_000;

/**
 * Lets clients resume their TLS sessions on new connections. Only with session ids, so no tickets and no TLS 1.3: there every connection
 * has a session of its own and nothing would tell that it is the same client.
 */
export function resumeSessions(server: Server, tls: TlsMaterial): void {
  const sessions = new Map<string, Buffer>();
  const options = {
    key: tls.privateKey,
    cert: tls.certificate,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
    sessionTimeout: lifetimeSeconds,
  } as const;
  server.setSecureContext(options);
  server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
    sessions.set(id.toString('hex'), session);
    for (const oldest of sessions.keys()) if (sessions.size > keptSessions) sessions.delete(oldest);
    done();
  });
  server.on('resumeSession', (id: Buffer, done: (error: null, session: Buffer | null) => void) =>
    done(null, sessions.get(id.toString('hex')) ?? null),
  );
}

/** What all connections of one TLS session have in common: its master secret, which nobody but the client has. */
export function sessionOf(socket: Socket): string | undefined {
  const session = socket instanceof TLSSocket ? socket.getSession() : undefined;
  return session && createHash('sha256').update(session).digest('base64url');
}
