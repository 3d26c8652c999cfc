import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';

/** Secrets of all vaults of the region; a secret is kept under `<vault id>|<name>`, both in lower case. */
interface SecretAttributes {
  readonly enabled: boolean;
  readonly created: number;
  readonly updated: number;
  readonly nbf?: number;
  readonly exp?: number;
}
export interface SecretVersion {
  readonly version: string;
  readonly value: string;
  readonly contentType?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly attributes: SecretAttributes;
}
export interface Secret {
  readonly name: string;
  readonly versions: readonly SecretVersion[];
  /** It is the key of the certificate of this name, and changed with that only. */
  readonly managed?: true;
  readonly deleted?: { readonly date: number; readonly purge: number };
}

/** Key Vault's own limit of a secret's value. */
const maxValueBytes = 25 * 1024;
export const secretName = /^[0-9a-zA-Z-]{1,127}$/;
const attributes = z
  .object({ enabled: z.boolean().optional(), nbf: z.number().int().optional(), exp: z.number().int().optional() })
  .optional();
export const tags = z
  .record(z.string().max(512), z.string().max(256))
  .refine((value) => Object.keys(value).length <= 15, 'at most 15 tags')
  .optional();
export const setSecretBody = z.object({
  value: z.string().refine((value) => Buffer.byteLength(value) <= maxValueBytes, `a value of at most ${maxValueBytes} bytes`),
  contentType: z.string().max(255).optional(),
  tags,
  attributes,
});
export const updateSecretBody = z.object({ contentType: z.string().max(255).optional(), tags, attributes });

const maxVersions = 500;

export class Secrets {
  constructor(private readonly store: AppendOnlyStore<Secret>) {}

  private key = (vaultId: string, name: string) => `${vaultId}|${name}`.toLowerCase();

  get(vaultId: string, name: string): Secret | undefined {
    return this.store.get(this.key(vaultId, name));
  }
  all(vaultId: string): Secret[] {
    return [...this.store.entries()]
      .filter(([key]) => key.startsWith(`${vaultId.toLowerCase()}|`))
      .map(([, secret]) => secret)
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  set(vaultId: string, name: string, body: z.output<typeof setSecretBody>, nowSeconds: number, certificateVersion?: string): SecretVersion {
    const secret = this.get(vaultId, name);
    const added: SecretVersion = {
      version: certificateVersion ?? randomBytes(16).toString('hex'),
      value: body.value,
      ...(body.contentType === undefined ? {} : { contentType: body.contentType }),
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      attributes: { ...body.attributes, enabled: body.attributes?.enabled ?? true, created: nowSeconds, updated: nowSeconds },
    };
    this.store.set(this.key(vaultId, name), {
      name: secret?.name ?? name,
      versions: [...(secret?.versions ?? []), added].slice(-maxVersions),
      ...(certificateVersion === undefined ? {} : { managed: true }),
    });
    return added;
  }

  update(
    vaultId: string,
    name: string,
    version: string,
    body: z.output<typeof updateSecretBody>,
    nowSeconds: number,
  ): SecretVersion | undefined {
    const secret = this.get(vaultId, name);
    const before = secret?.versions.find((candidate) => candidate.version === version);
    if (!secret || !before) return undefined;
    const after: SecretVersion = {
      ...before,
      ...(body.contentType === undefined ? {} : { contentType: body.contentType }),
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      attributes: {
        ...before.attributes,
        ...body.attributes,
        enabled: body.attributes?.enabled ?? before.attributes.enabled,
        updated: nowSeconds,
      },
    };
    this.store.set(this.key(vaultId, name), {
      ...secret,
      versions: secret.versions.map((candidate) => (candidate === before ? after : candidate)),
    });
    return after;
  }

  delete(vaultId: string, secret: Secret, deleted: { date: number; purge: number }): Secret {
    const gone = { ...secret, deleted };
    this.store.set(this.key(vaultId, secret.name), gone);
    return gone;
  }
  recover(vaultId: string, secret: Secret): void {
    this.store.set(this.key(vaultId, secret.name), {
      name: secret.name,
      versions: secret.versions,
      ...(secret.managed ? { managed: true } : {}),
    });
  }
  purge(vaultId: string, name: string): void {
    this.store.delete(this.key(vaultId, name));
  }
}
