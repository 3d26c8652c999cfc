import { ArmError, type ArmRequest, type ArmRoute } from '../region/serviceInterfaces';
import type { ArmResource } from './armResource';
import { assetKinds, type AssetKindName, type Assets } from './assets';
import { commandJobBody, parseProperties } from './bodies';
import type { CommandJobs, StoredJob } from './commandJobs';
import type { WorkspaceAsset, Workspaces } from './workspaces';

interface Catalog {
  readonly workspaces: Workspaces;
  readonly assets: Assets;
  readonly jobs: CommandJobs;
  /** Base of next links; known once Resource Manager listens. */
  endpoint(): string;
  /** Registers a model version and announces it; other kinds are only kept. */
  registered(workspaceId: string, kind: AssetKindName, version: ArmResource): Promise<void>;
}

const base = String.raw`(?<workspace>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.MachineLearningServices/workspaces/[^/]+)`;
const pageSize = 100;

/** Tag filter of the service: `key` or `key=value`, comma-separated, all of which must hold. */
function hasTags(tags: Record<string, unknown>, filter: string): boolean {
  return filter.split(',').every((term) => {
    const [key = '', value] = term.split('=');
    return value === undefined ? key in tags : tags[key] === value;
  });
}

function matching(resources: readonly ArmResource[], query: URLSearchParams): ArmResource[] {
  const view = query.get('listViewType') ?? 'ActiveOnly';
  const tags = query.get('tags') ?? query.get('$tags') ?? query.get('tag');
  const ascending = /\basc$/i.test(query.get('$orderBy') ?? query.get('orderBy') ?? '');
  const matching = resources.filter(({ properties }) => {
    const archived = properties['isArchived'] === true;
    return (
      (view === 'All' || archived === (view === 'ArchivedOnly')) &&
      (tags === null || hasTags((properties['tags'] ?? {}) as Record<string, unknown>, tags))
    );
  });
  const direction = ascending ? 1 : -1;
  return matching.sort(
    (a, b) =>
      direction * (a.systemData.createdAt.localeCompare(b.systemData.createdAt) || a.name.localeCompare(b.name, 'en', { numeric: true })),
  );
}

/** One page; the next link carries the position in the whole list. */
function page(resources: readonly ArmResource[], request: ArmRequest, endpoint: string) {
  const { query, match } = request;
  const all = matching(resources, query);
  const skip = Number(query.get('$skip') ?? query.get('skip') ?? 0) || 0;
  const limit = Math.min(all.length, Number(query.get('$top')) || all.length);
  const end = Math.min(limit, skip + pageSize);
  const value = all.slice(skip, end);
  if (end >= limit) return { status: 200, body: { value } };
  const next = new URL(`${endpoint}${encodeURI(match[0])}`);
  for (const [name, parameter] of query) next.searchParams.set(name, parameter);
  next.searchParams.set('$skip', String(end));
  return { status: 200, body: { value, nextLink: next.toString() } };
}

/** What programs see of a job: the region's own bookkeeping stays inside. */
const visible = ({ id, name, type, properties, systemData }: StoredJob): ArmResource => ({ id, name, type, properties, systemData });

