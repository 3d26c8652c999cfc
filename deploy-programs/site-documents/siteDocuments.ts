import { X509Certificate } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { CertificateClient } from '@azure/keyvault-certificates';
import { SecretClient } from '@azure/keyvault-secrets';
import type { DeployAction } from '../../contracts/programs';
import { readSettings } from '../../contracts/settings/settings';
import {
  documentsDeletionSettings,
  siteDocumentsSettings,
  type DocumentsDeletionSettings,
  type SiteDocumentsSettings,
  type WrittenDocuments,
} from '../../contracts/settings/siteDocuments';
import { certificateNames, documentNames, documentText, modelManagerDocument, modelMonitorDocument } from '../../contracts/siteDocuments';
import { thumbprintOf } from '../../contracts/thumbprint';
import type { DeployWork } from '../deployProgram';
import { hubAuthority, trustedAuthorities, type TrustedAuthorities } from './hubAuthority';
import { retryUntilReady } from '../retryUntilReady';
import { deleteCertificate, deleteSecret, putCertificate, putSecret } from './vaultObjects';

const program = 'site-documents';
const objectNames = ({ DEVICE_ID: deviceId, DOCUMENT_SUFFIX: suffix }: DocumentsDeletionSettings) => ({
  secrets: documentNames(deviceId, suffix),
  certificates: Object.values(certificateNames(deviceId, suffix)),
});

function vaultClients(
  { VAULT_URI: uri, VAULT_DISABLE_CHALLENGE_VERIFICATION: unverified }: DocumentsDeletionSettings,
  who: TokenCredential,
) {
  const options = { disableChallengeResourceVerification: unverified === 'true' };
  return { secrets: new SecretClient(uri, who, options), certificates: new CertificateClient(uri, who, options) };
}

/** Key and certificate of the site, which must be those that were reported to the hub. */
async function siteKey(client: SecretClient, { KEY_SECRET_NAME: name, CERTIFICATE_THUMBPRINT: told }: SiteDocumentsSettings) {
  const keyAndCertificate = (await client.getSecret(name, { abortSignal: AbortSignal.timeout(60_000) })).value ?? '';
  const certificate = new X509Certificate(keyAndCertificate);
  const thumbprint = thumbprintOf(certificate);
  if (thumbprint !== told)
    throw new Error(
      `the secret ${name} holds the certificate ${thumbprint.slice(0, 16)}…, and the hub was told ${told.slice(0, 16)}…: deploy again, so that both are the same.`,
    );
  return { keyAndCertificate, expiresOn: certificate.validToDate };
}

const documentsOf = (settings: SiteDocumentsSettings, keyAndCertificate: string, authority: string) => ({
  modelManager: modelManagerDocument({
    keyAndCertificate,
    hubAuthority: authority,
    iotHubHost: settings.IOT_HUB_HOST,
    deviceId: settings.DEVICE_ID,
    transport: settings.TRANSPORT,
    buildNumber: settings.BUILD_NUMBER,
  }),
  modelMonitor: modelMonitorDocument({
    keyAndCertificate,
    tenantId: settings.TENANT_ID,
    clientId: settings.CLIENT_ID,
    instrumentationKey: settings.INSTRUMENTATION_KEY,
    ingestionHost: settings.INGESTION_HOST,
    buildNumber: settings.BUILD_NUMBER,
  }),
});

async function create(
  environment: NodeJS.ProcessEnv,
  credential: TokenCredential,
  authorities: () => TrustedAuthorities = trustedAuthorities,
): Promise<WrittenDocuments> {
  const settings = readSettings(program, siteDocumentsSettings, environment);
  const authority = hubAuthority(settings.IOT_HUB_HOST, authorities());
  const { secrets, certificates } = vaultClients(settings, credential);
  const names = objectNames(settings);
  const tags = { device: settings.DEVICE_ID };
  return retryUntilReady(async () => {
    const { keyAndCertificate, expiresOn } = await siteKey(secrets, settings);
    const documents = documentsOf(settings, keyAndCertificate, authority);
    for (const name of names.certificates) await putCertificate(certificates, name, keyAndCertificate, tags);
    const put = async (which: keyof typeof documents) => {
      const name = names.secrets[which];
      await putSecret(secrets, { name, value: documentText(documents[which]), contentType: 'application/json', expiresOn, tags });
      return { name, uri: `${settings.VAULT_URI}/secrets/${name}` };
    };
    return {
      modelManager: await put('modelManager'),
      modelMonitor: await put('modelMonitor'),
      certificates: names.certificates,
      expiresOn: expiresOn.toISOString(),
    };
  }, settings.ROLE_ASSIGNMENT_WAIT_SECONDS);
}

const remove: DeployWork = async (environment, credential) => {
  const settings = readSettings(program, documentsDeletionSettings, environment);
  const { secrets, certificates } = vaultClients(settings, credential);
  const names = objectNames(settings);
  return retryUntilReady(async () => {
    for (const name of Object.values(names.secrets)) await deleteSecret(secrets, name);
    for (const name of names.certificates) await deleteCertificate(certificates, name);
    return {};
  }, settings.ROLE_ASSIGNMENT_WAIT_SECONDS);
};

/** Keeps the site's certificate and both configuration documents in the vault, under the names of Siemens' official sample. */
export const siteDocuments = { create, delete: remove } satisfies Record<DeployAction<'site-documents'>, DeployWork>;
