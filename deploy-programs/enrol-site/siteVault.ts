import type { KeyVaultSecret, SecretClient } from '@azure/keyvault-secrets';
import { isMissing, statusOf } from '../transientFailure';
import { vaultTimeout } from '../vaultTimeout';

const contentType = 'application/x-pem-file';
const ignoring =
  (isIgnored: (error: unknown) => boolean) =>
  (error: unknown): undefined => {
    if (!isIgnored(error)) throw error;
  };
const hasStatus = (status: number) => (error: unknown) => statusOf(error) === status;

/** Tags of the vault's secrets. `replaces` is the serial that was in use before, when there was one. */
export interface CertificateTags {
  readonly device: string;
  readonly serial: string;
  readonly replaces?: string;
}
export interface StoredCertificate {
  readonly pem: string;
  readonly serial: number;
  readonly replaces: number | undefined;
  readonly writtenAt: Date;
  readonly version: string;
}

/** The vault of a simulated site. A version of a secret cannot be deleted, but one that is not the latest can be disabled. */
export class SiteVault {
  constructor(
    private readonly client: SecretClient,
    /** Name of the secret that the site reads. */
    readonly secretInUse: string,
  ) {}

  /** Name of the secret with the certificate of a serial. */
  secretOf(serial: number): string {
    return `${this.secretInUse}-${serial}`;
  }

  async read(name: string): Promise<StoredCertificate | undefined> {
    const secret: KeyVaultSecret | undefined = await this.client.getSecret(name, vaultTimeout()).catch(ignoring(isMissing));
    if (secret?.value === undefined) return undefined;
    const { tags, createdOn, version } = secret.properties;
    const replaces = tags?.['replaces'];
    return {
      pem: secret.value,
      serial: Number(tags?.['serial'] ?? '1'),
      replaces: replaces === undefined ? undefined : Number(replaces),
      writtenAt: createdOn ?? new Date(0),
      version: version ?? '',
    };
  }

  async write(name: string, pem: string, expiresOn: Date, tags: CertificateTags): Promise<void> {
    const write = () => this.client.setSecret(name, pem, { contentType, expiresOn, tags: { ...tags }, ...vaultTimeout() });
    const written = await write().catch(async (error: unknown) => {
      ignoring(hasStatus(409))(error);
      // The name is held by a deleted secret of an earlier site: it is recovered and gets a new version.
      await (await this.client.beginRecoverDeletedSecret(name, vaultTimeout())).pollUntilDone();
      return write();
    });
    await this.disableAllBut(name, written.properties.version ?? '');
  }

  async disableAllBut(name: string, latest: string): Promise<void> {
    for await (const { version, enabled } of this.client.listPropertiesOfSecretVersions(name, vaultTimeout())) {
      if (version !== undefined && version !== latest && enabled === true)
        await this.client.updateSecretProperties(name, version, { enabled: false, ...vaultTimeout() });
    }
  }

  async delete(name: string): Promise<void> {
    await this.client.beginDeleteSecret(name, vaultTimeout()).catch(ignoring(hasStatus(404)));
  }
}
