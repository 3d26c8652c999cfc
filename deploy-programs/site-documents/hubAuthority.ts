import { X509Certificate } from 'node:crypto';
import { getCACertificates } from 'node:tls';

/** The authority of IoT Hub's servers in each of Azure's clouds, by the end of a hub's name. */
const azureAuthorities: readonly (readonly [string, string])[] = [
  ['.azure-devices.net', 'DigiCert Global Root G2'],
  ['.azure-devices.us', 'DigiCert Global Root G2'],
  ['.azure-devices.cn', 'DigiCert Global Root CA'],
];

/** Authorities, PEM each: those that this Node was built with, and all that it trusts. */
export interface TrustedAuthorities {
  readonly bundled: readonly string[];
  readonly trusted: readonly string[];
}

/** What this Node trusts; beyond its own list that is `NODE_EXTRA_CA_CERTS`. */
export function trustedAuthorities(): TrustedAuthorities {
  if (typeof getCACertificates !== 'function')
    throw new Error(`Node ${process.version} cannot say which authorities it trusts: install Node 22.15 or newer.`);
  return { bundled: getCACertificates('bundled'), trusted: getCACertificates('default') };
}

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;
/** The document names whom a device trusts, not everybody whom this machine trusts. */
const maxExtra = 3;
const hasCommonName = (pem: string, commonName: string) => new X509Certificate(pem).subject.split('\n').includes(`CN=${commonName}`);

/** The authority that a device must trust to know its hub, PEM: DigiCert's for Azure, and for any other hub what was given to this Node besides its own list. */
export function hubAuthority(host: string, { bundled, trusted }: TrustedAuthorities): string {
  const [, commonName] = azureAuthorities.find(([end]) => host.toLowerCase().replace(/:\d+$/, '').endsWith(end)) ?? [];
  if (commonName !== undefined) {
    const found = [...bundled, ...trusted].find((pem) => hasCommonName(pem, commonName));
    if (found === undefined)
      throw new Error(
        `the authority of ${host}, "${commonName}", is not in the list of Node ${process.version}: name a file with it in NODE_EXTRA_CA_CERTS.`,
      );
    return `${found.trim()}\n`;
  }
  const known = new Set(bundled.map(fingerprint));
  const extra = trusted.filter((pem) => !known.has(fingerprint(pem)));
  if (extra.length === 0)
    throw new Error(
      `${host} is no hub of Azure, and this Node was given no authority besides its own list: name the file of the hub's authority in NODE_EXTRA_CA_CERTS.`,
    );
  if (extra.length > maxExtra)
    throw new Error(
      `${host} is no hub of Azure, and NODE_EXTRA_CA_CERTS gives ${extra.length} authorities beyond this Node's own list: name a file with that of the hub alone.`,
    );
  return extra.map((pem) => `${pem.trim()}\n`).join('');
}
