import type { X509Certificate } from 'node:crypto';
import { thumbprintOf } from '../../contracts/thumbprint';
import { daysLeft, validityAt, type Validity } from './validity';

/** A public certificate and how long it is valid. */
export interface KnownCertificate {
  readonly thumbprint: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly daysLeft: number;
  readonly validity: Validity;
}

export const knownCertificate = (certificate: X509Certificate, now: Date): KnownCertificate => ({
  thumbprint: thumbprintOf(certificate),
  validFrom: certificate.validFromDate.toISOString(),
  validTo: certificate.validToDate.toISOString(),
  daysLeft: daysLeft(certificate.validToDate, now),
  validity: validityAt(certificate.validFromDate, certificate.validToDate, now),
});
export const validityText = (known: KnownCertificate): string =>
  `${known.thumbprint.slice(0, 16)}…  ${known.validFrom.slice(0, 10)} to ${known.validTo.slice(0, 10)}  ${String(known.daysLeft).padStart(4)} days  ${known.validity}`;
