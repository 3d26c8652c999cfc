import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** TLS material of the region: a local authority and one leaf for localhost and 127.0.0.1. */
export interface TlsMaterial {
  readonly caFile: string;
  readonly ca: string;
  readonly certificate: string;
  readonly privateKey: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 86_400_000;

async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** Makes the region's authority and leaf, or reads the ones that a former run left. */
export async function regionCertificates(directory: string): Promise<TlsMaterial> {
  const file = (name: string) => join(directory, name);
  const names = ['ca.pem', 'region.pem', 'region.key'] as const;
  if (!names.every((name) => existsSync(file(name)))) {
    x509.cryptoProvider.set(webcrypto as never);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const caKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const notBefore = new Date(Date.now() - dayMs);
    const notAfter = new Date(Date.now() + 365 * dayMs);
    const ca = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=Factory Loop local region',
      serialNumber: '01',
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      keys: caKeys as never,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey as never),
      ],
    });
    const leafKeys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const leaf = await x509.X509CertificateGenerator.create({
      subject: 'CN=localhost',
      issuer: ca.subject,
      serialNumber: '02',
      notBefore,
      notAfter,
      signingAlgorithm: algorithm,
      publicKey: leafKeys.publicKey as never,
      signingKey: caKeys.privateKey as never,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey as never),
      ],
    });
    writeFileSync(file('ca.pem'), ca.toString('pem'));
    writeFileSync(file('region.pem'), leaf.toString('pem'));
    writeFileSync(file('region.key'), await pkcs8(leafKeys.privateKey), { mode: 0o600 });
  }
  const read = (name: string) => readFileSync(file(name), 'utf8');
  return { caFile: file('ca.pem'), ca: read('ca.pem'), certificate: read('region.pem'), privateKey: read('region.key') };
}
