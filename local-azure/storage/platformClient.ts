import { Agent, request } from 'node:https';
import type { Principal } from '../region/tokenAuthority';
import type { RegionContext } from '../region/regionContext';
import type { StorageService } from './azurite';

const timeoutMs = 20_000;
const maxAnswerBytes = 1024 * 1024;

class StorageCallError extends Error {
  constructor(
    readonly code: string,
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Calls that the platform makes as a declared identity: over the same TLS front and gate as everybody's. */
export class PlatformClient {
  private readonly agent: Agent;

  constructor(
    private readonly context: RegionContext,
    private readonly portOf: (service: StorageService) => number,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 16, ca: context.tls.ca });
  }

  send(call: {
    readonly service: StorageService;
    readonly method: string;
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: Buffer;
    readonly as: Principal;
  }): Promise<{ readonly headers: Readonly<Record<string, unknown>>; readonly body: string }> {
    const { service, method, path, headers = {}, body = Buffer.alloc(0), as } = call;
    const { token } = this.context.authority.issue(as, 'https://storage.azure.com', 300);
    return new Promise((resolve, reject) => {
      const open = request({
        host: 'localhost',
        port: this.portOf(service),
        agent: this.agent,
        method,
        path,
        timeout: timeoutMs,
        headers: { ...headers, 'content-length': String(body.length), authorization: `Bearer ${token}`, 'x-ms-version': '2026-06-06' },
      });
      open.once('timeout', () =>
        open.destroy(new StorageCallError('OperationTimedOut', 500, `The ${service} service did not answer within ${timeoutMs} ms.`)),
      );
      open.once('error', reject);
      open.once('response', (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.once('error', reject);
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((size += chunk.length) > maxAnswerBytes) answer.destroy(new Error('the answer is larger than expected'));
        });
        answer.once('end', () => {
          const status = answer.statusCode ?? 0;
          const text = Buffer.concat(chunks).toString('utf8');
          if (status < 300) return resolve({ headers: answer.headers, body: text });
          const code = String(answer.headers['x-ms-error-code'] ?? /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? status);
          reject(
            new StorageCallError(
              code,
              status,
              `${code}: ${method} on ${path.split('?')[0]} as ${as.displayName} was answered with ${status}. ${/<Message>([^<\n]*)/.exec(text)?.[1] ?? ''}`,
            ),
          );
        });
      });
      open.end(body);
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
