import type { X509Certificate } from 'node:crypto';
import type { Outcome } from './actions';
import { knownCertificate, validityText, type KnownCertificate } from './knownCertificate';
import type { StackCertificates } from './stackCertificates';

/** One that is in the first two thirds of its life, or will be: until it is due, nothing is to be done. */
const isCovered = (certificates: readonly KnownCertificate[]) =>
  certificates.some(({ validity }) => validity === 'valid' || validity === 'not valid yet');

/** What Azure knows the site by, and what is to be done. `simulated` sites are replaced by `renew`, real ones on the site. */
export function statusFromStack(certificates: readonly X509Certificate[], simulated: boolean, now: Date): Outcome {
  const list = certificates.map((certificate) => knownCertificate(certificate, now));
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
    lines: [...list.map(validityText), ...(advice === undefined ? [] : [advice])],
    facts: { healthy, simulated, certificates: list },
    healthy,
  };
}

/** The next number for a simulated site whose certificate has lived two thirds of its life; a real site's is made on the site. */
export function renew(stack: StackCertificates, certificates: readonly X509Certificate[], now: Date): Outcome {
  const list = certificates.map((certificate) => knownCertificate(certificate, now));
  if (!stack.isMadeByDeployment())
    return {
      lines: ['the site is a real one: its next certificate is made there, with "npm run certificate -- rotate"'],
      facts: { renewed: false, simulated: false },
    };
  if (list.length === 0 || isCovered(list))
    return { lines: [...list.map(validityText), 'nothing to renew'], facts: { renewed: false, simulated: true, certificates: list } };
  const serial = stack.takeNextSerial();
  return {
    lines: [...list.map(validityText), `${stack.file} asks for certificate number ${serial}`, `next: pulumi up --stack ${stack.stack}`],
    facts: { renewed: true, simulated: true, serial, certificates: list },
  };
}
