import { X509Certificate } from 'node:crypto';
import { CertificateClient } from '@azure/keyvault-certificates';
import { SecretClient } from '@azure/keyvault-secrets';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { putCertificate } from '../../deploy-programs/site-documents/vaultObjects';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { armId } from '../../local-azure/region/armId';
import { platformRegion, type PlatformRegion } from './platformRegion';

const vaultId = armId('rg', 'Microsoft.KeyVault/vaults', 'vault1');
let region: PlatformRegion;
let vaultUri: string;
let officer: Principal;
let secretsOfficer: Principal;
let pem: string;
beforeAll(async () => {
  region = await platformRegion();
  ({ vaultUri } = await region.keyVault.putVault({
    id: vaultId,
    name: 'vault1',
    location: 'westeurope',
    properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
  }));
  [officer, secretsOfficer] = [region.identity('officer'), region.identity('secrets-officer')];
  region.assign(officer, 'certificatesOfficer', vaultId);
  region.assign(secretsOfficer, 'secretsOfficer', vaultId);
  pem = await makeKeyAndCertificate('aimm', new Date());
});
afterAll(() => region.stop());
const options = { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } };
const certificates = (who: Principal) => new CertificateClient(vaultUri, region.credential(who), options);
const secrets = (who: Principal) => new SecretClient(vaultUri, region.credential(who), options);
const imported = (name: string, value = pem) => putCertificate(certificates(officer), name, value, { device: 'aimm' });

it('a certificate is imported and read, with what is public of it', async () => {
  await imported('shown');
  const { cer, properties, policy: kept, secretId } = await certificates(officer).getCertificate('shown');
  const certificate = new X509Certificate(pem);
  expect(Buffer.from(cer ?? []).equals(certificate.raw)).toBe(true);
  expect(
    Buffer.from(properties.x509Thumbprint ?? [])
      .toString('hex')
      .toUpperCase(),
  ).toBe(certificate.fingerprint.replaceAll(':', ''));
  expect(properties).toMatchObject({ expiresOn: certificate.validToDate, recoverableDays: 7, tags: { device: 'aimm' } });
  expect(kept).toMatchObject({ issuerName: 'Unknown', contentType: 'application/x-pem-file' });
  expect(secretId).toMatch(/\/secrets\/shown\/[0-9a-f]{32}$/);
  const listed = [];
  for await (const one of certificates(officer).listPropertiesOfCertificates()) listed.push(one.name);
  expect(listed).toEqual(['shown']);
});

it('its key is a secret of the same name, for whoever may read secrets, and changed with the certificate only', async () => {
  await imported('managed');
  expect(await secrets(secretsOfficer).getSecret('managed')).toMatchObject({
    value: pem,
    properties: { contentType: 'application/x-pem-file', managed: true },
  });
  await expect(secrets(officer).getSecret('managed')).rejects.toMatchObject({ statusCode: 403 });
  await expect(secrets(secretsOfficer).setSecret('managed', 'x')).rejects.toMatchObject({
    statusCode: 403,
    message: expect.stringContaining('belongs to the certificate') as unknown,
  });
  await expect(secrets(secretsOfficer).beginDeleteSecret('managed')).rejects.toMatchObject({ statusCode: 403 });
  const renewed = await makeKeyAndCertificate('aimm', new Date());
  await imported('managed', renewed);
  expect((await secrets(secretsOfficer).getSecret('managed')).value).toBe(renewed);
});

it('nobody imports or reads one without a role for certificates', async () => {
  await expect(certificates(secretsOfficer).importCertificate('other', Buffer.from(pem))).rejects.toMatchObject({
    statusCode: 403,
    message: expect.stringContaining("Action: 'Microsoft.KeyVault/vaults/certificates/import/action'") as unknown,
  });
  expect(region.context.gate.denials.at(-1)).toMatchObject({
    identity: 'secrets-officer',
    scope: `${vaultId}/certificates/other`,
    rolesThatGrant: expect.arrayContaining(['Key Vault Certificates Officer']) as unknown,
  });
  await expect(certificates(secretsOfficer).getCertificate('shown')).rejects.toMatchObject({ statusCode: 403 });
});

it('what is no key with its certificate is refused, and so is the name of a secret', async () => {
  await expect(imported('wrong', new X509Certificate(pem).toString())).rejects.toMatchObject({
    statusCode: 400,
    message: expect.stringContaining('a private key and its certificate in PEM') as unknown,
  });
  await expect(certificates(officer).importCertificate('wrong', Buffer.from(pem))).rejects.toMatchObject({ statusCode: 400 });
  await secrets(secretsOfficer).setSecret('taken', 'x');
  await expect(imported('taken')).rejects.toMatchObject({ statusCode: 409 });
});

it('a deleted one is gone with its secret, keeps its name, and comes back with it under another certificate', async () => {
  await imported('gone');
  await (await certificates(officer).beginDeleteCertificate('gone', { intervalInMs: 10 })).pollUntilDone();
  await expect(certificates(officer).getCertificate('gone')).rejects.toMatchObject({ statusCode: 404, code: 'CertificateNotFound' });
  await expect(secrets(secretsOfficer).getSecret('gone')).rejects.toMatchObject({ statusCode: 404 });
  const renewed = await makeKeyAndCertificate('aimm', new Date());
  await imported('gone', renewed);
  expect((await secrets(secretsOfficer).getSecret('gone')).value).toBe(renewed);
  const { secretId } = await certificates(officer).getCertificate('gone');
  expect(secretId).toMatch(/\/secrets\/gone\//);
});
