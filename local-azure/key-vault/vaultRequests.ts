import type { IncomingMessage, ServerResponse } from 'node:http';
import type { z } from 'zod';
import { tenantId, type RegionContext } from '../region/regionContext';
import { BodyTooLarge, readBody, sendJson } from '../region/webServer';
import { mayPurge, recoveryOf, softDeleteDays, VaultError, type Vault, type VaultCall } from './vault';
import type { CertificateAction, CertificateRequests } from './certificateRequests';
import { secretName, setSecretBody, updateSecretBody, type Secret, type Secrets, type SecretVersion } from './secrets';

type SecretAction =
  'getSecret/action' | 'setSecret/action' | 'readMetadata/action' | 'update/action' | 'delete' | 'recover/action' | 'purge/action';
const daySeconds = 86_400;

/** The data plane of a vault: `/secrets…` and `/deletedsecrets…` here, certificates beside it. */
export class VaultRequests {
  constructor(
    private readonly context: RegionContext,
    private readonly secrets: Secrets,
    private readonly certificates: CertificateRequests,
  ) {}

  async handle(vault: Vault, origin: string, request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) return this.challenge(response, 'AKV10000: Request is missing a Bearer or PoP token.');
    const check = this.context.gate.authenticate(token, {
      service: 'key-vault',
      audiences: ['https://vault.azure.net'],
      actions: [`${request.method ?? ''} ${url.pathname.slice(0, 200)}`],
      scope: vault.id,
    });
    if (!check.allowed) return this.challenge(response, `AKV10022: Invalid token: ${check.reason}.`);
    if (!url.searchParams.get('api-version')) throw new VaultError(400, 'BadParameter', 'api-version must be specified');
    const [collection, name, part, extra] = decodeURIComponent(url.pathname)
      .split('/')
      .slice(1)
      .filter((segment) => segment !== '');
    if (name !== undefined && !secretName.test(name))
      throw new VaultError(400, 'BadParameter', `The request URI contains an invalid name: ${name}`);
    const method = request.method ?? '';
    const unknown = () =>
      new VaultError(
        405,
        'MethodNotAllowed',
        `The local vault has no ${method} ${url.pathname}: it serves secrets and imported certificates.`,
      );
    const call = <Action extends string>(kind: 'secrets' | 'certificates'): VaultCall<Action> => ({
      vault,
      origin,
      method,
      name,
      part,
      nowSeconds: Math.floor(this.context.clock.now().getTime() / 1_000),
      unknown,
      authorize: (action) => this.authorize(vault, token, `${kind}/${action}`, name === undefined ? undefined : `${kind}/${name}`),
      send: (status, body) => sendJson(response, status, body, { 'cache-control': 'no-cache' }),
      body: (schema) => this.body(request, schema),
    });
    if (extra !== undefined) throw unknown();
    if (collection === 'secrets') return this.onSecrets(call<SecretAction>('secrets'));
    if (collection === 'deletedsecrets') return this.onDeleted(call<SecretAction>('secrets'));
    if (collection === 'certificates') return this.certificates.onCertificates(call<CertificateAction>('certificates'));
    if (collection === 'deletedcertificates') return this.certificates.onDeleted(call<CertificateAction>('certificates'));
    throw unknown();
  }

  private async onSecrets(call: VaultCall<SecretAction>): Promise<void> {
    const { vault, origin, method, name, part, authorize, send } = call;
    const item = (secret: Secret, version: SecretVersion, withValue: boolean, versioned = true) =>
      this.item(vault, origin, secret, version, withValue, versioned);
    if (name === undefined) {
      if (method !== 'GET') throw call.unknown();
      authorize('readMetadata/action');
      return send(200, {
        value: this.secrets
          .all(vault.id)
          .filter((stored) => !stored.deleted)
          .map((stored) => item(stored, latest(stored), false, false)),
        nextLink: null,
      });
    }
    if (method === 'GET' && part === 'versions') {
      authorize('readMetadata/action');
      const secret = this.existing(vault, name);
      return send(200, { value: secret.versions.map((version) => item(secret, version, false)), nextLink: null });
    }
    if (method === 'GET') {
      authorize('getSecret/action');
      const secret = this.existing(vault, name);
      const version = part === undefined ? latest(secret) : secret.versions.find((candidate) => candidate.version === part);
      if (!version) throw notFound(name, part);
      if (!version.attributes.enabled)
        throw new VaultError(403, 'Forbidden', 'Operation get is not allowed on a disabled secret.', 'SecretDisabled');
      return send(200, item(secret, version, true));
    }
    if (method === 'PUT' && part === undefined) {
      authorize('setSecret/action');
      if (this.secrets.get(vault.id, name)?.deleted)
        throw new VaultError(
          409,
          'Conflict',
          `Secret ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the secret can only be recovered or purged.`,
          'ObjectIsDeletedButRecoverable',
        );
      this.refuseManaged(vault, name, 'set');
      const body = await call.body(setSecretBody);
      const version = this.secrets.set(vault.id, name, body, call.nowSeconds);
      return send(200, item(this.existing(vault, name), version, true));
    }
    if (method === 'PATCH' && part !== undefined) {
      authorize('update/action');
      const secret = this.existing(vault, name);
      const version = this.secrets.update(vault.id, name, part, await call.body(updateSecretBody), call.nowSeconds);
      if (!version) throw notFound(name, part);
      return send(200, item(secret, version, false));
    }
    if (method === 'DELETE' && part === undefined) {
      authorize('delete');
      this.refuseManaged(vault, name, 'delete');
      const date = call.nowSeconds;
      const secret = this.secrets.delete(vault.id, this.existing(vault, name), { date, purge: date + softDeleteDays(vault) * daySeconds });
      return send(200, this.deletedItem(vault, origin, secret));
    }
    throw call.unknown();
  }

  private async onDeleted(call: VaultCall<SecretAction>): Promise<void> {
    const { vault, origin, method, name, part, authorize, send } = call;
    const gone = (): Secret => {
      const secret = name === undefined ? undefined : this.secrets.get(vault.id, name);
      if (!secret?.deleted) throw notFound(name ?? '', undefined);
      return secret;
    };
    if (method === 'GET' && part === undefined) {
      authorize('readMetadata/action');
      if (name === undefined)
        return send(200, {
          value: this.secrets
            .all(vault.id)
            .filter((stored) => stored.deleted)
            .map((stored) => this.deletedItem(vault, origin, stored)),
          nextLink: null,
        });
      return send(200, this.deletedItem(vault, origin, gone()));
    }
    if (method === 'POST' && part === 'recover') {
      authorize('recover/action');
      this.refuseManaged(vault, name ?? '', 'recover');
      const secret = gone();
      this.secrets.recover(vault.id, secret);
      return send(200, this.item(vault, origin, secret, latest(secret), false, true));
    }
    if (method === 'DELETE' && name !== undefined && part === undefined) {
      authorize('purge/action');
      if (!mayPurge(vault))
        throw new VaultError(
          403,
          'Forbidden',
          'Operation "purge" is not allowed because purge protection is enabled for this vault.',
          'ForbiddenByPolicy',
        );
      this.secrets.purge(vault.id, gone().name);
      return send(204);
    }
    throw call.unknown();
  }

  private authorize(vault: Vault, token: string, action: string, below: string | undefined): void {
    const full = `Microsoft.KeyVault/vaults/${action}`;
    const scope = below === undefined ? vault.id : `${vault.id}/${below}`;
    const decision = this.context.gate.authorize(token, {
      service: 'key-vault',
      audiences: ['https://vault.azure.net'],
      actions: [full],
      scope,
    });
    if (decision.allowed) return;
    const caller = decision.principal;
    throw new VaultError(
      403,
      'Forbidden',
      `Caller is not authorized to perform action on resource.\r\nCaller: appid=${caller?.clientId ?? ''};oid=${caller?.objectId ?? ''}\r\nAction: '${full}'\r\nResource: '${scope}'\r\nAssignment: (not found)\r\nVault: ${vault.name};location=${vault.location}`,
      'ForbiddenByRbac',
    );
  }

  private refuseManaged(vault: Vault, name: string, operation: string): void {
    if (this.secrets.get(vault.id, name)?.managed)
      throw new VaultError(
        403,
        'Forbidden',
        `Operation ${operation} is not allowed on the secret ${name}: it belongs to the certificate of this name.`,
        'SecretManagedByKeyVault',
      );
  }
  private existing(vault: Vault, name: string): Secret {
    const secret = this.secrets.get(vault.id, name);
    if (!secret || secret.deleted) throw notFound(name, undefined);
    return secret;
  }

  private item(
    vault: Vault,
    origin: string,
    secret: Secret,
    version: SecretVersion,
    withValue: boolean,
    versioned: boolean,
  ): Record<string, unknown> {
    return {
      ...(withValue ? { value: version.value } : {}),
      id: `${origin}/secrets/${secret.name}${versioned ? `/${version.version}` : ''}`,
      ...(version.contentType === undefined ? {} : { contentType: version.contentType }),
      ...(version.tags === undefined ? {} : { tags: version.tags }),
      ...(secret.managed ? { managed: true } : {}),
      attributes: { ...version.attributes, ...recoveryOf(vault) },
    };
  }
  private deletedItem(vault: Vault, origin: string, secret: Secret): Record<string, unknown> {
    return {
      ...this.item(vault, origin, secret, latest(secret), false, true),
      recoveryId: `${origin}/deletedsecrets/${secret.name}`,
      deletedDate: secret.deleted?.date,
      scheduledPurgeDate: secret.deleted?.purge,
    };
  }

  private async body<S extends z.ZodType>(request: IncomingMessage, schema: S): Promise<z.output<S>> {
    let parsed: unknown;
    try {
      parsed = JSON.parse((await readBody(request, 128 * 1024)).toString('utf8'));
    } catch (error) {
      if (error instanceof BodyTooLarge) throw new VaultError(413, 'RequestBodyTooLarge', error.message);
      throw new VaultError(400, 'BadParameter', 'the request body is not JSON');
    }
    const result = schema.safeParse(parsed);
    if (!result.success)
      throw new VaultError(400, 'BadParameter', result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
    return result.data;
  }

  private challenge(response: ServerResponse, message: string): void {
    response.req.resume();
    sendJson(
      response,
      401,
      { error: { code: 'Unauthorized', message } },
      { 'www-authenticate': `Bearer authorization="https://login.microsoftonline.com/${tenantId}", resource="https://vault.azure.net"` },
    );
  }
}

export function latest(secret: Secret): SecretVersion {
  const version = secret.versions.at(-1);
  if (!version) throw new Error(`the secret ${secret.name} has no version`);
  return version;
}
const notFound = (name: string, version: string | undefined) =>
  new VaultError(
    404,
    'SecretNotFound',
    `A secret with (name/id) ${name}${version === undefined ? '' : `/${version}`} was not found in this key vault. If you recently deleted this secret you may be able to recover it using the correct recovery command.`,
  );
