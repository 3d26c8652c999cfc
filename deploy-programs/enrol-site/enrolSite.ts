import { X509Certificate } from 'node:crypto';
import { SecretClient } from '@azure/keyvault-secrets';
import type { DeployAction } from '../../contracts/programs';
import { enrolSiteSettings, type EnrolSiteAnswer, type EnrolSiteSettings } from '../../contracts/settings/enrolSite';
import { readSettings } from '../../contracts/settings/settings';
import { sha1ThumbprintOf, thumbprintOf } from '../../contracts/thumbprint';
import type { DeployWork } from '../deployProgram';
import { certificateInTime, makeKeyAndCertificate } from '../keyAndCertificate';
import { retryUntilReady } from '../retryUntilReady';
import { rotationRefusal } from './rotationRefusal';
import { SiteVault, type StoredCertificate } from './siteVault';

const holdsKey = (pem: string) => pem.includes('PRIVATE KEY-----');

/** A certificate of the vault that Entra and the hub accept now; its key may be elsewhere. */
function acceptedCertificate(
  stored: StoredCertificate | undefined,
  serial: number,
  commonName: string,
  now: Date,
): X509Certificate | undefined {
  if (stored?.serial !== serial) return undefined;
  if (holdsKey(stored.pem)) return certificateInTime(stored.pem, commonName, now, 0);
  try {
    const certificate = new X509Certificate(stored.pem);
    return certificate.subject === `CN=${commonName}` && certificate.validToDate > now ? certificate : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the serial may be taken now. */
async function checkSerial(vault: SiteVault, settings: EnrolSiteSettings<'check'>): Promise<EnrolSiteAnswer<'check'>> {
  const { CERTIFICATE_SERIAL: serial, CERTIFICATE_OVERLAP: overlap, TAKE_UP_SECONDS: takeUpSeconds } = settings;
  const inUse = await vault.read(vault.secretInUse);
  const refusal = rotationRefusal(
    { serial, overlap: overlap === 'true', takeUpSeconds },
    inUse && { serial: inUse.serial, replaces: inUse.replaces, handedOverAt: inUse.writtenAt },
    new Date(),
  );
  if (refusal !== undefined) throw new Error(refusal);
  return { serial };
}

/** The certificate of a serial is made once; which one the site uses is not its concern. */
async function ensureCertificate(
  vault: SiteVault,
  { CERTIFICATE_SERIAL: serial, DEVICE_ID: deviceId }: EnrolSiteSettings<'certificate'>,
): Promise<EnrolSiteAnswer<'certificate'>> {
  const now = new Date();
  const name = vault.secretOf(serial);
  let certificate = acceptedCertificate(await vault.read(name), serial, deviceId, now);
  if (certificate === undefined) {
    certificate = acceptedCertificate(await vault.read(vault.secretInUse), serial, deviceId, now);
    const pem = certificate?.toString() ?? (await makeKeyAndCertificate(deviceId, now));
    certificate ??= new X509Certificate(pem);
    await vault.write(name, pem, certificate.validToDate, { device: deviceId, serial: String(serial) });
  }
  return {
    certificatePem: certificate.toString(),
    thumbprintSha256: thumbprintOf(certificate),
    thumbprintSha1: sha1ThumbprintOf(certificate),
  };
}

/** What Entra and the hub know by now is put where the site reads it. Of the others the vault keeps the public part only. */
async function handOver(
  vault: SiteVault,
  { VAULT_URI, CERTIFICATE_SERIAL: serial, CERTIFICATE_THUMBPRINT: thumbprint, DEVICE_ID: device }: EnrolSiteSettings<'hand-over'>,
): Promise<EnrolSiteAnswer<'hand-over'>> {
  const isRequested = ({ pem }: StoredCertificate) => holdsKey(pem) && thumbprintOf(new X509Certificate(pem)) === thumbprint;
  const inUse = await vault.read(vault.secretInUse);
  if (inUse !== undefined && isRequested(inUse)) await vault.disableAllBut(vault.secretInUse, inUse.version);
  else {
    const next = await vault.read(vault.secretOf(serial));
    if (next === undefined || !isRequested(next))
      throw new Error(
        `the key of certificate ${serial} (${thumbprint.slice(0, 16)}…) is not in the vault: ask for another one with edgeSite.certificateSerial ${serial + 1}`,
      );
    const replaces = inUse === undefined || inUse.serial === serial ? {} : { replaces: String(inUse.serial) };
    const { validToDate } = new X509Certificate(next.pem);
    await vault.write(vault.secretInUse, next.pem, validToDate, { device, serial: String(serial), ...replaces });
  }
  for (const one of [serial - 1, serial]) await withdrawKey(vault, one, device);
  return { secretUri: `${VAULT_URI}/secrets/${vault.secretInUse}`, thumbprintSha256: thumbprint };
}

/** Leaves the certificate of a serial without its key. */
async function withdrawKey(vault: SiteVault, serial: number, device: string): Promise<void> {
  const name = vault.secretOf(serial);
  const stored = await vault.read(name);
  if (stored === undefined || !holdsKey(stored.pem)) return;
  const certificate = new X509Certificate(stored.pem);
  await vault.write(name, certificate.toString(), certificate.validToDate, { device, serial: String(serial) });
}

type Action = DeployAction<'enrol-site'>;
const action =
  <A extends Action>(
    name: A,
    work: (vault: SiteVault, settings: EnrolSiteSettings<A>) => Promise<EnrolSiteAnswer<A>>,
  ): DeployWork<EnrolSiteAnswer<A>> =>
  async (environment, credential) => {
    const settings = readSettings('enrol-site', enrolSiteSettings[name], environment) as EnrolSiteSettings<A>;
    const { VAULT_URI, SECRET_NAME, ...vaultSettings } = readSettings('enrol-site', enrolSiteSettings.delete, environment);
    const client = new SecretClient(VAULT_URI, credential, {
      disableChallengeResourceVerification: vaultSettings.VAULT_DISABLE_CHALLENGE_VERIFICATION === 'true',
    });
    const vault = new SiteVault(client, SECRET_NAME);
    return retryUntilReady(() => work(vault, settings), vaultSettings.ROLE_ASSIGNMENT_WAIT_SECONDS);
  };

/**
 * A simulated site enrols itself: it keeps its keys in the vault and gives out what is public. The actions come in this order: `check` whether the
 * serial may be taken now, `certificate` of each serial that is to count, `hand-over` once Entra and the hub know it; `forget` one serial, `delete` the one in use.
 */
export const enrolSite: { readonly [A in Action]: DeployWork<EnrolSiteAnswer<A>> } = {
  check: action('check', checkSerial),
  certificate: action('certificate', ensureCertificate),
  'hand-over': action('hand-over', handOver),
  forget: action('forget', async (vault, settings) => (await vault.delete(vault.secretOf(settings.CERTIFICATE_SERIAL)), {})),
  delete: action('delete', async (vault) => (await vault.delete(vault.secretInUse), {})),
};
