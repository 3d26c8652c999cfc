import { X509Certificate } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { CertificateClient } from '@azure/keyvault-certificates';
import { SecretClient } from '@azure/keyvault-secrets';
import { z } from 'zod';
import { httpsUrl, integer, readSettings, text } from '../../contracts/settings/settings';
import {
  certificateNames,
  documentNames,
  documentSuffix,
  documentText,
  hubTransports,
  modelManagerDocument,
  modelMonitorDocument,
} from '../../contracts/siteDocuments';
import { thumbprintOf } from '../../contracts/thumbprint';
import { hubAuthority, trustedAuthorities, type TrustedAuthorities } from './hubAuthority';
import { untilAllowed } from '../roleAssignmentWait';
import { dropCertificate, dropSecret, keepCertificate, keepSecret } from './vaultObjects';

const place = {
  VAULT_URI: httpsUrl(),
  DEVICE_ID: z.string().regex(/^[0-9A-Za-z-]{1,80}$/, 'a device id of letters, digits and dashes, as names in a vault are'),
  DOCUMENT_SUFFIX: z.string().regex(documentSuffix, 'six lower case letters and digits'),
  ROLE_ASSIGNMENT_WAIT_SECONDS: integer(0, 3_600),
  /** 'true' where the vault's host is not below the resource of its challenge. */
  VAULT_DISABLE_CHALLENGE_VERIFICATION: z.enum(['true', 'false']).optional(),
};
const removal = z.object(place);
const writing = z.object({
  ...place,
  /** Secret that holds key and certificate of the site. */
  KEY_SECRET_NAME: z.string().regex(/^[0-9a-zA-Z-]{1,127}$/, 'a Key Vault secret name'),
  /** SHA-256 of the certificate that the hub and the directory know. */
  CERTIFICATE_THUMBPRINT: z.string().regex(/^[0-9A-F]{64}$/, 'a SHA-256 thumbprint, 64 upper case hex digits'),
  IOT_HUB_HOST: text(),
  TRANSPORT: z.enum(hubTransports),
  BUILD_NUMBER: text(),
  TENANT_ID: text(),
  CLIENT_ID: text(),
  INSTRUMENTATION_KEY: text(),
  INGESTION_HOST: text(),
});

/** What the deployment learns: names and addresses, never a key. */
export interface WrittenDocuments {
  readonly modelManager: WrittenSecret;
  readonly modelMonitor: WrittenSecret;
  readonly certificates: readonly string[];
  readonly expiresOn: string;
}
export interface WrittenSecret {
  readonly name: string;
  readonly uri: string;
}

/** Keeps the site's certificate and both configuration documents in the vault, under the names of Siemens' official sample. */
export async function siteDocuments(
  action: string | undefined,
  environment: NodeJS.ProcessEnv,
  credential: TokenCredential,
  authorities: () => TrustedAuthorities = trustedAuthorities,
): Promise<WrittenDocuments | object> {
  const {
    VAULT_URI: vaultUri,
    DEVICE_ID: deviceId,
    DOCUMENT_SUFFIX: suffix,
    ROLE_ASSIGNMENT_WAIT_SECONDS: waitSeconds,
    VAULT_DISABLE_CHALLENGE_VERIFICATION: unverified,
  } = readSettings('site-documents', removal, environment);
  const options = { disableChallengeResourceVerification: unverified === 'true' };
  const [secrets, certificates] = [new SecretClient(vaultUri, credential, options), new CertificateClient(vaultUri, credential, options)];
  const retry = { waitSeconds, log: (message: string) => console.error(message) };
  const names = documentNames(deviceId, suffix);
  const certificateList = Object.values(certificateNames(deviceId, suffix));
  if (action === 'delete') {
    await untilAllowed(async () => {
      for (const name of Object.values(names)) await dropSecret(secrets, name);
      for (const name of certificateList) await dropCertificate(certificates, name);
    }, retry);
    return {};
  }
  if (action !== 'create') throw new Error(`expected create or delete as the first argument, got ${action ?? 'nothing'}`);
  const settings = readSettings('site-documents', writing, environment);
  const authority = hubAuthority(settings.IOT_HUB_HOST, authorities());
  return untilAllowed(async (): Promise<WrittenDocuments> => {
    const keyAndCertificate = (await secrets.getSecret(settings.KEY_SECRET_NAME, { abortSignal: AbortSignal.timeout(60_000) })).value ?? '';
    const certificate = new X509Certificate(keyAndCertificate);
    const thumbprint = thumbprintOf(certificate);
    if (thumbprint !== settings.CERTIFICATE_THUMBPRINT) {
      throw new Error(
        `the secret ${settings.KEY_SECRET_NAME} holds the certificate ${thumbprint.slice(0, 16)}…, and the hub was told ${settings.CERTIFICATE_THUMBPRINT.slice(0, 16)}…: deploy again, so that both are the same.`,
      );
    }
    const buildNumber = settings.BUILD_NUMBER;
    const documents = {
      modelManager: modelManagerDocument({
        keyAndCertificate,
        hubAuthority: authority,
        iotHubHost: settings.IOT_HUB_HOST,
        deviceId,
        transport: settings.TRANSPORT,
        buildNumber,
      }),
      modelMonitor: modelMonitorDocument({
        keyAndCertificate,
        tenantId: settings.TENANT_ID,
        clientId: settings.CLIENT_ID,
        instrumentationKey: settings.INSTRUMENTATION_KEY,
        ingestionHost: settings.INGESTION_HOST,
        buildNumber,
      }),
    };
    const tags = { device: deviceId };
    for (const name of certificateList) await keepCertificate(certificates, name, keyAndCertificate, tags);
    const keep = async (which: keyof typeof documents): Promise<WrittenSecret> => {
      await keepSecret(secrets, {
        name: names[which],
        value: documentText(documents[which]),
        contentType: 'application/json',
        expiresOn: certificate.validToDate,
        tags,
      });
      return { name: names[which], uri: `${vaultUri}/secrets/${names[which]}` };
    };
    return {
      modelManager: await keep('modelManager'),
      modelMonitor: await keep('modelMonitor'),
      certificates: certificateList,
      expiresOn: certificate.validToDate.toISOString(),
    };
  }, retry);
}
