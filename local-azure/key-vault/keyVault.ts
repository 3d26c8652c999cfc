import type { Principal } from '../region/tokenAuthority';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import type { SecretReader } from '../region/serviceInterfaces';
import { createWebServer, sendJson, WebServers } from '../region/webServer';
import { CertificateRequests } from './certificateRequests';
import { Certificates, type Certificate } from './certificates';
import { VaultError, type Vault } from './vault';
import { latest, VaultRequests } from './vaultRequests';
import { Secrets, type Secret } from './secrets';

/** Vaults of the region: one TLS port each, secrets and imported certificates under Azure's roles, soft delete. */
export class KeyVault implements Service, SecretReader {
  readonly name = 'key-vault';
  private readonly vaults: AppendOnlyStore<Vault>;
  private readonly secrets: Secrets;
  private readonly requests: VaultRequests;
  private readonly servers: WebServers;

  constructor(private readonly context: RegionContext) {
    this.vaults = context.openStore<Vault>('key-vault/vaults');
    this.secrets = new Secrets(context.openStore<Secret>('key-vault/secrets'));
    const certificates = new Certificates(context.openStore<Certificate>('key-vault/certificates'), this.secrets);
    this.requests = new VaultRequests(context, this.secrets, new CertificateRequests(certificates, this.secrets));
    this.servers = new WebServers(context.openStore<number>('key-vault/ports'), (id) => this.serverOf(id));
  }

  async start(): Promise<void> {
    for (const vault of this.vaults.values()) if (vault.deletedAt === undefined) await this.servers.open(vault.id);
  }
  async stop(): Promise<void> {
    await this.servers.closeAll();
  }

  vault(id: string): (Vault & { readonly vaultUri: string }) | undefined {
    const vault = this.vaults.get(id.toLowerCase());
    return vault && vault.deletedAt === undefined && this.servers.port(id) !== undefined
      ? { ...vault, vaultUri: `${this.servers.origin(id)}/` }
      : undefined;
  }

  /** Purge protection, once on, stays on; a deleted vault keeps its name. */
  async putVault(vault: Vault): Promise<Vault & { readonly vaultUri: string }> {
    for (const other of this.vaults.values()) {
      if (other.name.toLowerCase() !== vault.name.toLowerCase()) continue;
      if (other.deletedAt !== undefined)
        throw new VaultError(
          409,
          'ConflictError',
          `A vault with the same name already exists in deleted state. You need to either recover or purge existing key vault.`,
        );
      if (other.id.toLowerCase() !== vault.id.toLowerCase())
        throw new VaultError(
          409,
          'VaultAlreadyExists',
          `The vault name '${vault.name}' is already in use. Vault names are globally unique so it is possible that the name is already taken.`,
        );
      if (other.properties['enablePurgeProtection'] === true && vault.properties['enablePurgeProtection'] !== true)
        throw new VaultError(
          400,
          'BadRequest',
          `The property "enablePurgeProtection" cannot be set to false. Enabling the purge protection for a vault is an irreversible action.`,
        );
    }
    this.vaults.set(vault.id.toLowerCase(), vault);
    await this.servers.open(vault.id);
    return { ...vault, vaultUri: `${this.servers.origin(vault.id)}/` };
  }

  async deleteVault(id: string): Promise<void> {
    const vault = this.vaults.get(id.toLowerCase());
    if (!vault || vault.deletedAt !== undefined) return;
    this.vaults.set(id.toLowerCase(), { ...vault, deletedAt: this.context.clock.now().toISOString() });
    await this.servers.close(id);
  }

  /** `secretUrl` is a secret's id, with or without a version. */
  async read(secretUrl: string, as: Principal): Promise<string> {
    const url = new URL(secretUrl);
    const [collection, name, version] = url.pathname.split('/').filter((segment) => segment !== '');
    const id = url.protocol === 'https:' && url.hostname === 'localhost' ? this.servers.instanceAt(Number(url.port)) : undefined;
    const vault = id === undefined ? undefined : this.vaults.get(id);
    if (!vault || collection !== 'secrets' || name === undefined)
      throw new VaultError(404, 'VaultNotFound', `no vault of the region has the secret ${secretUrl}`);
    const action = 'Microsoft.KeyVault/vaults/secrets/getSecret/action';
    const decision = this.context.gate.authorizePrincipal(as, {
      service: this.name,
      actions: [action],
      scope: `${vault.id}/secrets/${name}`,
    });
    if (!decision.allowed)
      throw new VaultError(403, 'Forbidden', `${as.displayName} may not ${action} at ${vault.id}/secrets/${name}`, 'ForbiddenByRbac');
    const secret = this.secrets.get(vault.id, name);
    if (!secret || secret.deleted) throw new VaultError(404, 'SecretNotFound', `the vault ${vault.name} has no secret ${name}`);
    const found = version === undefined ? latest(secret) : secret.versions.find((candidate) => candidate.version === version);
    if (!found)
      throw new VaultError(404, 'SecretNotFound', `the secret ${name} of the vault ${vault.name} has no version ${version ?? ''}`);
    return found.value;
  }

  private serverOf(key: string) {
    return createWebServer(
      this.context.tls,
      async (request, response, url) => {
        const vault = this.vaults.get(key);
        if (!vault) throw new VaultError(404, 'VaultNotFound', 'the vault has been deleted');
        await this.requests.handle(vault, this.servers.origin(key), request, response, url);
      },
      (error, response) => {
        if (error instanceof VaultError)
          return sendJson(response, error.status, {
            error: {
              code: error.code,
              message: error.message,
              ...(error.innerCode === undefined ? {} : { innererror: { code: error.innerCode } }),
            },
          });
        this.context.log(this.name, 'request failed', { error: (error as Error).message });
        sendJson(response, 500, { error: { code: 'InternalServerError', message: 'the local vault failed' } });
      },
    );
  }
}
