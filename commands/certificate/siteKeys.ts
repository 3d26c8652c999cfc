import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../command-line/usageError';
import { thumbprintOf } from '../../contracts/thumbprint';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';

/** Key and certificate in one PEM file, as the programs of the site read it. `next` waits while both count, `previous` is what the current one replaced. */
export const keyFiles = { current: 'device-certificate.pem', next: 'next-certificate.pem', previous: 'previous-certificate.pem' } as const;
export type KeyPlace = keyof typeof keyFiles;
interface SiteKey {
  readonly place: KeyPlace;
  readonly certificate: X509Certificate;
  readonly thumbprint: string;
  readonly commonName: string;
}

/** What stands in the way of the command, in one line. */
export class CertificateError extends UsageError {
  override readonly name = 'CertificateError';
}

/** The keys of a site, in a folder that its owner alone may read. */
export class SiteKeys {
  constructor(readonly folder: string) {}

  private file(place: KeyPlace): string {
    return join(this.folder, keyFiles[place]);
  }

  find(place: KeyPlace): SiteKey | undefined {
    const file = this.file(place);
    if (!existsSync(file)) return undefined;
    try {
      const pem = readFileSync(file, 'utf8');
      const certificate = new X509Certificate(pem);
      if (!certificate.checkPrivateKey(createPrivateKey(pem))) throw new Error('the key is not that of the certificate');
      return {
        place,
        certificate,
        thumbprint: thumbprintOf(certificate),
        commonName: /(?:^|\n)CN=(.+)/.exec(certificate.subject)?.[1] ?? '',
      };
    } catch (error) {
      throw new CertificateError(`${file}: expected a private key and its certificate in PEM (${(error as Error).message}).`);
    }
  }
  all(): SiteKey[] {
    return (['current', 'next', 'previous'] as const).flatMap((place) => this.find(place) ?? []);
  }
  current(): SiteKey {
    const current = this.find('current');
    if (!current) throw new CertificateError(`${this.folder} has no ${keyFiles.current}: make one with "npm run certificate -- create".`);
    return current;
  }

  async make(place: 'current' | 'next', commonName: string, now: Date): Promise<SiteKey> {
    if (this.find(place)) throw new CertificateError(`${this.file(place)} is there already: a key is never overwritten.`);
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    chmodSync(this.folder, 0o700);
    const making = `${this.file(place)}.new`;
    writeFileSync(making, await makeKeyAndCertificate(commonName, now), { mode: 0o600 });
    renameSync(making, this.file(place));
    return this.find(place) as SiteKey;
  }

  /** In one step for whoever reads the file: it holds the old pair or the new one, never a part. */
  switchToNext(): SiteKey {
    const current = this.current();
    if (!this.find('next')) throw new CertificateError(`${this.folder} has no ${keyFiles.next}.`);
    writeFileSync(this.file('previous'), readFileSync(this.file(current.place)), { mode: 0o600 });
    renameSync(this.file('next'), this.file('current'));
    return this.current();
  }

  remove(place: KeyPlace): void {
    rmSync(this.file(place), { force: true });
  }
}
