import type { Repositories } from './repositories';
import { RegistryError } from './registryError';
import type { Right } from './registryTokens';

export interface MetadataAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly link?: string;
}
interface AskedRegistry {
  readonly id: string;
  readonly loginServer: string;
  readonly repositories: Repositories;
}
/** `repository` is undefined for the catalog. */
interface MetadataRoute {
  readonly repository: string | undefined;
  readonly right: Right;
  answer(registry: AskedRegistry): MetadataAnswer;
}

const changeableAttributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

/** A repository of a registry, or one tag or manifest of it. */
interface Asked {
  readonly repository: string;
  readonly reference: string;
  readonly query: URLSearchParams;
}
type Answer = (registry: AskedRegistry, asked: Asked) => MetadataAnswer;

/** One page after `last`, at most `n` long, and the link to the next one. */
function page<T>(path: string, query: URLSearchParams, items: readonly T[], nameOf: (item: T) => string): { items: T[]; link?: string } {
  const size = Math.min(Math.max(Number(query.get('n') ?? 100) || 100, 1), 1_000);
  const last = query.get('last');
  const rest = last === null ? items : items.filter((item) => nameOf(item) > last);
  const shown = rest.slice(0, size);
  const end = shown.at(-1);
  return rest.length > size && end !== undefined
    ? { items: shown, link: `<${path}?${new URLSearchParams({ last: nameOf(end), n: String(size) }).toString()}>; rel="next"` }
    : { items: shown };
}

const pathOf = (repository: string) => `/acr/v1/${repository.split('/').map(encodeURIComponent).join('/')}`;
const ofRepository = ({ loginServer }: AskedRegistry, repository: string) => ({ registry: loginServer, imageName: repository });
const unknown = (what: string, repository: string) =>
  new RegistryError(404, 'MANIFEST_UNKNOWN', `the ${what} is not found in ${repository}`);

const catalog = (path: string, query: URLSearchParams): MetadataRoute => ({
  repository: undefined,
  right: '*',
  answer: ({ id, repositories }) => {
    const { items, ...next } = page(path, query, repositories.names(id), (name) => name);
    return { status: 200, body: { repositories: items }, ...next };
  },
});

const deleteRepository: Answer = ({ id, repositories }, { repository }) => {
  const manifests = repositories.manifestsOf(id, repository).map(([digest]) => digest);
  const tags = repositories.tagsOf(id, repository).map(([tag]) => tag);
  for (const digest of manifests) repositories.removeManifest(id, repository, digest);
  return { status: 202, body: { manifestsDeleted: manifests, tagsDeleted: tags } };
};

const repositoryProperties: Answer = (registry, { repository }) => {
  const manifests = registry.repositories.manifestsOf(registry.id, repository);
  const times = manifests.flatMap(([, { createdTime, lastUpdateTime }]) => [createdTime, lastUpdateTime]).sort();
  return {
    status: 200,
    body: {
      ...ofRepository(registry, repository),
      createdTime: times[0],
      lastUpdateTime: times.at(-1),
      manifestCount: manifests.length,
      tagCount: registry.repositories.tagsOf(registry.id, repository).length,
      changeableAttributes,
    },
  };
};

const deleteTag: Answer = ({ id, repositories }, { repository, reference }) => {
  if (!repositories.removeTag(id, repository, reference)) throw unknown(`tag "${reference}"`, repository);
  return { status: 202 };
};

const tagProperties = ([name, { digest, createdTime, lastUpdateTime }]: ReturnType<Repositories['tagsOf']>[number]) => ({
  name,
  digest,
  createdTime,
  lastUpdateTime,
  signed: false,
  changeableAttributes,
});
const tag: Answer = (registry, { repository, reference }) => {
  const found = registry.repositories.tagsOf(registry.id, repository).find(([name]) => name === reference);
  if (!found) throw unknown(`tag "${reference}"`, repository);
  return { status: 200, body: { ...ofRepository(registry, repository), tag: tagProperties(found) } };
};
const tags: Answer = (registry, { repository, query }) => {
  const digest = query.get('digest');
  const listed = registry.repositories.tagsOf(registry.id, repository).filter(([, tag]) => digest === null || tag.digest === digest);
  const { items, ...next } = page(`${pathOf(repository)}/_tags`, query, listed, ([name]) => name);
  return { status: 200, body: { ...ofRepository(registry, repository), tags: items.map(tagProperties) }, ...next };
};

const manifestProperties =
  ({ id, repositories }: AskedRegistry, repository: string) =>
  ([digest, manifest]: ReturnType<Repositories['manifestsOf']>[number]) => ({
    digest,
    imageSize: manifest.imageSizeBytes,
    createdTime: manifest.createdTime,
    lastUpdateTime: manifest.lastUpdateTime,
    mediaType: manifest.mediaType,
    ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
    tags: repositories
      .tagsOf(id, repository)
      .filter(([, tag]) => tag.digest === digest)
      .map(([name]) => name),
    changeableAttributes,
  });
const manifest: Answer = (registry, { repository, reference }) => {
  const found = registry.repositories.manifestsOf(registry.id, repository).find(([digest]) => digest === reference);
  if (!found) throw unknown(`manifest ${reference}`, repository);
  return { status: 200, body: { ...ofRepository(registry, repository), manifest: manifestProperties(registry, repository)(found) } };
};
const manifests: Answer = (registry, { repository, query }) => {
  const listed = registry.repositories.manifestsOf(registry.id, repository);
  const { items, ...next } = page(`${pathOf(repository)}/_manifests`, query, listed, ([digest]) => digest);
  return {
    status: 200,
    body: { ...ofRepository(registry, repository), manifests: items.map(manifestProperties(registry, repository)) },
    ...next,
  };
};

const answers: Readonly<Record<string, Answer>> = {
  'DELETE repository': deleteRepository,
  'GET repository': repositoryProperties,
  'DELETE tags/name': deleteTag,
  'GET tags': tags,
  'GET tags/name': tag,
  'GET manifests': manifests,
  'GET manifests/name': manifest,
};

/** Azure's own calls beside the distribution protocol: catalog, repositories, tags and manifests with their properties. */
export function metadataRoute(method: string, path: string, query: URLSearchParams): MetadataRoute | undefined {
  if (method === 'GET' && path === '/acr/v1/_catalog') return catalog(path, query);
  const [, repository, collection = 'repository', reference] = /^\/acr\/v1\/(.+?)(?:\/_(tags|manifests)(?:\/([^/]+))?)?$/.exec(path) ?? [];
  const answer = answers[`${method} ${collection}${reference === undefined ? '' : '/name'}`];
  if (repository === undefined || answer === undefined) return undefined;
  return {
    repository,
    right: method === 'DELETE' ? 'delete' : 'metadata_read',
    answer: (registry) => {
      if (registry.repositories.manifestsOf(registry.id, repository).length === 0)
        throw new RegistryError(404, 'NAME_UNKNOWN', `repository "${repository}" is not found`);
      return answer(registry, { repository, reference: reference ?? '', query });
    },
  };
}
