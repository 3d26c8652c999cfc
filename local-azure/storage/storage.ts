import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import type { Principal } from '../region/tokenAuthority';
import { containerId, nameOf, queueId } from '../region/armId';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { listen } from '../region/ports';
import type { RegionContext, Service } from '../region/regionContext';
import type { BlobAccess, EventPublisher, QueueAccess } from '../region/serviceInterfaces';
import { Azurite, type StorageService } from './azurite';
import { BlobCommits, type CommitIntent } from './blobCommits';
import { PlatformClient } from './platformClient';
import { StorageAccess } from './storageAccess';
import type { FrontConnections } from './frontConnections';
import { StorageFront } from './storageFront';
import { UpstreamClient } from './upstreamClient';
import { UserDelegation } from './userDelegation';

interface Declared {
  readonly id: string;
  readonly kind: 'account' | 'container' | 'queue';
}
const keyOf = (id: string) => id.toLowerCase();
/** Account and last name of the ARM id of a container or queue. */
const namesOf = (id: string) => ({ account: /\/storageAccounts\/([^/]+)/i.exec(id)?.[1] ?? '', name: nameOf(id) });
const peekLimit = 32;
const keepAliveMs = 65_000;

/** Storage accounts of the region: blobs and queues over TLS, behind the gate. */
export class Storage implements Service, QueueAccess, BlobAccess {
  readonly name = 'storage';
  /** Set before the region starts; without it commits go unannounced. */
  events: EventPublisher | undefined;
  /** What was declared and answered, for the provider, by ARM id in lower case. */
  readonly resources: AppendOnlyStore<Record<string, unknown>>;
  private readonly declared: AppendOnlyStore<Declared>;
  private readonly ports: AppendOnlyStore<number>;
  private readonly commits: BlobCommits;
  private readonly connections: FrontConnections;
  private readonly platform: PlatformClient;
  private readonly servers = new Map<StorageService, { server: Server; port: number }>();
  private azurite: Azurite | undefined;
  private client: UpstreamClient | undefined;
  private running = false;

  constructor(private readonly context: RegionContext) {
    this.declared = context.openStore('storage/declared');
    this.ports = context.openStore('storage/ports');
    this.resources = context.openStore('storage/resources');
    const delegation = new UserDelegation(
      join(context.directory, 'storage', 'delegation.key'),
      context.authority.tenantId,
      context.openStore<Principal>('storage/delegators'),
      context.clock,
    );
    this.commits = new BlobCommits(
      context.openStore<CommitIntent>('storage/commits'),
      context.clock,
      () => this.events,
      () => this.upstream(),
    );
    this.platform = new PlatformClient(context, (service) => this.portOf(service));
    this.connections = {
      context,
      access: new StorageAccess(context, delegation),
      delegation,
      commits: this.commits,
      upstream: () => this.upstream(),
      accountId: (name) => this.accountByName(name),
    };
  }

  async start(): Promise<void> {
    this.running = true;
    await this.startAzurite();
    await this.commits.recover();
    for (const service of ['blob', 'queue'] as const) {
      const server = createServer(
        { key: this.context.tls.privateKey, cert: this.context.tls.certificate },
        new StorageFront(service, this.connections).handler,
      );
      // Longer than a client keeps an idle connection, so that no call meets a socket that is just being closed.
      server.keepAliveTimeout = keepAliveMs;
      server.on('clientError', (_, socket) => socket.destroy());
      this.servers.set(service, { server, port: await listen(server, this.ports, service) });
    }
  }

  private async startAzurite(): Promise<void> {
    this.azurite = new Azurite(
      join(this.context.directory, 'storage', 'azurite'),
      this.context.directory,
      (reason) => {
        this.context.log('storage', reason);
        if (this.running)
          this.startAzurite().catch((error: unknown) =>
            this.context.log('storage', 'Azurite did not come back', { reason: (error as Error).message }),
          );
      },
      ({ status, method, path }) => {
        this.context.gate.report({
          service: 'storage',
          status,
          identity: 'somebody who came past the front',
          action: method,
          scope: path,
          reason: 'Azurite answers to the key of the front only',
        });
      },
    );
    const upstream = await this.azurite.start();
    this.client?.close();
    this.client = new UpstreamClient(upstream);
  }

