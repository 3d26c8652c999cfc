import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import type { StorageService } from './azurite';
import type { CommittedBlob } from './blobCommits';
import { copySource } from './copySource';
import type { FrontConnections } from './frontConnections';
import type { Operation } from './operation';
import { classify } from './classifyRequest';
import type { Grant } from './storageAccess';
import { faultAnswer, StorageFault } from './storageFault';
import { headerOf, readStorageRequest, type StorageRequest } from './storageRequest';
import { newestApiVersion } from './upstreamClient';
import { withoutSas } from './userDelegation';

const maxKeyInfoBytes = 4_096;
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'proxy-connection',
  'expect',
]);
const notForwarded = new Set([
  ...hopByHop,
  'host',
  'authorization',
  'date',
  'x-ms-date',
  'x-ms-version',
  'x-ms-copy-source',
  'x-ms-copy-source-authorization',
  'x-forwarded-for',
  'x-forwarded-host',
  'forwarded',
]);

const olderOf = (version: string | undefined) => (version !== undefined && version < newestApiVersion ? version : newestApiVersion);

/** The reverse proxy in front of Azurite: read, classify, authenticate, authorize, sign anew, stream, announce, answer. */
export class StorageFront {
  constructor(
    private readonly service: StorageService,
    private readonly connections: FrontConnections,
  ) {}

  readonly handler = (request: IncomingMessage, response: ServerResponse): void => {
    this.handle(request, response).catch((error: unknown) => {
      const fault =
        error instanceof StorageFault
          ? error
          : new StorageFault(503, 'ServerBusy', 'The storage service of the region did not answer. Try again.');
      if (!(error instanceof StorageFault))
        this.connections.context.log('storage', 'a request failed', {
          service: this.service,
          method: request.method,
          reason: (error as Error).message,
        });
      this.refuse(request, response, fault);
    });
  };

  private refuse(request: IncomingMessage, response: ServerResponse, fault: StorageFault): void {
    if (response.headersSent) return void response.destroy();
    const answer = faultAnswer(fault, this.connections.context.clock.now());
    response.writeHead(answer.status, answer.headers).end(answer.body);
    request.resume();
  }

