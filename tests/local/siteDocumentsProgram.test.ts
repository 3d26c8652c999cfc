import { X509Certificate } from 'node:crypto';
import { CertificateClient } from '@azure/keyvault-certificates';
import { SecretClient } from '@azure/keyvault-secrets';
import type { EnrolSiteAnswer } from '../../contracts/settings/enrolSite';
import { requestedAction } from '../../deploy-programs/deployProgram';
import { enrolSite } from '../../deploy-programs/enrol-site/enrolSite';
import { siteDocuments } from '../../deploy-programs/site-documents/siteDocuments';
import type { ModelManagerDocument, ModelMonitorDocument } from '../../contracts/siteDocuments';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { armId } from '../../local-azure/region/armId';
import { platformRegion, type PlatformRegion } from './platformRegion';

const vaultId = armId('rg', 'Microsoft.KeyVault/vaults', 'vault1');
const names = {
  manager: 'Model-Manager-aimm-nord-Configuration-ab12cd',
  monitor: 'Model-Monitor-aimm-nord-Configuration-ab12cd',
  certificates: ['ModelManager-aimm-nord-ab12cd', 'AuthProxy-aimm-nord-ab12cd'],
};
let region: PlatformRegion;
let vaultUri: string;
let deployer: Principal;
beforeAll(async () => {
  region = await platformRegion();
  ({ vaultUri } = await region.keyVault.putVault({
    id: vaultId,
    name: 'vault1',
    location: 'westeurope',
    properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
  }));
  deployer = region.identity('deployer');
  for (const role of ['secretsOfficer', 'certificatesOfficer'] as const) region.assign(deployer, role, vaultId);
});
afterAll(() => region.stop());
const unverified = { disableChallengeResourceVerification: true };
const secrets = () => new SecretClient(vaultUri, region.credential(deployer), unverified);
const certificates = () => new CertificateClient(vaultUri, region.credential(deployer), unverified);

const common = () => ({
  VAULT_URI: vaultUri,
  DEVICE_ID: 'aimm-nord',
  ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
  VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true',
});
async function enrol(serial = '1'): Promise<EnrolSiteAnswer<'certificate'>> {
  const environment = { ...common(), SECRET_NAME: 'device-certificate', CERTIFICATE_SERIAL: serial };
  const made = await enrolSite.certificate(environment, region.credential(deployer));
  await enrolSite['hand-over']({ ...environment, CERTIFICATE_THUMBPRINT: made.thumbprintSha256 }, region.credential(deployer));
  return made;
}
const environment = (thumbprint: string, over: object = {}) => ({
  ...common(),
  DOCUMENT_SUFFIX: 'ab12cd',
  KEY_SECRET_NAME: 'device-certificate',
  CERTIFICATE_THUMBPRINT: thumbprint,
  IOT_HUB_HOST: 'iot-nord.azure-devices.net',
  TRANSPORT: 'tls',
  BUILD_NUMBER: '1.0',
  TENANT_ID: 'tenant',
  CLIENT_ID: 'client',
  INSTRUMENTATION_KEY: 'ikey',
  INGESTION_HOST: 'ingestion.example',
  ...over,
});
const write = (thumbprint: string, over: object = {}, who = deployer) =>
  siteDocuments.create(environment(thumbprint, over), region.credential(who));
const read = async <T>(name: string) => JSON.parse((await secrets().getSecret(name)).value ?? '') as T;
async function versions(): Promise<Record<string, number>> {
  const counted: Record<string, number> = {};
  for (const name of [names.manager, names.monitor, ...names.certificates]) {
    counted[name] = 0;
    for await (const one of secrets().listPropertiesOfSecretVersions(name)) counted[one.name] = (counted[one.name] ?? 0) + 1;
  }
  return counted;
}

