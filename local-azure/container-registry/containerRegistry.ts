import { join } from 'node:path';
import type { Principal } from '../region/tokenAuthority';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import type { ArmEndpoint, ImageStore } from '../region/serviceInterfaces';
import { createWebServer, WebServers } from '../region/webServer';
import { BlobStore, digestPattern } from './blobStore';
import { BuildRuns } from './buildRuns';
import { parseImage, UnpackedImages, type UnpackedImage } from './imagePull';
import { RegistryError } from './registryError';
import { answerFailure, RegistryRequests, type ServedRegistry } from './registryRequests';
import { RegistryTokens, actionsOf } from './registryTokens';
import { Repositories } from './repositories';

const maxBlobBytes = 4 * 1024 ** 3;
interface RegistryDeclaration {
  readonly id: string;
  readonly name: string;
  readonly armAudience: boolean;
  readonly createdAt: string;
}

/** Registries of the region: one TLS port each, contents by digest, builds through Resource Manager, pulls for the platform. */
export class ContainerRegistry implements Service, ImageStore {
  readonly name = 'container-registry';
  private readonly declarations: AppendOnlyStore<RegistryDeclaration>;
  private readonly repositories: Repositories;
  private readonly blobs: BlobStore;
  private readonly requests: RegistryRequests;
  private readonly builds: BuildRuns;
  private readonly images: UnpackedImages;
  private readonly servers: WebServers;

  constructor(
    private readonly context: RegionContext,
    resourceManager: Pick<ArmEndpoint, 'addRoutes'>,
  ) {
    const directory = join(context.directory, this.name);
    this.declarations = context.openStore<RegistryDeclaration>('container-registry/registries');
    this.servers = new WebServers(context.openStore<number>('container-registry/ports'), (key) => this.serverOf(key));
    this.repositories = new Repositories(context);
    this.blobs = new BlobStore(directory, maxBlobBytes);
    this.requests = new RegistryRequests(
      context,
      this.blobs,
      this.repositories,
      new RegistryTokens(join(directory, 'token.key'), context.clock),
    );
    this.builds = new BuildRuns(context, this.blobs, this.repositories, (id) => this.served(id));
    this.images = new UnpackedImages(join(directory, 'images'), this.blobs);
    resourceManager.addRoutes(this.builds.routes());
  }

  async start(): Promise<void> {
    for (const { id } of this.declarations.values()) await this.servers.open(id);
  }
  async stop(): Promise<void> {
    await this.servers.closeAll();
  }

  registry(id: string): (RegistryDeclaration & { readonly loginServer: string }) | undefined {
    const declared = this.declarations.get(id.toLowerCase());
    const registry = this.served(id);
    return declared && registry ? { ...declared, loginServer: registry.loginServer } : undefined;
  }
  async putRegistry(declaration: Omit<RegistryDeclaration, 'createdAt'>): Promise<RegistryDeclaration & { readonly loginServer: string }> {
    const key = declaration.id.toLowerCase();
    for (const other of this.declarations.values()) {
      if (other.name.toLowerCase() === declaration.name.toLowerCase() && other.id.toLowerCase() !== key)
        throw new RegistryError(409, 'NAME_INVALID', `The registry DNS name ${declaration.name}.azurecr.io is already in use.`);
    }
    const createdAt = this.declarations.get(key)?.createdAt ?? this.context.clock.now().toISOString();
    this.declarations.set(key, { ...declaration, createdAt });
    await this.servers.open(key);
    return { ...declaration, createdAt, loginServer: `localhost:${this.servers.port(key) ?? 0}` };
  }
  async deleteRegistry(id: string): Promise<void> {
    const key = id.toLowerCase();
    this.declarations.delete(key);
    this.repositories.removeRegistry(key);
    this.builds.forget(key);
    await this.servers.close(key);
    const digests = this.repositories.digests();
    this.images.keepOnly(digests);
    this.blobs.keepOnly(digests);
  }

  async pull(image: string, as: Principal): Promise<UnpackedImage> {
    const { loginServer, repository, reference } = parseImage(image);
    const id = this.servers.instanceAt(Number(/^localhost:(\d+)$/.exec(loginServer)?.[1]));
    const registry = id === undefined ? undefined : this.served(id);
    if (id === undefined || !registry)
      throw new RegistryError(404, 'NAME_UNKNOWN', `no registry of the region has the login server ${loginServer}`);
    const decision = this.context.gate.authorizePrincipal(as, { service: this.name, actions: actionsOf.pull, scope: registry.id });
    if (!decision.allowed)
      throw new RegistryError(
        401,
        'UNAUTHORIZED',
        `${as.displayName} may not pull ${image}: it lacks ${actionsOf.pull.join(' or ')} (AcrPull) at ${registry.id}`,
      );
    const digest = digestPattern.test(reference) ? reference : this.repositories.tag(id, repository, reference)?.digest;
    if (digest === undefined || !this.repositories.manifest(id, repository, digest))
      throw new RegistryError(404, 'MANIFEST_UNKNOWN', `manifest tagged by "${reference}" is not found in ${repository} of ${loginServer}`);
    try {
      return await this.images.unpack(digest);
    } catch (error) {
      this.context.gate.report({
        service: this.name,
        status: 400,
        identity: as.displayName,
        objectId: as.objectId,
        action: actionsOf.pull.join(' or '),
        scope: registry.id,
        reason: `${repository}@${digest} is not unpacked: ${(error as Error).message}`,
      });
      throw error;
    }
  }

  private served(id: string): ServedRegistry | undefined {
    const declared = this.declarations.get(id.toLowerCase());
    const port = this.servers.port(id);
    return declared && port !== undefined
      ? { id: declared.id, name: declared.name, loginServer: `localhost:${port}`, armAudience: declared.armAudience }
      : undefined;
  }

  private serverOf(key: string) {
    return createWebServer(
      this.context.tls,
      async (request, response, url) => {
        const registry = this.served(key);
        if (!registry) throw new RegistryError(404, 'NAME_UNKNOWN', 'the registry has been deleted');
        if (await this.builds.handle(registry, request, response, url)) return;
        await this.requests.handle(registry, request, response, url);
      },
      (error, response) => answerFailure(error, response, (message) => this.context.log(this.name, 'request failed', { error: message })),
    );
  }
}
