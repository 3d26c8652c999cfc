import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import type { StorageService, Upstream } from './azurite';
import { sharedKeyAuthorization } from './sharedKey';
import { writeQuery } from './storageRequest';

const idleTimeoutMs = 60_000;
const maxAnswerBytes = 8 * 1024 * 1024;
/** The newest version that Azurite knows; newer clients are answered in it. */
export const newestApiVersion = '2026-06-06';

interface UpstreamCall {
  readonly service: StorageService;
  readonly method: string;
  readonly account: string;
  readonly rawPath: string;
  readonly query?: ReadonlyMap<string, string>;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}
interface UpstreamAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Speaks to Azurite with its key. */
export class UpstreamClient {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 64 });

  constructor(private readonly upstream: Upstream) {}

  address(service: StorageService): string {
    return `http://127.0.0.1:${this.upstream.ports[service]}`;
  }
  get key(): Buffer {
    return this.upstream.key;
  }

  /** The caller writes the body and ends the request. */
  open({ service, method, account, rawPath, query = new Map(), headers = {} }: UpstreamCall): ClientRequest {
    const signed: Record<string, string> = { 'x-ms-version': newestApiVersion, ...headers, 'x-ms-date': new Date().toUTCString() };
    const authorization = sharedKeyAuthorization(this.upstream.key, { method, account, rawPath, query, headers: signed });
    const search = writeQuery(query);
    const call = request({
      host: '127.0.0.1',
      port: this.upstream.ports[service],
      agent: this.agent,
      method,
      path: search === '' ? rawPath : `${rawPath}?${search}`,
      headers: { ...signed, authorization },
    });
    call.setTimeout(idleTimeoutMs, () => call.destroy(new Error(`Azurite was silent for ${idleTimeoutMs} ms`)));
    return call;
  }

  send(call: UpstreamCall): Promise<UpstreamAnswer> {
    return new Promise((resolve, reject) => {
      const open = this.open({ ...call, headers: { 'content-length': '0', ...call.headers } });
      open.once('error', reject);
      open.once('response', (answer) => {
        const chunks: Buffer[] = [];
        let size = 0;
        answer.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if ((size += chunk.length) > maxAnswerBytes) answer.destroy(new Error('Azurite answered more than expected'));
        });
        answer.once('error', reject);
        answer.once('end', () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      open.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
