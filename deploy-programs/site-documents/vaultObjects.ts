import { X509Certificate } from 'node:crypto';
import type { CertificateClient } from '@azure/keyvault-certificates';
import type { SecretClient } from '@azure/keyvault-secrets';
import { sha1ThumbprintOf } from '../../contracts/thumbprint';
import { isMissing, statusOf } from '../transientFailure';
import { vaultTimeout } from '../vaultTimeout';

async function undefinedIfMissing<T>(work: Promise<T>): Promise<T | undefined> {
  return work.catch((error: unknown) => {
    if (!isMissing(error)) throw error;
    return undefined;
  });
}
/** Writes; where a deleted object of an earlier deployment holds the name, that one is recovered first and gets a new version. */
async function writeOverDeleted(
  write: () => Promise<unknown>,
  recover: () => Promise<{ pollUntilDone(): Promise<unknown> }>,
): Promise<void> {
  await write().catch(async (error: unknown) => {
    if (statusOf(error) !== 409) throw error;
    const recovering = await undefinedIfMissing(recover());
    // Nothing deleted has the name: whatever holds it is not ours.
    if (recovering === undefined) throw error;
    await recovering.pollUntilDone();
    await write();
  });
}

export interface VaultSecret {
  readonly name: string;
  readonly value: string;
  readonly contentType: string;
  readonly expiresOn: Date;
  readonly tags: Readonly<Record<string, string>>;
}

/** A new version only where the newest one is another: asked again, nothing changes. */
export async function putSecret(client: SecretClient, { name, value, contentType, expiresOn, tags }: VaultSecret): Promise<void> {
  const newest = await undefinedIfMissing(client.getSecret(name, vaultTimeout()));
  if (
    newest?.value === value &&
    newest.properties.contentType === contentType &&
    newest.properties.expiresOn?.getTime() === expiresOn.getTime()
  )
    return;
  await writeOverDeleted(
    () => client.setSecret(name, value, { contentType, expiresOn, tags: { ...tags }, ...vaultTimeout() }),
    () => client.beginRecoverDeletedSecret(name, vaultTimeout()),
  );
}
export async function deleteSecret(client: SecretClient, name: string): Promise<void> {
  await undefinedIfMissing(client.beginDeleteSecret(name, vaultTimeout()));
}

const pem = 'application/x-pem-file';
/** A vault takes PEM only under a policy that says so. The client (4.10.3) chooses the encoding by `policy`, and sends what is under the service's own names. */
const pemImport = {
  policy: { issuerName: 'Unknown', contentType: pem, exportable: true } as const,
  certificatePolicy: { secretProperties: { contentType: pem }, keyProperties: { exportable: true }, issuerParameters: { name: 'Unknown' } },
};

/** Imports key and certificate (PEM) under a name, unless its newest version is this certificate. */
export async function putCertificate(
  client: CertificateClient,
  name: string,
  keyAndCertificate: string,
  tags: Readonly<Record<string, string>>,
): Promise<void> {
  const thumbprint = Buffer.from(sha1ThumbprintOf(new X509Certificate(keyAndCertificate)), 'hex');
  const newest = await undefinedIfMissing(client.getCertificate(name, vaultTimeout()));
  if (newest?.properties.x509Thumbprint !== undefined && Buffer.from(newest.properties.x509Thumbprint).equals(thumbprint)) return;
  const options = { ...pemImport, tags: { ...tags } };
  await writeOverDeleted(
    () => client.importCertificate(name, Buffer.from(keyAndCertificate), { ...options, ...vaultTimeout() }),
    () => client.beginRecoverDeletedCertificate(name, vaultTimeout()),
  );
}
export async function deleteCertificate(client: CertificateClient, name: string): Promise<void> {
  await undefinedIfMissing(client.beginDeleteCertificate(name, vaultTimeout()));
}
