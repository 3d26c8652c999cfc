import type { X509Certificate } from 'node:crypto';
import { thumbprintOf } from '../../contracts/thumbprint';
import type { Told } from './actions';
import type { StackCertificates } from './stackCertificates';
import { daysLeft, validityAt, type Validity } from './validity';

/** A public certificate, where the site's keys are not. */
export interface KnownCertificate {
  readonly thumbprint: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly daysLeft: number;
  readonly validity: Validity;
}

const known = (certificates: readonly X509Certificate[], now: Date): KnownCertificate[] =>
  certificates.map((one) => ({
    thumbprint: thumbprintOf(one),
    validFrom: one.validFromDate.toISOString(),
    validTo: one.validToDate.toISOString(),
    daysLeft: daysLeft(one.validToDate, now),
    validity: validityAt(one.validFromDate, one.validToDate, now),
  }));
const line = (one: KnownCertificate) =>
  `${one.thumbprint.slice(0, 16)}…  ${one.validFrom.slice(0, 10)} to ${one.validTo.slice(0, 10)}  ${String(one.daysLeft).padStart(4)} days  ${one.validity}`;
/** One that is in the first two thirds of its life, or will be: until it is due, nothing is to be done. */
const isCovered = (certificates: readonly KnownCertificate[]) =>
  certificates.some(({ validity }) => validity === 'valid' || validity === 'not valid yet');

/** What Azure knows the site by, and what is to be done. `simulated` sites are replaced by `renew`, real ones on the site. */
export function statusAway(
  certificates: readonly X509Certificate[],
  simulated: boolean,
  now: Date,
): { readonly told: Told; readonly healthy: boolean } {
  const list = known(certificates, now);
  const healthy = list.some(({ validity }) => validity === 'valid' || validity === 'rotate');
  const advice =
    list.length === 0
      ? 'no certificate is known: deploy the stack, or name the public certificate of the site in it'
      : isCovered(list)
        ? undefined
        : simulated
          ? 'time to replace it: "npm run certificate -- renew", then pulumi up'
          : 'time to replace it, on the site: "npm run certificate -- rotate"';
  return {
    told: { lines: [...list.map(line), ...(advice === undefined ? [] : [advice])], facts: { healthy, simulated, certificates: list } },
    healthy,
  };
}

/** The next number for a simulated site whose certificate has lived two thirds of its life; a real site's is made on the site. */
export function renew(stack: StackCertificates, certificates: readonly X509Certificate[], now: Date): Told {
  const list = known(certificates, now);
  if (!stack.isMadeByDeployment())
    return {
      lines: ['the site is a real one: its next certificate is made there, with "npm run certificate -- rotate"'],
      facts: { renewed: false, simulated: false },
    };
  if (list.length === 0 || isCovered(list))
    return { lines: [...list.map(line), 'nothing to renew'], facts: { renewed: false, simulated: true, certificates: list } };
  const serial = stack.takeNextSerial();
  return {
    lines: [...list.map(line), `${stack.file} asks for certificate number ${serial}`, `next: pulumi up --stack ${stack.stack}`],
    facts: { renewed: true, simulated: true, serial, certificates: list },
  };
}
