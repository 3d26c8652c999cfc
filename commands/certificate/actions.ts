import type { X509Certificate } from 'node:crypto';
import { thumbprintOf } from '../../contracts/thumbprint';
import { CertificateError, type KeyPlace, type SiteKeys } from './siteKeys';
import type { StackCertificates } from './stackCertificates';
import { knownCertificate, validityText, type KnownCertificate } from './knownCertificate';
import { validityAt } from './validity';

/** What came of an action, for people and for programs. */
export interface Outcome {
  readonly lines: readonly string[];
  readonly facts: object;
  /** Of a status: whether the site gets in and will for a while. */
  readonly healthy?: boolean;
}
const registers = (stack: StackCertificates | undefined) =>
  stack ? `pulumi up --stack ${stack.stack}` : 'put it into factory-loop:siteCertificates of the stack, then pulumi up';

/** The first key of a site. */
export async function create(keys: SiteKeys, stack: StackCertificates | undefined, device: string, now: Date): Promise<Outcome> {
  const made = await keys.make('current', device, now);
  try {
    stack?.add(made.certificate);
  } catch (error) {
    keys.remove('current');
    throw error;
  }
  return {
    lines: [
      `made a key and a certificate for ${device} in ${keys.folder}, valid until ${made.certificate.validToDate.toISOString().slice(0, 10)}`,
      `thumbprint ${made.thumbprint}`,
      ...(stack ? [`${stack.file} names it`] : [made.certificate.toString()]),
      `next: ${registers(stack)}`,
    ],
    facts: {
      place: made.place,
      thumbprint: made.thumbprint,
      validTo: made.certificate.validToDate.toISOString(),
      certificatePem: made.certificate.toString(),
    },
  };
}

/** Twice: first the next certificate is made and both count; then, once Azure knows it, the site goes over to it. */
export async function rotate(keys: SiteKeys, stack: StackCertificates | undefined, now: Date): Promise<Outcome> {
  const current = keys.current();
  const next = keys.find('next');
  if (!next) {
    if (keys.find('previous'))
      throw new CertificateError(
        `${keys.folder} has the previous certificate still: end it first, "npm run certificate -- revoke previous" and pulumi up.`,
      );
    const made = await keys.make('next', current.commonName, now);
    try {
      stack?.add(made.certificate);
    } catch (error) {
      keys.remove('next');
      throw error;
    }
    return {
      lines: [
        `made the next certificate of ${current.commonName}, valid until ${made.certificate.validToDate.toISOString().slice(0, 10)}; the site goes on with the present one`,
        `thumbprint ${made.thumbprint}`,
        ...(stack ? [`${stack.file} names both`] : [made.certificate.toString()]),
        `next: ${registers(stack)}, then "npm run certificate -- rotate" again`,
      ],
      facts: { step: 'overlap', current: current.thumbprint, next: made.thumbprint, certificatePem: made.certificate.toString() },
    };
  }
  if (stack && !stack.has(next.certificate))
    throw new CertificateError(
      `${stack.file} does not name the next certificate (${next.thumbprint.slice(0, 16)}…), so Azure does not know it: add it and run pulumi up first.`,
    );
  if (validityAt(next.certificate.validFromDate, next.certificate.validToDate, now) === 'expired')
    throw new CertificateError(
      `the next certificate has expired: remove it with "npm run certificate -- revoke ${next.thumbprint}" and begin anew.`,
    );
  const switched = keys.switchToNext();
  return {
    lines: [
      `the site signs in with ${switched.thumbprint} from now on; its programs read the file again by themselves`,
      'next: when "npm run certificate -- status" and the site are well, "npm run certificate -- revoke previous"',
    ],
    facts: { step: 'switched', current: switched.thumbprint, previous: current.thumbprint },
  };
}

/** A certificate counts no more. `which` is a place or a SHA-256 thumbprint. */
export function revoke(keys: SiteKeys, stack: StackCertificates | undefined, which: string): Outcome {
  const known = keys.all();
  const found = known.find(({ place, thumbprint }) => place === which || thumbprint === which.replaceAll(':', '').toUpperCase());
  const thumbprint = found?.thumbprint ?? which.replaceAll(':', '').toUpperCase();
  if (!found && !/^[0-9A-F]{64}$/.test(thumbprint))
    throw new CertificateError(
      `revoke ${which}: expected next, previous or a SHA-256 thumbprint; the site has ${known.map(({ place }) => place).join(', ') || 'none'}.`,
    );
  if (found?.place === 'current') {
    throw new CertificateError(
      `revoke ${which}: the site signs in with it, and would be left with none. Replace it first: "npm run certificate -- rotate" twice, between them pulumi up (without it where the key is known to others), then revoke previous.`,
    );
  }
  const removed = stack?.remove(thumbprint) ?? false;
  if (!found && !removed)
    throw new CertificateError(`no certificate ${thumbprint} is known${stack ? ` in ${stack.file} or` : ''} in ${keys.folder}.`);
  if (found) keys.remove(found.place);
  const left = keys.all().length;
  return {
    lines: [
      `${thumbprint} ${found ? `is deleted with its key (${found.place})` : 'is not at this site'}${stack ? (removed ? ` and no longer in ${stack.file}` : ` and was not in ${stack.file}`) : ''}`,
      `next: ${stack ? registers(stack) : 'take it out of factory-loop:siteCertificates, then pulumi up'}; only then Entra and the IoT hub refuse it`,
      ...(left === 0 ? ['the site has no certificate now: "npm run certificate -- create"'] : []),
    ],
    facts: { thumbprint, deleted: found?.place ?? null, inConfiguration: removed },
  };
}

interface CertificateStatus extends KnownCertificate {
  readonly place: KeyPlace | 'configuration';
  readonly configured?: boolean;
}

/** What the site has and what the stack names. */
export function status(keys: SiteKeys, stack: StackCertificates | undefined, now: Date): Outcome {
  const atSite = keys.all();
  const named = stack?.list() ?? [];
  const entry = (place: CertificateStatus['place'], certificate: X509Certificate, thumbprint: string): CertificateStatus => ({
    place,
    ...knownCertificate(certificate, now),
    ...(stack ? { configured: named.some((other) => thumbprintOf(other) === thumbprint) } : {}),
  });
  const list = [
    ...atSite.map(({ place, certificate, thumbprint }) => entry(place, certificate, thumbprint)),
    ...named
      .filter((certificate) => atSite.every(({ thumbprint }) => thumbprint !== thumbprintOf(certificate)))
      .map((certificate) => entry('configuration', certificate, thumbprintOf(certificate))),
  ];
  const current = list.find(({ place }) => place === 'current');
  const healthy = current !== undefined && ['valid', 'rotate'].includes(current.validity) && current.configured !== false;
  const advice =
    current === undefined
      ? 'the site has no certificate: "npm run certificate -- create"'
      : current.configured === false
        ? `Azure does not know the present certificate: ${registers(stack)}`
        : current.validity === 'valid'
          ? undefined
          : 'time to replace it: "npm run certificate -- rotate"';
  return {
    lines: [
      ...list.map(
        (known) => `${known.place.padEnd(14)}${validityText(known)}${known.configured === false ? ', not in the configuration' : ''}`,
      ),
      ...(advice === undefined ? [] : [advice]),
    ],
    facts: { healthy, certificates: list },
    healthy,
  };
}
