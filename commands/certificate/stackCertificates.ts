import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { ConfigurationError, parseConfiguration } from '../../components/configuration/configuration';
import type { Configuration } from '../../components/configuration/schema';
import { thumbprintOf } from '../../contracts/thumbprint';
import { noStackFile } from '../../plan/stackFile';
import { CertificateError } from './siteKeys';

const path = ['config', 'factory-loop:siteCertificates'] as const;
const serialPath = ['config', 'factory-loop:edgeSite', 'certificateSerial'] as const;
const certificates = z
  .array(
    z
      .string()
      .includes('BEGIN CERTIFICATE')
      .refine((pem) => !pem.includes('PRIVATE KEY'), 'public certificates only'),
  )
  .max(2);

/** A value as the program gets it; an encrypted one is not known here and judged by the program alone. */
const asGiven = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const isEncrypted = (value: unknown): boolean => JSON.stringify(value).includes('"secure":');

/** The stack as the program reads it. Throws, in one line, when the program would refuse it. */
function configurationOf(file: string, document: Document): Configuration {
  const { config } = z.object({ config: z.record(z.string(), z.unknown()) }).parse(document.toJS());
  const values = Object.entries(config)
    .filter(([key, value]) => key.startsWith('factory-loop:') && !isEncrypted(value))
    .map(([key, value]) => [key.slice('factory-loop:'.length), asGiven(value)] as const);
  try {
    return parseConfiguration(Object.fromEntries(values));
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    throw new CertificateError(
      `${file} would be refused: ${error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
        .join('; ')}`,
    );
  }
}

/** Public certificates of the site in a stack's configuration file: at most two, the current one first. */
export class StackCertificates {
  readonly file: string;
  constructor(
    root: string,
    readonly stack: string,
  ) {
    if (!/^[A-Za-z0-9][\w.-]{0,99}$/.test(stack)) throw new CertificateError(`--stack ${stack}: expected the name of a stack.`);
    this.file = join(root, `Pulumi.${stack}.yaml`);
    if (!existsSync(this.file)) throw new CertificateError(`${noStackFile(root, stack)}, or pulumi stack init ${stack}`);
  }

  private read(): Document {
    const document = parseDocument(readFileSync(this.file, 'utf8'));
    if (document.errors.length > 0) throw new CertificateError(`${this.file}: ${document.errors[0]?.message ?? 'not YAML'}`);
    return document;
  }
  list(): X509Certificate[] {
    const found = this.read().getIn(path, false) as { toJSON?: () => unknown } | undefined;
    const given: unknown = found?.toJSON?.() ?? found ?? [];
    // A list may also stand there as JSON, as "pulumi config set" writes it.
    const parsed = certificates.safeParse(typeof given === 'string' && given.startsWith('[') ? JSON.parse(given) : given);
    if (!parsed.success)
      throw new CertificateError(`${this.file}: factory-loop:siteCertificates: expected at most two public certificates in PEM.`);
    return parsed.data.map((pem) => new X509Certificate(pem));
  }
  has(certificate: X509Certificate): boolean {
    return this.list().some((other) => thumbprintOf(other) === thumbprintOf(certificate));
  }
  /** Everything else in the file stays as it is, comments too. */
  private write(list: readonly X509Certificate[], judged: boolean): void {
    const document = this.read();
    if (list.length === 0) document.deleteIn(path);
    else
      document.setIn(
        path,
        list.map((certificate) => certificate.toString()),
      );
    if (judged) configurationOf(this.file, document);
    this.save(document);
  }
  private save(document: Document): void {
    const fresh = `${this.file}.new`;
    writeFileSync(fresh, document.toString({ lineWidth: 0 }));
    renameSync(fresh, this.file);
  }
  /** Whether the deployment makes the site's certificate: for a simulated site, and where the key is kept in a vault. */
  isMadeByDeployment(): boolean {
    const { edgeSite, siteDocuments } = configurationOf(this.file, this.read());
    return edgeSite.enabled || siteDocuments.keyVault;
  }
  /** Another number makes the next one of these certificates. */
  takeNextSerial(): number {
    const document = this.read();
    const serial = configurationOf(this.file, document).edgeSite.certificateSerial + 1;
    document.setIn(serialPath, serial);
    configurationOf(this.file, document);
    this.save(document);
    return serial;
  }
  add(certificate: X509Certificate): void {
    const list = this.list();
    if (this.has(certificate)) return;
    if (list.length === 2) throw new CertificateError(`${this.file} names two certificates already: revoke one first.`);
    this.write([...list, certificate], true);
  }
  remove(thumbprint: string): boolean {
    const list = this.list();
    const remaining = list.filter((other) => thumbprintOf(other) !== thumbprint);
    // What is wrong elsewhere in the file keeps nobody from ending a certificate, unless it is the last one.
    if (remaining.length < list.length) this.write(remaining, remaining.length === 0);
    return remaining.length < list.length;
  }
}