/** Control plane of the workspaces, as the ARM client of API version 2022-10-01 and later speaks it. */
export function machineLearningRoutes(catalog: Catalog): ArmRoute[] {
  const { workspaces, assets, jobs } = catalog;
  type Handler = (
    request: ArmRequest,
    workspace: WorkspaceAsset,
    group: (name: string) => string,
  ) => Promise<{ status: number; body?: unknown }> | { status: number; body?: unknown };
  const route = (method: ArmRoute['method'], path: string, operation: string, handler: Handler): ArmRoute => ({
    method,
    pattern: new RegExp(base + path),
    action: () => `Microsoft.MachineLearningServices/workspaces${operation}`,
    scope: (match) => match.groups?.['workspace'] ?? '',
    handle: async (request) => {
      const id = request.match.groups?.['workspace'] ?? '';
      const workspace = workspaces.find(id);
      if (!workspace)
        throw new ArmError(
          404,
          'ResourceNotFound',
          `The Resource 'Microsoft.MachineLearningServices/workspaces/${id.split('/').pop() ?? ''}' was not found.`,
        );
      return handler(request, workspace, (name) => request.match.groups?.[name] ?? '');
    },
  });

  const assetRoutes = (Object.keys(assetKinds) as AssetKindName[]).flatMap((kind) => {
    const container = `/${kind}/(?<name>[^/]+)`;
    const version = `${container}/versions/(?<version>[^/]+)`;
    return [
      route('GET', `/${kind}`, `/${kind}/read`, (request, { id }) => page(assets.containers(id, kind), request, catalog.endpoint())),
      route('GET', container, `/${kind}/read`, (_, { id }, group) => ({ status: 200, body: assets.container(id, kind, group('name')) })),
      route('PUT', container, `/${kind}/write`, ({ body, principal }, { id }, group) => {
        const { resource, created } = assets.putContainer(
          id,
          kind,
          group('name'),
          parseProperties(assetKinds[kind].container, body),
          principal.clientId,
        );
        return { status: created ? 201 : 200, body: resource };
      }),
      route('GET', `${container}/versions`, `/${kind}/versions/read`, (request, { id }, group) =>
        page(assets.versions(id, kind, group('name')), request, catalog.endpoint()),
      ),
      route('GET', version, `/${kind}/versions/read`, (_, { id }, group) => ({
        status: 200,
        body: assets.version(id, kind, group('name'), group('version')),
      })),
      route('PUT', version, `/${kind}/versions/write`, async ({ body, principal }, { id }, group) => {
        const properties = parseProperties(assetKinds[kind].version, body);
        checkDatastore(workspaces, id, properties['modelUri'] ?? properties['dataUri']);
        const { resource, created } = assets.putVersion(id, kind, group('name'), group('version'), properties, principal.clientId);
        if (created) await catalog.registered(id, kind, resource);
        return { status: created ? 201 : 200, body: resource };
      }),
      route('DELETE', version, `/${kind}/versions/delete`, (_, { id }, group) => ({
        status: assets.deleteVersion(id, kind, group('name'), group('version')) ? 200 : 204,
      })),
    ];
  });

  return [
    route('GET', '', '/read', (_, workspace) => ({ status: 200, body: workspace })),
    ...(['computes', 'datastores'] as const).flatMap((collection) => [
      route('GET', `/${collection}`, `/${collection}/read`, (request, { id }) =>
        page(workspaces.children(id, collection), request, catalog.endpoint()),
      ),
      route('GET', `/${collection}/(?<name>[^/]+)`, `/${collection}/read`, (_, { id }, group) => ({
        status: 200,
        body: workspaces.get(`${id}/${collection}/${group('name')}`, collection === 'computes' ? 'Compute' : 'Datastore'),
      })),
    ]),
    ...assetRoutes,
    route('GET', '/jobs', '/jobs/read', (request, { id }) => page(jobs.list(id).map(visible), request, catalog.endpoint())),
    route('GET', '/jobs/(?<name>[^/]+)', '/jobs/read', (_, { id }, group) => ({ status: 200, body: visible(jobs.get(id, group('name'))) })),
    route('PUT', '/jobs/(?<name>[^/]+)', '/jobs/write', ({ body, principal }, { id }, group) => {
      const name = group('name');
      if (!/^[a-zA-Z0-9][\w-]{0,254}$/.test(name))
        throw new ArmError(400, 'UserError', `The job name '${name}' is invalid: expected up to 255 letters, digits, '-' and '_'.`);
      const { job, created } = jobs.put(id, name, parseProperties(commandJobBody, body), principal.clientId);
      return { status: created ? 201 : 200, body: visible(job) };
    }),
    route('POST', '/jobs/(?<name>[^/]+)/cancel', '/jobs/cancel/action', async (_, { id }, group) => {
      await jobs.cancel(id, group('name'));
      return { status: 200 };
    }),
  ];
}

/** A URI into a datastore must name one that the workspace has. */
function checkDatastore(workspaces: Workspaces, workspaceId: string, uri: unknown): void {
  const datastore = typeof uri === 'string' ? /^azureml:\/\/.*\/datastores\/([^/]+)\/paths\//i.exec(uri)?.[1] : undefined;
  if (datastore !== undefined && !workspaces.find(`${workspaceId}/datastores/${datastore}`))
    throw new ArmError(400, 'UserError', `The datastore '${datastore}' of ${String(uri)} does not exist in the workspace.`);
}
