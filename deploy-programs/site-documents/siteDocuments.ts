import { X509Certificate } from 'node:crypto';
import type { TokenCredential } from '@azure/identity';
import { CertificateClient } from '@azure/keyvault-certificates';
import { SecretClient } from '@azure/keyvault-secrets';
import { readSettings } from '../../contracts/settings/settings';
import { documentsDeletionSettings, siteDocumentsSettings, type WrittenDocuments } from '../../contracts/settings/siteDocuments';
import { certificateNames, documentNames, documentText, modelManagerDocument, modelMonitorDocument } from '../../contracts/siteDocuments';
import { thumbprintOf } from '../../contracts/thumbprint';
import { hubAuthority, trustedAuthorities, type TrustedAuthorities } from './hubAuthority';
import { untilAllowed } from '../roleAssignmentWait';
import { dropCertificate, dropSecret, keepCertificate, keepSecret } from './vaultObjects';

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
  } = readSettings('site-documents', documentsDeletionSettings, environment);
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
  const settings = readSettings('site-documents', siteDocumentsSettings, environment);
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
    const keep = async (which: keyof typeof documents): Promise<WrittenDocuments['modelManager']> => {
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