it('both documents and both certificates come into the vault under their names, expire with the certificate, and nothing of the key is told', async () => {
  const enrolled = await enrol();
  const written = await write(enrolled.thumbprintSha256);
  const { validToDate } = new X509Certificate(enrolled.certificatePem);
  expect(written).toEqual({
    modelManager: { name: names.manager, uri: `${vaultUri}secrets/${names.manager}` },
    modelMonitor: { name: names.monitor, uri: `${vaultUri}secrets/${names.monitor}` },
    certificates: names.certificates,
    expiresOn: validToDate.toISOString(),
  });
  for (const name of [names.manager, names.monitor])
    expect((await secrets().getSecret(name)).properties).toMatchObject({ contentType: 'application/json', expiresOn: validToDate });
  for (const name of names.certificates) expect((await certificates().getCertificate(name)).properties.expiresOn).toEqual(validToDate);
  expect(await read<ModelManagerDocument>(names.manager)).toMatchObject({
    client_id: 'aimm-nord',
    x509_certificate: enrolled.certificatePem,
  });
  expect((await read<ModelMonitorDocument>(names.monitor)).PrivateKey).toContain(enrolled.certificatePem);
});

it('asked again nothing changes; another hub makes another document and leaves the rest', async () => {
  const { thumbprintSha256: thumbprint } = await enrol();
  await write(thumbprint);
  const before = await versions();
  await write(thumbprint);
  expect(await versions()).toEqual(before);
  await write(thumbprint, { IOT_HUB_HOST: 'iot-sued.azure-devices.net' });
  expect(await versions()).toEqual({ ...before, [names.manager]: (before[names.manager] ?? 0) + 1 });
});

it('a renewed certificate makes new documents, and one that the hub was not told makes none', async () => {
  const before = await enrol();
  await write(before.thumbprintSha256);
  const renewed = await enrol('2');
  await expect(write(before.thumbprintSha256)).rejects.toThrow(
    /holds the certificate [0-9A-F]{16}…, and the hub was told [0-9A-F]{16}…: deploy again/,
  );
  expect((await read<ModelManagerDocument>(names.manager)).x509_certificate).toBe(before.certificatePem);
  await write(renewed.thumbprintSha256);
  expect((await read<ModelManagerDocument>(names.manager)).x509_certificate).toBe(renewed.certificatePem);
  expect((await read<ModelMonitorDocument>(names.monitor)).PrivateKey).toContain(renewed.certificatePem);
  expect(
    Buffer.from((await certificates().getCertificate(names.certificates[0] ?? '')).cer ?? []).equals(
      new X509Certificate(renewed.certificatePem).raw,
    ),
  ).toBe(true);
});

it('all four go and come back under the same names, however often', async () => {
  const { thumbprintSha256: thumbprint } = await enrol('2');
  await write(thumbprint);
  const remove = () => siteDocuments.delete({ ...common(), DOCUMENT_SUFFIX: 'ab12cd' }, region.credential(deployer));
  await remove();
  await remove();
  for (const name of [names.manager, names.monitor, ...names.certificates])
    await expect(secrets().getSecret(name)).rejects.toMatchObject({ statusCode: 404 });
  expect((await secrets().getSecret('device-certificate')).value).toContain('PRIVATE KEY');
  await write(thumbprint);
  expect(await read<ModelManagerDocument>(names.manager)).toMatchObject({ client_id: 'aimm-nord' });
});

it('says which right is missing, and what is wrong with its settings', async () => {
  const { thumbprintSha256: thumbprint } = await enrol('2');
  const [half, none] = [region.identity('half'), region.identity('none')];
  region.assign(half, 'secretsOfficer', vaultId);
  await expect(write(thumbprint, { DOCUMENT_SUFFIX: 'zz99zz' }, half)).rejects.toMatchObject({
    statusCode: 403,
    message: expect.stringContaining('certificates/read') as unknown,
  });
  await expect(write(thumbprint, {}, none)).rejects.toMatchObject({ statusCode: 403 });
  await expect(write(thumbprint, { DOCUMENT_SUFFIX: 'AB' })).rejects.toThrow(
    /DOCUMENT_SUFFIX: expected six lower case letters and digits, got "AB"/,
  );
  expect(() => requestedAction(siteDocuments, 'update')).toThrow(/expected create or delete as the first argument, got update/);
});
