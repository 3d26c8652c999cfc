import { X509Certificate } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import type { DeployAction } from '../../contracts/programs';
import { enrolSiteSettings, type EnrolSiteAnswer } from '../../contracts/settings/enrolSite';
import { readSettings } from '../../contracts/settings/settings';
import { sha1ThumbprintOf, thumbprintOf } from '../../contracts/thumbprint';
import { certificateInTime, makeKeyAndCertificate } from '../keyAndCertificate';
import { untilAllowed } from '../roleAssignmentWait';
import { serialProblem } from './rotationRefusal';
import { SiteVault, type KeptCertificate } from './siteVault';

const holdsKey = (pem: string) => pem.includes('PRIVATE KEY-----');

/** A certificate of the vault that Entra and the hub accept now; its key may be elsewhere. */
function validCertificate(kept: KeptCertificate | undefined, serial: number, commonName: string, now: Date): X509Certificate | undefined {
  if (kept?.serial !== serial) return undefined;
  if (holdsKey(kept.pem)) return certificateInTime(kept.pem, commonName, now, 0);
  try {
    const certificate = new X509Certificate(kept.pem);
    return certificate.subject === `CN=${commonName}` && certificate.validToDate > now ? certificate : undefined;
  } catch {
    return undefined;
  }
}

interface Place {
  readonly vault: SiteVault;
  readonly inUse: string;
  readonly ofSerial: (serial: number) => string;
}

/** The certificate of a serial is made once; which one the site uses is not its concern. */
async function makeOnce(
  { vault, inUse, ofSerial }: Place,
  serial: number,
  deviceId: string,
  now: Date,
): Promise<EnrolSiteAnswer<'certificate'>> {
  const name = ofSerial(serial);
  const tags = { device: deviceId, serial: String(serial) };
  let certificate = validCertificate(await vault.read(name), serial, deviceId, now);
  if (certificate === undefined) {
    certificate = validCertificate(await vault.read(inUse), serial, deviceId, now);
    const pem = certificate?.toString() ?? (await makeKeyAndCertificate(deviceId, now));
    certificate ??= new X509Certificate(pem);
    await vault.write(name, pem, certificate.validToDate, tags);
  }
  return {
    certificatePem: certificate.toString(),
    thumbprintSha256: thumbprintOf(certificate),
    thumbprintSha1: sha1ThumbprintOf(certificate),
  };
}

/** What Entra and the hub know by now is put where the site reads it. Of the others the vault keeps the public part only. */
async function handOver({ vault, inUse, ofSerial }: Place, serial: number, thumbprint: string, deviceId: string): Promise<void> {
  const isAsked = ({ pem }: KeptCertificate) => holdsKey(pem) && thumbprintOf(new X509Certificate(pem)) === thumbprint;
  const before = await vault.read(inUse);
  if (before !== undefined && isAsked(before)) await vault.disableAllBut(inUse, before.version);
  else {
    const next = await vault.read(ofSerial(serial));
    if (next === undefined || !isAsked(next))
      throw new Error(
        `the key of certificate ${serial} (${thumbprint.slice(0, 16)}…) is not in the vault: ask for another one with edgeSite.certificateSerial ${serial + 1}`,
      );
    const replaces = before === undefined || before.serial === serial ? {} : { replaces: String(before.serial) };
    await vault.write(inUse, next.pem, new X509Certificate(next.pem).validToDate, {
      device: deviceId,
      serial: String(serial),
      ...replaces,
    });
  }
  for (const one of [serial - 1, serial]) {
    const kept = await vault.read(ofSerial(one));
    if (kept === undefined || !holdsKey(kept.pem)) continue;
    const certificate = new X509Certificate(kept.pem);
    await vault.write(ofSerial(one), certificate.toString(), certificate.validToDate, { device: deviceId, serial: String(one) });
  }
}

/**
 * A simulated site enrols itself: it keeps its keys in the vault and gives out what is public. The actions come in this order: `check` whether the
 * serial may be taken now, `certificate` of each serial that is to count, `hand-over` once Entra and the hub know it; `forget` one serial, `delete` the one in use.
 */
export async function enrolSite(action: string | undefined, environment: NodeJS.ProcessEnv, credential: TokenCredential): Promise<object> {
  if (action === undefined || !Object.hasOwn(enrolSiteSettings, action))
    throw new Error(`expected ${Object.keys(enrolSiteSettings).join(', ')} as the first argument, got ${action ?? 'nothing'}`);
  const settingsOf = <A extends DeployAction<'enrol-site'>>(one: A) => readSettings('enrol-site', enrolSiteSettings[one], environment);
  const common = readSettings('enrol-site', enrolSiteSettings.delete, environment);
  const client = new SecretClient(common.VAULT_URI, credential, {
    disableChallengeResourceVerification: common.VAULT_DISABLE_CHALLENGE_VERIFICATION === 'true',
  });
  const place: Place = { vault: new SiteVault(client), inUse: common.SECRET_NAME, ofSerial: (serial) => `${common.SECRET_NAME}-${serial}` };
  const perform: Readonly<Record<DeployAction<'enrol-site'>, () => Promise<object>>> = {
    async check() {
      const { CERTIFICATE_SERIAL: serial, CERTIFICATE_OVERLAP: overlap, TAKE_UP_SECONDS: takeUpSeconds } = settingsOf('check');
      const kept = await place.vault.read(place.inUse);
      const problem = serialProblem(
        { serial, overlap: overlap === 'true', takeUpSeconds },
        kept && { serial: kept.serial, replaces: kept.replaces, handedOverAt: kept.writtenAt },
        new Date(),
      );
      if (problem !== undefined) throw new Error(problem);
      return { serial };
    },
    certificate: () => makeOnce(place, settingsOf('certificate').CERTIFICATE_SERIAL, settingsOf('certificate').DEVICE_ID, new Date()),
    async 'hand-over'() {
      const { CERTIFICATE_SERIAL: serial, CERTIFICATE_THUMBPRINT: thumbprintSha256, DEVICE_ID: deviceId } = settingsOf('hand-over');
      await handOver(place, serial, thumbprintSha256, deviceId);
      return { secretUri: `${common.VAULT_URI}/secrets/${place.inUse}`, thumbprintSha256 };
    },
    forget: async () => (await place.vault.delete(place.ofSerial(settingsOf('forget').CERTIFICATE_SERIAL)), {}),
    delete: async () => (await place.vault.delete(place.inUse), {}),
  };
  return untilAllowed(perform[action as DeployAction<'enrol-site'>], {
    waitSeconds: common.ROLE_ASSIGNMENT_WAIT_SECONDS,
    log: (message) => console.error(message),
  });
}
