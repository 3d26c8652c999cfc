import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Principal } from '../region/tokenAuthority';
import type { RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { digestOf, digestPattern, type BlobStore } from './blobStore';
import { metadataRoute, type MetadataAnswer } from './metadata';
import { checkManifest, maxImageManifestBytes } from './manifest';
import { RegistryError } from './registryError';
import type { Repositories } from './repositories';
import { actionsOf, parseScopes, type Right, type RegistryTokens } from './registryTokens';

/** `armAudience`: also tokens for Resource Manager sign in (`azureADAuthenticationAsArmPolicy`). */
export interface ServedRegistry {
  readonly id: string;
  readonly name: string;
  readonly loginServer: string;
  readonly armAudience: boolean;
}
interface Call {
  readonly registry: ServedRegistry;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly method: string;
  readonly path: string;
}

const repositoryName = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const tagName = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

export function checkRepository(name: string): string {
  if (name.length > 255 || !repositoryName.test(name))
    throw new RegistryError(400, 'NAME_INVALID', `invalid repository name: ${name.slice(0, 100)}`);
  return name;
}

/** The data plane of a registry: the distribution protocol, Azure's metadata calls and the token exchange. */
export class RegistryRequests {
  constructor(
    private readonly context: RegionContext,
    private readonly blobs: BlobStore,
    private readonly repositories: Repositories,
    private readonly tokens: RegistryTokens,
  ) {}

  async handle(registry: ServedRegistry, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const call: Call = { registry, request, response, url, method: request.method ?? '', path: decodeURIComponent(url.pathname) };
    if (call.method === 'POST' && call.path === '/oauth2/exchange') return this.exchange(call);
    if (call.method === 'POST' && call.path === '/oauth2/token') return this.token(call);
    if (call.path === '/v2/' || call.path === '/v2') {
      const token = bearer(request);
      if (token === undefined) return this.challenge(call, 'registry:catalog:*');
      return sendJson(response, 200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
    }
    const manifests = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(call.path);
    if (manifests) return this.onManifest(call, checkRepository(manifests[1] ?? ''), manifests[2] ?? '');
    const upload = /^\/v2\/(.+)\/blobs\/uploads\/([0-9a-f-]{36})?$/.exec(call.path);
    if (upload) return this.onUpload(call, checkRepository(upload[1] ?? ''), upload[2]);
    const blob = /^\/v2\/(.+)\/blobs\/([^/]+)$/.exec(call.path);
    if (blob) return this.onBlob(call, checkRepository(blob[1] ?? ''), blob[2] ?? '');
    const metadata = metadataRoute(call.method, call.path, url.searchParams);
    if (metadata) {
      const [type, name] =
        metadata.repository === undefined ? ['registry', 'catalog'] : ['repository', checkRepository(metadata.repository)];
      if (!this.allowed(call, type ?? '', name ?? '', [metadata.right]))
        return this.challenge(call, `${type ?? ''}:${name ?? ''}:${metadata.right}`);
      const answer: MetadataAnswer = metadata.answer({
        id: this.key(registry),
        loginServer: registry.loginServer,
        repositories: this.repositories,
      });
      return sendJson(response, answer.status, answer.body, answer.link === undefined ? {} : { link: answer.link });
    }
    throw new RegistryError(404, 'UNSUPPORTED', `The local registry has no ${call.method} ${call.path}`);
  }

  /** Stores keep ids in lower case, as Resource Manager compares them. */
  key = (registry: Pick<ServedRegistry, 'id'>) => registry.id.toLowerCase();

  private async onManifest(call: Call, repository: string, reference: string): Promise<void> {
    const { registry, method, response } = call;
    const right: Right = method === 'PUT' ? 'push' : method === 'DELETE' ? 'delete' : 'pull';
    if (!this.allowed(call, 'repository', repository, right === 'push' ? ['pull', 'push'] : [right]))
      return this.challenge(call, `repository:${repository}:${right === 'push' ? 'pull,push' : right}`);
    const registryKey = this.key(registry);
    if (method === 'PUT') {
      const isDigest = reference.includes(':');
      if (!isDigest && !tagName.test(reference))
        throw new RegistryError(400, 'MANIFEST_INVALID', `invalid tag: ${reference.slice(0, 200)}`);
      const content = await readBody(call.request, maxImageManifestBytes);
      const digest = digestOf(content);
      if (isDigest && reference !== digest)
        throw new RegistryError(400, 'DIGEST_INVALID', `expected a manifest with the digest ${reference}, got ${digest}`);
      const record = checkManifest(
        content,
        call.request.headers['content-type'],
        (digest) =>
          this.repositories.hasBlob(registryKey, repository, digest) ||
          this.repositories.manifest(registryKey, repository, digest) !== undefined,
      );
      this.blobs.put(content);
      this.repositories.addManifest(
        registryKey,
        repository,
        digest,
        record,
        isDigest ? undefined : reference,
        this.context.clock.now().toISOString(),
      );
      return sendJson(response, 201, undefined, { 'docker-content-digest': digest, location: `/v2/${repository}/manifests/${digest}` });
    }
    const digest = digestPattern.test(reference) ? reference : this.repositories.tag(registryKey, repository, reference)?.digest;
    const record = digest === undefined ? undefined : this.repositories.manifest(registryKey, repository, digest);
    if (digest === undefined || !record)
      throw new RegistryError(404, 'MANIFEST_UNKNOWN', `manifest tagged by "${reference}" is not found in ${repository}`);
    if (method === 'DELETE') {
      this.repositories.removeManifest(registryKey, repository, digest);
      return sendJson(response, 202);
    }
    const content = await this.blobs.read(digest);
    response.writeHead(200, {
      'content-type': record.mediaType,
      'content-length': String(content.length),
      'docker-content-digest': digest,
      etag: `"${digest}"`,
    });
    response.end(method === 'HEAD' ? undefined : content);
  }

  private async onUpload(call: Call, repository: string, id: string | undefined): Promise<void> {
    const { method, response, url } = call;
    if (!this.allowed(call, 'repository', repository, ['pull', 'push'])) return this.challenge(call, `repository:${repository}:pull,push`);
    const location = (upload: string) => `/v2/${repository}/blobs/uploads/${upload}`;
    if (id === undefined) {
      if (method !== 'POST') throw new RegistryError(405, 'UNSUPPORTED', `The local registry has no ${method} ${call.path}`);
      const started = this.blobs.startUpload(repository);
      return sendJson(response, 202, undefined, { location: location(started), range: '0-0', 'docker-upload-uuid': started });
    }
    if (method === 'PATCH') {
      const size = await this.blobs.append(id, repository, call.request);
      return sendJson(response, 202, undefined, { location: location(id), range: `0-${Math.max(0, size - 1)}`, 'docker-upload-uuid': id });
    }
    if (method === 'PUT') {
      const digest = url.searchParams.get('digest') ?? '';
      this.blobs.file(digest);
      await this.blobs.append(id, repository, call.request);
      this.repositories.addBlob(this.key(call.registry), repository, digest, await this.blobs.complete(id, repository, digest));
      return sendJson(response, 201, undefined, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
    }
    if (method === 'GET')
      return sendJson(response, 204, undefined, {
        range: `0-${Math.max(0, this.blobs.upload(id, repository).sizeBytes - 1)}`,
        'docker-upload-uuid': id,
      });
    if (method === 'DELETE') {
      this.blobs.cancel(id, repository);
      return sendJson(response, 204);
    }
    throw new RegistryError(405, 'UNSUPPORTED', `The local registry has no ${method} ${call.path}`);
  }

  private async onBlob(call: Call, repository: string, digest: string): Promise<void> {
    const { method, response } = call;
    const right: Right = method === 'DELETE' ? 'delete' : 'pull';
    if (!this.allowed(call, 'repository', repository, [right])) return this.challenge(call, `repository:${repository}:${right}`);
    const registryKey = this.key(call.registry);
    if (!digestPattern.test(digest) || !this.repositories.hasBlob(registryKey, repository, digest) || !this.blobs.has(digest))
      throw new RegistryError(404, 'BLOB_UNKNOWN', `blob ${digest.slice(0, 100)} is not found in ${repository}`);
    if (method === 'DELETE') {
      this.repositories.removeBlob(registryKey, repository, digest);
      return sendJson(response, 202, undefined, { 'docker-content-digest': digest });
    }
    const total = this.blobs.sizeBytes(digest);
    const asked = /^bytes=(\d+)-(\d*)$/.exec(call.request.headers.range ?? '');
    const range = asked ? { start: Number(asked[1]), end: asked[2] ? Math.min(Number(asked[2]), total - 1) : total - 1 } : undefined;
    if (range && range.start > range.end)
      throw new RegistryError(416, 'SIZE_INVALID', `the blob has ${total} bytes, asked for ${call.request.headers.range ?? ''}`);
    const length = range ? range.end - range.start + 1 : total;
    response.writeHead(range ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': String(length),
      'docker-content-digest': digest,
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${range.start}-${range.end}/${total}` } : {}),
    });
    if (method === 'HEAD') response.end();
    else await pipeline(this.blobs.stream(digest, range), response);
  }

  /** The access token must hold the rights, and the roles must still give them. */
  private allowed(call: Call, type: string, name: string, rights: readonly Right[]): boolean {
    const token = bearer(call.request);
    if (token === undefined) return false;
    if (!this.tokens.isGood(call.registry.loginServer, token)) throw this.foreign(call, 'the access token is invalid or has expired');
    return rights.every((right) => {
      const principal = this.tokens.principalWith(call.registry.loginServer, token, type, name, right);
      return principal !== undefined && this.mayUse(call.registry, principal, right);
    });
  }
  private mayUse(registry: ServedRegistry, principal: Principal, right: Right): boolean {
    return this.context.gate.authorizePrincipal(principal, { service: 'container-registry', actions: actionsOf[right], scope: registry.id })
      .allowed;
  }

  private foreign({ registry, method, path }: Call, reason: string): RegistryError {
    this.context.gate.report({
      service: 'container-registry',
      status: 401,
      identity: 'anonymous',
      action: `${method} ${path.slice(0, 200)}`,
      scope: registry.id,
      reason,
    });
    return new RegistryError(401, 'UNAUTHORIZED', reason);
  }

  private challenge(call: Call, scope: string): void {
    call.request.resume();
    const refused = bearer(call.request) === undefined ? '' : ',error="insufficient_scope"';
    const host = call.registry.loginServer;
    sendJson(
      call.response,
      401,
      {
        errors: [
          {
            code: 'UNAUTHORIZED',
            message: 'authentication required, visit https://aka.ms/acr/authorization for more information.',
            detail: [{ Type: scope.split(':')[0], Name: scope.split(':')[1], Action: scope.split(':')[2] }],
          },
        ],
      },
      {
        'www-authenticate': `Bearer realm="https://${host}/oauth2/token",service="${host}",scope="${scope}"${refused}`,
        'docker-distribution-api-version': 'registry/2.0',
      },
    );
  }

  private async form(call: Call): Promise<URLSearchParams> {
    return new URLSearchParams((await readBody(call.request, 64 * 1024)).toString('utf8'));
  }

  private async exchange(call: Call): Promise<void> {
    const form = await this.form(call);
    const audiences = ['https://containerregistry.azure.net', ...(call.registry.armAudience ? ['https://management.azure.com'] : [])];
    const check = this.context.gate.authenticate(form.get('access_token') ?? '', {
      service: 'container-registry',
      audiences,
      actions: ['exchange a token'],
      scope: call.registry.id,
    });
    if (!check.allowed) throw new RegistryError(401, 'UNAUTHORIZED', `the Microsoft Entra access token is refused: ${check.reason}`);
    if (form.get('service') !== call.registry.loginServer)
      throw new RegistryError(400, 'UNSUPPORTED', `expected service=${call.registry.loginServer}, got ${form.get('service') ?? 'none'}`);
    sendJson(call.response, 200, { refresh_token: this.tokens.refreshToken(call.registry.loginServer, check.principal) });
  }

  private async token(call: Call): Promise<void> {
    const form = await this.form(call);
    const service = call.registry.loginServer;
    if (form.get('grant_type') !== 'refresh_token')
      throw new RegistryError(401, 'UNAUTHORIZED', 'expected grant_type=refresh_token: anonymous pull and passwords are off');
    const principal = this.tokens.principalOfRefreshToken(service, form.get('refresh_token') ?? '');
    if (!principal) throw this.foreign(call, 'the refresh token is invalid or has expired');
    const scopes = parseScopes(form.getAll('scope').join(' '));
    const access = scopes.map((scope) => ({
      ...scope,
      actions: scope.actions.filter((right) => this.mayUse(call.registry, principal, right)),
    }));
    sendJson(call.response, 200, { access_token: this.tokens.accessToken(service, principal, access) });
  }
}

const bearer = (request: IncomingMessage) => /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];

/** Answers what a request threw, in the distribution protocol's shape. */
export function answerFailure(error: unknown, response: ServerResponse, log: (message: string) => void): void {
  if (error instanceof URIError)
    return sendJson(response, 400, { errors: [{ code: 'NAME_INVALID', message: 'the path is not percent-encoded correctly' }] });
  if (error instanceof RegistryError)
    return sendJson(
      response,
      error.status,
      { errors: [{ code: error.code, message: error.message }] },
      error.status === 413 ? { connection: 'close' } : {},
    );
  if (error instanceof BodyTooLarge)
    return sendJson(response, 413, { errors: [{ code: 'SIZE_INVALID', message: error.message }] }, { connection: 'close' });
  log((error as Error).message);
  sendJson(response, 500, { errors: [{ code: 'UNKNOWN', message: 'the local registry failed; its log says why' }] });
}
