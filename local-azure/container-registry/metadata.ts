import type { Repositories } from './repositories';
import { RegistryError } from './registryError';
import type { Right } from './registryTokens';

export interface MetadataAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly link?: string;
}
interface MetadataPlace {
  readonly registry: string;
  readonly loginServer: string;
  readonly repositories: Repositories;
}
/** `repository` is undefined for the catalog. */
export interface MetadataRoute {
  readonly repository: string | undefined;
  readonly right: Right;
  answer(place: MetadataPlace): MetadataAnswer;
}

const changeableAttributes = { deleteEnabled: true, writeEnabled: true, readEnabled: true, listEnabled: true };

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

function known(place: MetadataPlace, repository: string): void {
  if (place.repositories.manifestsOf(place.registry, repository).length === 0)
    throw new RegistryError(404, 'NAME_UNKNOWN', `repository "${repository}" is not found`);
}

/** Azure's own calls beside the distribution protocol: catalog, repositories, tags and manifests with their properties. */
export function metadataRoute(method: string, path: string, query: URLSearchParams): MetadataRoute | undefined {
  if (method === 'GET' && path === '/acr/v1/_catalog') {
    return {
      repository: undefined,
      right: '*',
      answer: (place) => {
        const { items, link } = page(path, query, place.repositories.names(place.registry), (name) => name);
        return { status: 200, body: { repositories: items }, ...(link === undefined ? {} : { link }) };
      },
    };
  }
  const match = /^\/acr\/v1\/(.+?)(?:\/_(tags|manifests)(?:\/([^/]+))?)?$/.exec(path);
  const repository = match?.[1];
  if (!match || repository === undefined) return undefined;
  const [, , collection, reference] = match;
  const encoded = repository.split('/').map(encodeURIComponent).join('/');
  const write = method === 'DELETE';
  if (method !== 'GET' && !write) return undefined;
  const route = (right: Right, answer: (place: MetadataPlace) => MetadataAnswer): MetadataRoute => ({
    repository,
    right,
    answer: (place) => (known(place, repository), answer(place)),
  });

  if (collection === undefined && write) {
    return route('delete', (place) => {
      const manifests = place.repositories.manifestsOf(place.registry, repository).map(([digest]) => digest);
      const tags = place.repositories.tagsOf(place.registry, repository).map(([tag]) => tag);
      for (const digest of manifests) place.repositories.removeManifest(place.registry, repository, digest);
      return { status: 202, body: { manifestsDeleted: manifests, tagsDeleted: tags } };
    });
  }
  if (collection === undefined) {
    return route('metadata_read', (place) => {
      const manifests = place.repositories.manifestsOf(place.registry, repository);
      const times = manifests.flatMap(([, one]) => [one.createdTime, one.lastUpdateTime]).sort();
      return {
        status: 200,
        body: {
          registry: place.loginServer,
          imageName: repository,
          createdTime: times[0],
          lastUpdateTime: times.at(-1),
          manifestCount: manifests.length,
          tagCount: place.repositories.tagsOf(place.registry, repository).length,
          changeableAttributes,
        },
      };
    });
  }
  if (collection === 'tags') {
    if (write) {
      return reference === undefined
        ? undefined
        : route('delete', (place) => {
            if (!place.repositories.removeTag(place.registry, repository, reference))
              throw new RegistryError(404, 'MANIFEST_UNKNOWN', `the tag "${reference}" is not found in ${repository}`);
            return { status: 202 };
          });
    }
    const shape = ([name, tag]: [string, { digest: string; createdTime: string; lastUpdateTime: string }]) => ({
      name,
      digest: tag.digest,
      createdTime: tag.createdTime,
      lastUpdateTime: tag.lastUpdateTime,
      signed: false,
      changeableAttributes,
    });
    return route('metadata_read', (place) => {
      const all = place.repositories.tagsOf(place.registry, repository);
      if (reference !== undefined) {
        const found = all.find(([name]) => name === reference);
        if (!found) throw new RegistryError(404, 'MANIFEST_UNKNOWN', `the tag "${reference}" is not found in ${repository}`);
        return { status: 200, body: { registry: place.loginServer, imageName: repository, tag: shape(found) } };
      }
      const digest = query.get('digest');
      const { items, link } = page(
        `/acr/v1/${encoded}/_tags`,
        query,
        digest === null ? all : all.filter(([, tag]) => tag.digest === digest),
        ([name]) => name,
      );
      return {
        status: 200,
        body: { registry: place.loginServer, imageName: repository, tags: items.map(shape) },
        ...(link === undefined ? {} : { link }),
      };
    });
  }
  if (write) return undefined;
  return route('metadata_read', (place) => {
    const tags = place.repositories.tagsOf(place.registry, repository);
    const shape = ([digest, one]: ReturnType<Repositories['manifestsOf']>[number]) => ({
      digest,
      imageSize: one.imageSizeBytes,
      createdTime: one.createdTime,
      lastUpdateTime: one.lastUpdateTime,
      mediaType: one.mediaType,
      ...(one.artifactType === undefined ? {} : { artifactType: one.artifactType }),
      tags: tags.filter(([, tag]) => tag.digest === digest).map(([name]) => name),
      changeableAttributes,
    });
    const all = place.repositories.manifestsOf(place.registry, repository);
    if (reference !== undefined) {
      const found = all.find(([digest]) => digest === reference);
      if (!found) throw new RegistryError(404, 'MANIFEST_UNKNOWN', `the manifest ${reference} is not found in ${repository}`);
      return { status: 200, body: { registry: place.loginServer, imageName: repository, manifest: shape(found) } };
    }
    const { items, link } = page(`/acr/v1/${encoded}/_manifests`, query, all, ([digest]) => digest);
    return {
      status: 200,
      body: { registry: place.loginServer, imageName: repository, manifests: items.map(shape) },
      ...(link === undefined ? {} : { link }),
    };
  });
}
