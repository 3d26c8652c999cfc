import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';

export interface ManifestRecord {
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly imageSizeBytes: number;
  readonly createdTime: string;
  readonly lastUpdateTime: string;
  readonly artifactType?: string;
}
interface TagRecord {
  readonly digest: string;
  readonly createdTime: string;
  readonly lastUpdateTime: string;
}

/** Separates the parts of a key; not part of a registry id, repository, tag or digest. */
const bar = '|';

/** What each repository of each registry holds: manifests, tags, and which blobs were uploaded to it. */
export class Repositories {
  private readonly manifests: AppendOnlyStore<ManifestRecord>;
  private readonly tagStore: AppendOnlyStore<TagRecord>;
  private readonly blobs: AppendOnlyStore<number>;

  constructor(context: Pick<RegionContext, 'openStore'>) {
    this.manifests = context.openStore<ManifestRecord>('container-registry/manifests');
    this.tagStore = context.openStore<TagRecord>('container-registry/tags');
    this.blobs = context.openStore<number>('container-registry/blobs');
  }

  names(registry: string): string[] {
    const names = new Set<string>();
    for (const [key] of this.manifests.entries()) if (key.startsWith(registry + bar)) names.add(key.split(bar)[1] ?? '');
    return [...names].sort();
  }
  manifestsOf(registry: string, repository: string): [string, ManifestRecord][] {
    return below(this.manifests, registry, repository);
  }
  tagsOf(registry: string, repository: string): [string, TagRecord][] {
    return below(this.tagStore, registry, repository);
  }
  manifest(registry: string, repository: string, digest: string): ManifestRecord | undefined {
    return this.manifests.get(key(registry, repository, digest));
  }
  tag(registry: string, repository: string, tag: string): TagRecord | undefined {
    return this.tagStore.get(key(registry, repository, tag));
  }
  hasBlob(registry: string, repository: string, digest: string): boolean {
    return this.blobs.has(key(registry, repository, digest));
  }
  addBlob(registry: string, repository: string, digest: string, sizeBytes: number): void {
    if (!this.hasBlob(registry, repository, digest)) this.blobs.set(key(registry, repository, digest), sizeBytes);
  }
  removeBlob(registry: string, repository: string, digest: string): boolean {
    return this.blobs.delete(key(registry, repository, digest));
  }

  /** Everything that some registry holds. */
  digests(): Set<string> {
    return new Set([...this.manifests.entries(), ...this.blobs.entries()].map(([key]) => key.split(bar)[2] ?? ''));
  }

  addManifest(
    registry: string,
    repository: string,
    digest: string,
    record: Omit<ManifestRecord, 'createdTime' | 'lastUpdateTime'>,
    tag: string | undefined,
    now: string,
  ): void {
    const before = this.manifest(registry, repository, digest);
    this.manifests.set(key(registry, repository, digest), { ...record, createdTime: before?.createdTime ?? now, lastUpdateTime: now });
    if (tag !== undefined)
      this.tagStore.set(key(registry, repository, tag), {
        digest,
        createdTime: this.tag(registry, repository, tag)?.createdTime ?? now,
        lastUpdateTime: now,
      });
  }
  removeTag(registry: string, repository: string, tag: string): boolean {
    return this.tagStore.delete(key(registry, repository, tag));
  }
  /** Tags of a manifest go with it. */
  removeManifest(registry: string, repository: string, digest: string): boolean {
    for (const [tag, record] of this.tagsOf(registry, repository)) if (record.digest === digest) this.removeTag(registry, repository, tag);
    return this.manifests.delete(key(registry, repository, digest));
  }
  removeRegistry(registry: string): void {
    for (const store of [this.manifests, this.tagStore, this.blobs])
      for (const name of [...store.entries()].map(([key]) => key)) if (name.startsWith(registry + bar)) store.delete(name);
  }
}

const key = (registry: string, repository: string, name: string) => [registry, repository, name].join(bar);
function below<T>(store: AppendOnlyStore<T>, registry: string, repository: string): [string, T][] {
  const prefix = key(registry, repository, '');
  return [...store.entries()]
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, value]): [string, T] => [name.slice(prefix.length), value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