  private async handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { access, accountId, commits } = this.connections;
    const request = this.read(incoming);
    const account = accountId(request.account);
    if (account === undefined)
      throw new StorageFault(404, 'ResourceNotFound', `The storage account ${request.account} does not exist in this region.`);
    const operation = classify(request);
    const grant = access.authorize(request, account, operation, incoming.socket.remoteAddress ?? '');
    if (operation.name === 'GetUserDelegationKey') return this.answerDelegationKey(incoming, response, request, grant);
    const headers = this.forwardedHeaders(request, operation, grant);
    const { commits: api } = operation;
    if (api === undefined) return void (await this.forward(incoming, response, request, headers, (answer) => this.relay(answer, response)));
    const target = {
      accountId: account,
      account: request.account,
      container: request.container ?? '',
      blob: request.rest ?? '',
      rawPath: request.rawPath,
      api,
      clientRequestId: headerOf(incoming.headers, 'x-ms-client-request-id') ?? '',
    };
    let answered: IncomingMessage | undefined;
    await commits.run(target, async () => {
      answered = await this.forward(incoming, response, request, headers);
      const ok = answered.statusCode !== undefined && answered.statusCode < 300;
      return { committed: ok ? this.committed(api, headers, answered) : undefined };
    });
    if (!answered) throw new Error('a commit ended without an answer');
    if (
      grant.newBlobsOnly &&
      headerOf(incoming.headers, 'if-none-match') !== '*' &&
      (answered.statusCode === 409 || answered.statusCode === 412)
    ) {
      answered.resume();
      throw access.refuseReplacement(request, account, grant);
    }
    this.relay(answered, response);
  }

  private read(incoming: IncomingMessage): StorageRequest {
    try {
      return readStorageRequest(this.service, incoming.method ?? '', incoming.url ?? '', incoming.headers);
    } catch (error) {
      if (error instanceof StorageFault && error.code === 'InvalidUri') {
        const path = (incoming.url ?? '').split('?')[0] ?? '';
        this.connections.context.gate.report({
          service: `storage/${this.service}`,
          status: 400,
          identity: 'anonymous',
          action: incoming.method ?? '',
          scope: path.slice(0, 500),
          reason: `${error.code}: ${error.message}`,
        });
      }
      throw error;
    }
  }

  private forwardedHeaders(request: StorageRequest, operation: Operation, grant: Grant): Record<string, string> {
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers)) {
      if (value !== undefined && !notForwarded.has(name)) headers[name] = Array.isArray(value) ? value.join(',') : value;
    }
    headers['x-ms-version'] = olderOf(headerOf(request.headers, 'x-ms-version') ?? request.query.get('sv'));
    if (grant.newBlobsOnly) headers['if-none-match'] = '*';
    if (headerOf(request.headers, 'x-ms-copy-source') !== undefined)
      headers['x-ms-copy-source'] = copySource(request, operation, grant, this.connections);
    return headers;
  }

  /** Resolves with Azurite's answer, or with what `then` makes of it. The body streams; a client that goes away takes the call with it. */
  private forward(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: StorageRequest,
    headers: Record<string, string>,
    then?: (answer: IncomingMessage) => void,
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const call = this.connections.upstream().open({
        service: this.service,
        method: request.method,
        account: request.account,
        rawPath: request.rawPath,
        query: withoutSas(request.query),
        headers,
      });
      let answered = false;
      response.once('close', () => {
        if (!response.writableFinished) call.destroy(new Error('the client went away'));
      });
      call.once('response', (answer) => {
        answered = true;
        then?.(answer);
        resolve(answer);
      });
      call.on('error', (error) => {
        if (!answered) reject(error);
      });
      pipeline(incoming, call, (error) => {
        if (error && !answered) reject(error);
      });
    });
  }

  private relay(answer: IncomingMessage, response: ServerResponse): void {
    const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !hopByHop.has(name)));
    if (typeof headers['x-ms-copy-source'] === 'string') headers['x-ms-copy-source'] = headers['x-ms-copy-source'].replace(/\?.*$/, '');
    response.writeHead(answer.statusCode ?? 502, headers);
    pipeline(answer, response, () => undefined);
  }

  /** A Put Blob says its length and type itself; of the others Storage must be asked. */
  private committed(api: string, headers: Readonly<Record<string, string>>, answer: IncomingMessage): Partial<CommittedBlob> {
    const base = {
      ...(answer.headers.etag === undefined ? {} : { eTag: answer.headers.etag }),
      requestId: String(answer.headers['x-ms-request-id'] ?? ''),
    };
    if (api !== 'PutBlob' || headers['x-ms-blob-type'] !== 'BlockBlob' || headers['content-length'] === undefined) return base;
    return {
      ...base,
      blobType: 'BlockBlob',
      contentLength: Number(headers['content-length']),
      contentType: headers['x-ms-blob-content-type'] ?? headers['content-type'] ?? 'application/octet-stream',
    };
  }

  private async answerDelegationKey(
    incoming: IncomingMessage,
    response: ServerResponse,
    request: StorageRequest,
    grant: Grant,
  ): Promise<void> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      if ((size += chunk.length) > maxKeyInfoBytes)
        throw new StorageFault(413, 'RequestBodyTooLarge', `The KeyInfo document is larger than ${maxKeyInfoBytes} bytes.`);
      chunks.push(chunk);
    }
    const version = headerOf(request.headers, 'x-ms-version') ?? newestApiVersion;
    if (!/^\d{4}-\d{2}-\d{2}$/.test(version)) throw new StorageFault(400, 'InvalidHeaderValue', 'x-ms-version is not a version.');
    const body = this.connections.delegation.issue(request.account, grant.principal, Buffer.concat(chunks).toString('utf8'), version);
    response
      .writeHead(200, {
        'content-type': 'application/xml',
        'content-length': String(Buffer.byteLength(body)),
        'x-ms-version': olderOf(version),
      })
      .end(body);
  }
}
