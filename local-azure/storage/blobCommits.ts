import { randomUUID } from 'node:crypto';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import type { EventPublisher } from '../region/serviceInterfaces';
import type { UpstreamClient } from './upstreamClient';

/** Written before a commit is forwarded, removed when its event is durable: what a crash leaves is looked up at the next start. */
export interface CommitIntent {
  readonly id: string;
  readonly accountId: string;
  readonly account: string;
  readonly container: string;
  readonly blob: string;
  readonly rawPath: string;
  readonly api: string;
  readonly clientRequestId: string;
  readonly startedAt: string;
}
/** What Storage knows of a blob after a commit. */
export interface CommittedBlob {
  readonly eTag: string;
  readonly contentType: string;
  readonly contentLength: number;
  readonly blobType: string;
  readonly requestId: string;
}

const unquoted = (etag: string | undefined) => (etag ?? '').replaceAll('"', '');

/** One after the other per key; keys do not wait for each other. */
class KeyedLock {
  private readonly tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const result = (this.tails.get(key) ?? Promise.resolve()).then(work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.tails.set(key, tail);
    void tail.then(() => {
      if (this.tails.get(key) === tail) this.tails.delete(key);
    });
    return result;
  }
}

/** Publishes BlobCreated once per commit and in the order of commits: inside a lock per blob and before the client gets its answer. */
export class BlobCommits {
  private readonly lock = new KeyedLock();
  private lastSequence = 0n;

  constructor(
    private readonly intents: AppendOnlyStore<CommitIntent>,
    private readonly clock: Clock,
    private readonly events: () => EventPublisher | undefined,
    private readonly upstream: () => UpstreamClient,
  ) {}

  /** `forward` resolves with the committed blob, or undefined when Storage refused; rejects when nobody knows. */
  async run(
    target: Omit<CommitIntent, 'id' | 'startedAt'>,
    forward: () => Promise<{ readonly committed: Partial<CommittedBlob> | undefined }>,
  ): Promise<void> {
    await this.lock.run(`${target.account}/${target.container}/${target.blob}`, async () => {
      const intent: CommitIntent = { ...target, id: randomUUID(), startedAt: this.wallTime().toISOString() };
      this.intents.set(intent.id, intent);
      let outcome: { readonly committed: Partial<CommittedBlob> | undefined };
      try {
        outcome = await forward();
      } catch (error) {
        await this.reconcile(intent);
        throw error;
      }
      if (outcome.committed) await this.publish(intent, outcome.committed);
      this.intents.delete(intent.id);
    });
  }

  /** Commits of a former run whose events were not written. */
  async recover(): Promise<void> {
    for (const intent of [...this.intents.values()])
      await this.lock.run(`${intent.account}/${intent.container}/${intent.blob}`, () => this.reconcile(intent));
  }

  /** Storage keeps whole seconds, so an event may come twice but is never lost. */
  private async reconcile(intent: CommitIntent): Promise<void> {
    const blob = await this.properties(intent);
    if (blob && blob.lastModified >= Math.floor(Date.parse(intent.startedAt) / 1_000) * 1_000) await this.publish(intent, blob);
    this.intents.delete(intent.id);
  }

  private async publish(intent: CommitIntent, known: Partial<CommittedBlob>): Promise<void> {
    const publisher = this.events();
    if (!publisher) return;
    const blob =
      known.contentLength === undefined || known.contentType === undefined || known.blobType === undefined
        ? { ...(await this.properties(intent)), ...known }
        : known;
    await publisher.publish(intent.accountId, {
      eventType: 'Microsoft.Storage.BlobCreated',
      dataVersion: '',
      subject: `/blobServices/default/containers/${intent.container}/blobs/${intent.blob}`,
      data: {
        api: intent.api,
        clientRequestId: intent.clientRequestId,
        requestId: known.requestId ?? randomUUID(),
        eTag: unquoted(blob.eTag),
        contentType: blob.contentType ?? 'application/octet-stream',
        contentLength: blob.contentLength ?? 0,
        blobType: blob.blobType ?? 'BlockBlob',
        url: `https://${intent.account}.blob.core.windows.net/${intent.container}/${intent.blob.split('/').map(encodeURIComponent).join('/')}`,
        sequencer: this.nextSequencer(),
        storageDiagnostics: { batchId: randomUUID() },
      },
    });
  }

  private async properties({ account, rawPath }: CommitIntent): Promise<(CommittedBlob & { readonly lastModified: number }) | undefined> {
    const { status, headers } = await this.upstream().send({ service: 'blob', method: 'HEAD', account, rawPath });
    if (status !== 200) return undefined;
    return {
      eTag: headers.etag ?? '',
      contentType: headers['content-type'] ?? '',
      contentLength: Number(headers['content-length'] ?? 0),
      blobType: String(headers['x-ms-blob-type']),
      requestId: String(headers['x-ms-request-id']),
      lastModified: Date.parse(headers['last-modified'] ?? ''),
    };
  }

  /** Azurite stamps blobs with the machine's time, which the region's clock may have left. */
  private wallTime(): Date {
    return new Date();
  }

  /** Fixed width and growing, over restarts too. */
  private nextSequencer(): string {
    const candidate = BigInt(this.clock.now().getTime()) << 16n;
    this.lastSequence = candidate > this.lastSequence ? candidate : this.lastSequence + 1n;
    return this.lastSequence.toString(16).padStart(32, '0');
  }
}
