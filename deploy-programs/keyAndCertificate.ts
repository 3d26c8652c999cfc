import 'reflect-metadata';
import { createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

const lifetimeDays = 180;
const dayMs = 86_400_000;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };

/** A key and its self-signed client certificate, PEM in one text: key first. */
export async function makeKeyAndCertificate(commonName: string, now: Date): Promise<string> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    serialNumber: `01${randomBytes(15).toString('hex')}`,
    notBefore: new Date(now.getTime() - 5 * 60_000),
    notAfter: new Date(now.getTime() + lifetimeDays * dayMs),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never),
    ],
  });
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`;
}

/** The certificate of key and certificate in one PEM, when they belong together and to the name and more than this part of its life is left. */
export function certificateInTime(pem: string, commonName: string, now: Date, lifeLeft: number): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const leftMs = certificate.validToDate.getTime() - now.getTime();
    const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
    const fits =
      certificate.checkPrivateKey(createPrivateKey(pem)) && certificate.subject === `CN=${commonName}` && certificate.validFromDate <= now;
    return fits && leftMs > lifeMs * lifeLeft ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** A certificate that need not be replaced yet: more than a third of its life is left. */
export const usableCertificate = (pem: string, commonName: string, now: Date): X509Certificate | undefined =>
  certificateInTime(pem, commonName, now, 1 / 3);
