import 'reflect-metadata';
import { createHash, createPrivateKey, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { SecretClient } from '@azure/keyvault-secrets';
import * as x509 from '@peculiar/x509';
import { z } from 'zod';
import { httpsUrl, integer, readSettings, text } from '../../contracts/settings/settings';
import { runDeployProgram } from './deployProgram';
import { untilAllowed } from './roleAssignmentWait';

const settingsSchema = z.object({
  VAULT_URI: httpsUrl(),
  SECRET_NAME: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/, 'a Key Vault secret name'),
  DEVICE_ID: text(),
  ROLE_ASSIGNMENT_WAIT_SECONDS: integer(0, 3_600),
  /** Another number asks for another certificate, however good the kept one is. */
  CERTIFICATE_SERIAL: z.string().regex(/^\d{1,10}$/, 'a whole number').default('1'),
  /** 'true' where the vault's host is not below the resource of its challenge. */
  VAULT_DISABLE_CHALLENGE_VERIFICATION: z.enum(['true', 'false']).optional(),
});

const lifetimeDays = 180;
const dayMs = 86_400_000;
const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
const contentType = 'application/x-pem-file';
const requestTimeout = () => ({ abortSignal: AbortSignal.timeout(60_000) });

export interface Enrolment { readonly certificatePem: string; readonly thumbprintSha256: string; readonly thumbprintSha1: string; readonly secretUri: string }

/** A key and its self-signed client certificate, PEM in one text: key first. */
export async function makeKeyAndCertificate(commonName: string, now: Date): Promise<string> {
  x509.cryptoProvider.set(webcrypto as never);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [commonName] }], serialNumber: `01${randomBytes(15).toString('hex')}`, notBefore: new Date(now.getTime() - 5 * 60_000), notAfter: new Date(now.getTime() + lifetimeDays * dayMs), signingAlgorithm: algorithm, keys: keys as never,
    extensions: [new x509.BasicConstraintsExtension(false, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]), await x509.SubjectKeyIdentifierExtension.create(keys.publicKey as never)],
  });
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')}\n${certificate.toString('pem')}\n`;
}

/** The certificate of a kept secret, when it belongs to its key and to the device and more than a third of its life is left. */
export function usableCertificate(pem: string, commonName: string, now: Date): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pem);
    const leftMs = certificate.validToDate.getTime() - now.getTime();
    const lifeMs = certificate.validToDate.getTime() - certificate.validFromDate.getTime();
    const fits = certificate.checkPrivateKey(createPrivateKey(pem)) && certificate.subject === `CN=${commonName}` && certificate.validFromDate <= now;
    return fits && leftMs > lifeMs / 3 ? certificate : undefined;
  } catch {
    return undefined;
  }
}

function enrolment(certificate: X509Certificate, vaultUri: string, secret: string): Enrolment {
  const thumbprint = (hash: 'sha1' | 'sha256') => createHash(hash).update(certificate.raw).digest('hex').toUpperCase();
  return { certificatePem: certificate.toString(), thumbprintSha256: thumbprint('sha256'), thumbprintSha1: thumbprint('sha1'), secretUri: `${vaultUri}/secrets/${secret}` };
}

const status = (error: unknown) => (error as { statusCode?: unknown } | null)?.statusCode;

/** A simulated site enrols itself: it keeps its key and certificate in the vault and gives out what is public. */
export async function enrolSite(action: string | undefined, environment: NodeJS.ProcessEnv, credential: TokenCredential): Promise<Enrolment | object> {
  const settings = readSettings('enrol-site', settingsSchema, environment);
  const { VAULT_URI: vaultUri, SECRET_NAME: name, DEVICE_ID: deviceId, CERTIFICATE_SERIAL: serial } = settings;
  const client = new SecretClient(vaultUri, credential, { disableChallengeResourceVerification: settings.VAULT_DISABLE_CHALLENGE_VERIFICATION === 'true' });
  const retry = { waitSeconds: settings.ROLE_ASSIGNMENT_WAIT_SECONDS, log: (message: string) => console.error(message) };
  if (action === 'delete') {
    await untilAllowed(() => client.beginDeleteSecret(name, requestTimeout()).catch((error: unknown) => {
      if (status(error) !== 404) throw error;
    }), retry);
    return {};
  }
  if (action !== 'create') throw new Error(`expected create or delete as the first argument, got ${action ?? 'nothing'}`);
  return untilAllowed(async () => {
    const now = new Date();
    const kept = await client.getSecret(name, requestTimeout()).catch((error: unknown) => {
      if (status(error) === 404) return undefined;
      throw error;
    });
    const usable = kept?.value === undefined || (kept.properties.tags?.['serial'] ?? '1') !== serial ? undefined : usableCertificate(kept.value, deviceId, now);
    if (usable) return enrolment(usable, vaultUri, name);
    const pem = await makeKeyAndCertificate(deviceId, now);
    const certificate = new X509Certificate(pem);
    const write = () => client.setSecret(name, pem, { contentType, expiresOn: certificate.validToDate, tags: { device: deviceId, serial }, ...requestTimeout() });
    await write().catch(async (error: unknown) => {
      if (status(error) !== 409) throw error;
      // The name is held by a deleted secret of an earlier site: it is recovered and gets a new version.
      await (await client.beginRecoverDeletedSecret(name, requestTimeout())).pollUntilDone();
      await write();
    });
    return enrolment(certificate, vaultUri, name);
  }, retry);
}

if (require.main === module) void runDeployProgram((credential) => enrolSite(process.argv[2], process.env, credential));
