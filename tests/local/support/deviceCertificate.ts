import 'reflect-metadata';
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';

export interface DeviceCertificate {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly sha1: string;
  readonly sha256: string;
}

/** A self-signed client certificate, as a plant makes it for its AI Model Manager. */
export async function deviceCertificate(commonName: string, validForMs = 86_400_000): Promise<DeviceCertificate> {
  x509.cryptoProvider.set(webcrypto as never);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }],
    serialNumber: `01${randomBytes(8).toString('hex')}`,
    notBefore: new Date(now - 2 * 86_400_000),
    notAfter: new Date(now + validForMs),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])],
  });
  const certificatePem = certificate.toString('pem');
  const thumbprint = (hash: string) => createHash(hash).update(new X509Certificate(certificatePem).raw).digest('hex').toUpperCase();
  return {
    certificatePem,
    privateKeyPem: x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY'),
    sha1: thumbprint('sha1'),
    sha256: thumbprint('sha256'),
  };
}
