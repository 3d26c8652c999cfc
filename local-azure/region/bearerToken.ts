import type { IncomingMessage } from 'node:http';

export const bearerToken = (request: IncomingMessage): string | undefined =>
  /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
