import { certificateBundle, importBody, type Certificate, type Certificates } from './certificates';
import type { Secrets } from './secrets';
import { recoveryOf, softDeleteDays, VaultError, type VaultCall } from './vault';

export type CertificateAction = 'read' | 'import/action' | 'delete' | 'recover/action';
const daySeconds = 86_400;

/** The certificates part of a vault's data plane: import, read, soft delete. A certificate that the vault makes itself is not served. */
export class CertificateRequests {
  constructor(
    private readonly certificates: Certificates,
    private readonly secrets: Secrets,
  ) {}

  async onCertificates(call: VaultCall<CertificateAction>): Promise<void> {
    const { vault, method, name, part, authorize, send } = call;
    if (name === undefined) {
      if (method !== 'GET') throw call.unknown();
      authorize('read');
      const listed = this.certificates
        .all(vault.id)
        .filter((certificate) => !certificate.deleted)
        .map((certificate) => {
          const { id, x5t, attributes, tags } = this.bundle(call, certificate);
          return { id: String(id).split('/').slice(0, -1).join('/'), x5t, attributes, ...(tags === undefined ? {} : { tags }) };
        });
      return send(200, { value: listed, nextLink: null });
    }
    if (method === 'POST' && part === 'import') {
      authorize('import/action');
      if (this.certificates.get(vault.id, name)?.deleted)
        throw new VaultError(
          409,
          'Conflict',
          `Certificate ${name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the certificate can only be recovered or purged.`,
          'ObjectIsDeletedButRecoverable',
        );
      if (!this.certificates.get(vault.id, name) && this.secrets.get(vault.id, name))
        throw new VaultError(409, 'Conflict', `A secret ${name} that no certificate manages has this name.`);
      this.certificates.import(vault.id, name, await call.body(importBody), call.nowSeconds);
      return send(200, this.bundle(call, this.existing(call, name)));
    }
    if (method === 'GET' && part !== 'versions' && part !== 'policy') {
      authorize('read');
      return send(200, this.bundle(call, this.existing(call, name), part));
    }
    if (method === 'DELETE' && part === undefined) {
      authorize('delete');
      const date = call.nowSeconds;
      return send(
        200,
        this.deletedBundle(
          call,
          this.certificates.delete(vault.id, this.existing(call, name), { date, purge: date + softDeleteDays(vault) * daySeconds }),
        ),
      );
    }
    throw call.unknown();
  }

  async onDeleted(call: VaultCall<CertificateAction>): Promise<void> {
    const { vault, method, name, part, authorize, send } = call;
    if (name === undefined) throw call.unknown();
    const gone = (): Certificate => {
      const certificate = this.certificates.get(vault.id, name);
      if (!certificate?.deleted) throw notFound(name);
      return certificate;
    };
    if (method === 'GET' && part === undefined) {
      authorize('read');
      return send(200, this.deletedBundle(call, gone()));
    }
    if (method === 'POST' && part === 'recover') {
      authorize('recover/action');
      this.certificates.recover(vault.id, gone());
      return send(200, this.bundle(call, this.existing(call, name)));
    }
    throw call.unknown();
  }

  private existing({ vault }: VaultCall<CertificateAction>, name: string): Certificate {
    const certificate = this.certificates.get(vault.id, name);
    if (!certificate || certificate.deleted) throw notFound(name);
    return certificate;
  }
  private bundle(
    { vault, origin }: VaultCall<CertificateAction>,
    { name, versions }: Certificate,
    version?: string,
  ): Record<string, unknown> {
    const found = version === undefined ? versions.at(-1) : versions.find((candidate) => candidate.version === version);
    if (!found) throw notFound(name);
    return certificateBundle(origin, name, found, recoveryOf(vault));
  }
  private deletedBundle(call: VaultCall<CertificateAction>, certificate: Certificate): Record<string, unknown> {
    return {
      ...this.bundle(call, certificate),
      recoveryId: `${call.origin}/deletedcertificates/${certificate.name}`,
      deletedDate: certificate.deleted?.date,
      scheduledPurgeDate: certificate.deleted?.purge,
    };
  }
}

const notFound = (name: string) =>
  new VaultError(
    404,
    'CertificateNotFound',
    `A certificate with (name/id) ${name} was not found in this key vault. If you recently deleted this certificate you may be able to recover it using the correct recovery command.`,
  );
