import { X509Certificate } from 'node:crypto';
import { thumbprintOf } from '../../contracts/thumbprint';

/** What Azure needs to know about a public certificate. */
export interface CertificateFacts {
  /** SHA-256 of the certificate, 64 upper case hex digits: how IoT Hub knows a device. */
  readonly thumbprint: string;
  /** End of its validity, RFC 3339. */
  readonly notAfter: string;
}

export function certificateFacts(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem);
  return {
    thumbprint: thumbprintOf(certificate),
    notAfter: certificate.validToDate.toISOString(),
  };
}
