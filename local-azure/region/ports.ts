import { createServer, type AddressInfo, type Server } from 'node:net';
import type { AppendOnlyStore } from './appendOnlyStore';

/**
 * Listens on 127.0.0.1. A port that an instance had before is tried first, because clients remember it; when it is taken, a
 * free one is chosen and remembered. Resolves with the port.
 */
export async function listen(server: Server, remembered: AppendOnlyStore<number>, instance: string): Promise<number> {
  const attempt = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.removeListener('error', reject);
        resolve((server.address() as AddressInfo).port);
      });
    });
  const before = remembered.get(instance);
  const port = before === undefined ? await attempt(0) : await attempt(before).catch(() => attempt(0));
  if (port !== before) remembered.set(instance, port);
  return port;
}

/** A port that nothing listens on now, for a program that opens it itself. */
export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