  async stop(): Promise<void> {
    this.running = false;
    this.platform.close();
    await Promise.all(
      [...this.servers.values()].map(
        ({ server }) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
    this.servers.clear();
    this.client?.close();
    await this.azurite?.stop();
  }

  private upstream(): UpstreamClient {
    if (!this.client) throw new Error('storage is not started: call start() before using it');
    return this.client;
  }
  private portOf(service: StorageService): number {
    const started = this.servers.get(service);
    if (!started) throw new Error('storage is not started: its endpoints are not known');
    return started.port;
  }

  /** Base URLs of an account, with Azure's trailing slash. */
  endpoints(account: string): Readonly<Record<StorageService, string>> {
    return { blob: `https://localhost:${this.portOf('blob')}/${account}/`, queue: `https://localhost:${this.portOf('queue')}/${account}/` };
  }
  /** ARM id of the account of this name, as its scaler and clients know it. */
  accountByName(name: string): string | undefined {
    for (const { id, kind } of this.declared.values()) if (kind === 'account' && nameOf(id).toLowerCase() === name.toLowerCase()) return id;
    return undefined;
  }
  accountExists = (id: string): boolean => this.declared.get(keyOf(id))?.kind === 'account';
  containerExists = (id: string): boolean => this.declared.get(keyOf(id))?.kind === 'container';
  queueExists = (id: string): boolean => this.declared.get(keyOf(id))?.kind === 'queue';

  declareAccount(id: string): void {
    this.declared.set(keyOf(id), { id, kind: 'account' });
  }
  async declareContainer(accountId: string, name: string, metadata: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.declare({ id: containerId(accountId, name), kind: 'container' }, 'blob', metadata);
  }
  async declareQueue(accountId: string, name: string, metadata: Readonly<Record<string, string>> = {}): Promise<string> {
    return this.declare({ id: queueId(accountId, name), kind: 'queue' }, 'queue', metadata);
  }

  private async declare(declared: Declared, service: StorageService, metadata: Readonly<Record<string, string>>): Promise<string> {
    const { account, name } = namesOf(declared.id);
    const headers = Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`x-ms-meta-${key.toLowerCase()}`, value]));
    const restype: [string, string][] = service === 'blob' ? [['restype', 'container']] : [];
    const call = { service, method: 'PUT', account, rawPath: `/${account}/${name}`, headers };
    const made = await this.upstream().send({ ...call, query: new Map(restype) });
    const answer =
      made.status === 409 || (service === 'queue' && made.status === 204)
        ? await this.upstream().send({ ...call, query: new Map([...restype, ['comp', 'metadata']]) })
        : made;
    if (answer.status >= 300)
      throw new Error(`The ${declared.kind} ${name} could not be made: storage answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    this.declared.set(keyOf(declared.id), declared);
    return declared.id;
  }

  /** Metadata of a container or queue as its data plane has them; nothing when it is not there. */
  async metadata(id: string): Promise<Record<string, string> | undefined> {
    const declared = this.declared.get(keyOf(id));
    if (!declared || declared.kind === 'account') return undefined;
    const { account, name } = namesOf(declared.id);
    const service = declared.kind === 'container' ? 'blob' : 'queue';
    const query = new Map([...(service === 'blob' ? [['restype', 'container'] as const] : []), ['comp', 'metadata'] as const]);
    const { status, headers, body } = await this.upstream().send({
      service,
      method: 'GET',
      account,
      rawPath: `/${account}/${name}`,
      query,
    });
    if (status === 404) return undefined;
    if (status >= 300) throw new Error(`${name} could not be read: storage answered ${status}: ${body.slice(0, 300)}`);
    return Object.fromEntries(
      Object.entries(headers).flatMap(([key, value]) =>
        key.startsWith('x-ms-meta-') && typeof value === 'string' ? [[key.slice('x-ms-meta-'.length), value]] : [],
      ),
    );
  }

  /** Removes what the ARM id names, with everything in it. */
  async remove(id: string): Promise<void> {
    const declared = this.declared.get(keyOf(id));
    if (!declared) return;
    const { account, name } = namesOf(id);
    if (declared.kind === 'account') await this.removeContents(id, account);
    else await this.removeOne(declared.kind === 'container' ? 'blob' : 'queue', account, name);
    this.declared.delete(keyOf(id));
  }
  private async removeContents(accountId: string, account: string): Promise<void> {
    for (const service of ['blob', 'queue'] as const) {
      const { body } = await this.upstream().send({
        service,
        method: 'GET',
        account,
        rawPath: `/${account}`,
        query: new Map([['comp', 'list']]),
      });
      for (const [, name] of body.matchAll(/<Name>([^<]+)<\/Name>/g)) await this.removeOne(service, account, String(name));
    }
    for (const key of [...this.declared.entries()].map(([id]) => id)) if (key.startsWith(`${keyOf(accountId)}/`)) this.declared.delete(key);
  }
  private async removeOne(service: StorageService, account: string, name: string): Promise<void> {
    const { status, body } = await this.upstream().send({
      service,
      method: 'DELETE',
      account,
      rawPath: `/${account}/${name}`,
      query: new Map(service === 'blob' ? [['restype', 'container']] : []),
    });
    if (status >= 300 && status !== 404) throw new Error(`${name} could not be removed: storage answered ${status}: ${body.slice(0, 300)}`);
  }

  async send(queue: string, messageText: string, as: Principal, timeToLiveSeconds?: number): Promise<void> {
    const { account, name } = namesOf(queue);
    const text = messageText.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    await this.platform.send({
      service: 'queue',
      method: 'POST',
      path: `/${account}/${name}/messages${timeToLiveSeconds === undefined ? '' : `?messagettl=${timeToLiveSeconds}`}`,
      headers: { 'content-type': 'application/xml' },
      body: Buffer.from(`<QueueMessage><MessageText>${text}</MessageText></QueueMessage>`),
      as,
    });
  }
  async countMessages(queue: string, as: Principal, strategy: 'all' | 'visibleonly'): Promise<number> {
    const { account, name } = namesOf(queue);
    if (strategy === 'visibleonly') {
      const { body } = await this.platform.send({
        service: 'queue',
        method: 'GET',
        path: `/${account}/${name}/messages?peekonly=true&numofmessages=${peekLimit}`,
        as,
      });
      const visible = body.split('<QueueMessage>').length - 1;
      if (visible < peekLimit) return visible;
    }
    const { headers } = await this.platform.send({ service: 'queue', method: 'GET', path: `/${account}/${name}?comp=metadata`, as });
    return Number(headers['x-ms-approximate-messages-count'] ?? 0);
  }
  async write(container: string, blob: string, body: Buffer, as: Principal): Promise<void> {
    const { account, name } = namesOf(container);
    await this.platform.send({
      service: 'blob',
      method: 'PUT',
      path: `/${account}/${name}/${blob.split('/').map(encodeURIComponent).join('/')}`,
      headers: { 'x-ms-blob-type': 'BlockBlob', 'content-type': 'application/json' },
      body,
      as,
    });
  }
}
