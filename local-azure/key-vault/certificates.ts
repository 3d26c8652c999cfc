import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import { base64urlThumbprint } from '../../contracts/thumbprint';
import { tags, type Secrets } from './secrets';

/** Certificates of all vaults of the region, kept as secrets are. Key and certificate together are a secret of the same name, which the vault manages. */
interface CertificateVersion {
  readonly version: string;
  readonly pem: string;
  readonly policy: Readonly<Record<string, unknown>>;
  readonly tags?: Readonly<Record<string, string>>;
  readonly created: number;
}
export interface Certificate {
  readonly name: string;
  readonly versions: readonly CertificateVersion[];
  readonly deleted?: { readonly date: number; readonly purge: number };
}

const pemType = 'application/x-pem-file';
const maxVersions = 500;
const belongsTogether = (pem: string): boolean => {
  try {
    return new X509Certificate(pem).checkPrivateKey(createPrivateKey(pem));
  } catch {
    return false;
  }
};
export const importBody = z.object({
  value: z
    .string()
    .max(25 * 1024)
    .refine(belongsTogether, 'a private key and its certificate in PEM: the local vault imports no PKCS #12'),
  policy: z.looseObject({
    secret_props: z.looseObject({ contentType: z.literal(pemType) }),
    key_props: z.looseObject({ exportable: z.boolean().optional() }).optional(),
    issuer: z.looseObject({ name: z.string().optional() }).optional(),
  }),
  tags,
});

export class Certificates {
  constructor(
    private readonly store: AppendOnlyStore<Certificate>,
    private readonly secrets: Secrets,
  ) {}

  private key = (vaultId: string, name: string) => `${vaultId}|${name}`.toLowerCase();

  get(vaultId: string, name: string): Certificate | undefined {
    return this.store.get(this.key(vaultId, name));
  }
  all(vaultId: string): Certificate[] {
    return [...this.store.entries()]
      .filter(([key]) => key.startsWith(`${vaultId.toLowerCase()}|`))
      .map(([, certificate]) => certificate)
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  import(
    vaultId: string,
    name: string,
    { value, policy, tags: given }: z.output<typeof importBody>,
    nowSeconds: number,
  ): CertificateVersion {
    const before = this.get(vaultId, name);
    const added: CertificateVersion = {
      version: randomBytes(16).toString('hex'),
      pem: new X509Certificate(value).toString(),
      policy,
      ...(given === undefined ? {} : { tags: given }),
      created: nowSeconds,
    };
    this.store.set(this.key(vaultId, name), {
      name: before?.name ?? name,
      versions: [...(before?.versions ?? []), added].slice(-maxVersions),
    });
    // Without an exportable key the secret is the certificate alone.
    const secretValue = policy.key_props?.exportable === false ? added.pem : value;
    this.secrets.set(
      vaultId,
      name,
      { value: secretValue, contentType: pemType, attributes: { exp: validity(added.pem).exp } },
      nowSeconds,
      added.version,
    );
    return added;
  }

  delete(vaultId: string, certificate: Certificate, deleted: { date: number; purge: number }): Certificate {
    const gone = { ...certificate, deleted };
    this.store.set(this.key(vaultId, certificate.name), gone);
    const secret = this.secrets.get(vaultId, certificate.name);
    if (secret) this.secrets.delete(vaultId, secret, deleted);
    return gone;
  }
  recover(vaultId: string, { name, versions }: Certificate): void {
    this.store.set(this.key(vaultId, name), { name, versions });
    const secret = this.secrets.get(vaultId, name);
    if (secret) this.secrets.recover(vaultId, secret);
  }
}

const seconds = (date: Date) => Math.floor(date.getTime() / 1_000);
const validity = (pem: string): { nbf: number; exp: number } => {
  const { validFromDate, validToDate } = new X509Certificate(pem);
  return { nbf: seconds(validFromDate), exp: seconds(validToDate) };
};

/** A version as the data plane gives it: everything public, and where key and secret are. */
export function certificateBundle(
  origin: string,
  name: string,
  { version, pem, policy, tags: given, created }: CertificateVersion,
  recovery: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const certificate = new X509Certificate(pem);
  const own = (collection: string) => `${origin}/${collection}/${name}/${version}`;
  return {
    id: own('certificates'),
    kid: own('keys'),
    sid: own('secrets'),
    x5t: base64urlThumbprint(certificate.fingerprint),
    cer: certificate.raw.toString('base64'),
    contentType: pemType,
    attributes: { enabled: true, ...validity(pem), created, updated: created, ...recovery },
    ...(given === undefined ? {} : { tags: given }),
    policy: {
      id: `${origin}/certificates/${name}/policy`,
      key_props: { exportable: true, kty: 'RSA', key_size: 2048, reuse_key: false },
      x509_props: { subject: certificate.subject.replaceAll('\n', ', '), ekus: certificate.keyUsage },
      ...policy,
    },
  };
}
