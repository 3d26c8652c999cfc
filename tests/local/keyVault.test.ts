import { SecretClient } from '@azure/keyvault-secrets';
import type { Principal } from '../../local-azure/entra/tokenAuthority';
import { armId } from '../../local-azure/provider/armId';
import { enrolSite, usableCertificate, type Enrolment } from '../../commands/deploy/enrolSite';
import { platformRegion, type PlatformRegion } from './platformRegion';

const vaultId = armId('rg', 'Microsoft.KeyVault/vaults', 'vault1');
const declaration = { id: vaultId, name: 'vault1', location: 'westeurope', properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 } };
let region: PlatformRegion;
let vaultUri: string;
let officer: Principal;
let user: Principal;

beforeAll(async () => {
  region = await platformRegion();
  ({ vaultUri } = await region.keyVault.putVault(declaration));
  [officer, user] = [region.identity('officer'), region.identity('user')];
  region.assign(officer, 'secretsOfficer', vaultId);
  region.assign(user, 'secretsUser', `${vaultId}/secrets/shared`);
});
afterAll(() => region.stop());
const client = (who: Principal) => new SecretClient(vaultUri, region.credential(who), { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } });

describe('secrets through the genuine client', () => {
  it('are kept with versions, listed without values and found without a version', async () => {
    const first = await client(officer).setSecret('shared', 'one', { contentType: 'text/plain', tags: { step: '1' } });
    await client(officer).setSecret('shared', 'two');
    expect((await client(officer).getSecret('shared')).value).toBe('two');
    expect(await client(officer).getSecret('shared', { version: first.properties.version ?? '' })).toMatchObject({ value: 'one', properties: { contentType: 'text/plain', tags: { step: '1' }, recoveryLevel: 'Recoverable', recoverableDays: 7 } });
    const listed = [];
    for await (const one of client(officer).listPropertiesOfSecrets()) listed.push(one);
    expect(listed.map(({ name }) => name)).toEqual(['shared']);
    expect(JSON.stringify(listed)).not.toContain('two');
    await expect(client(officer).getSecret('missing')).rejects.toMatchObject({ statusCode: 404, code: 'SecretNotFound' });
  });

  it('are read by a role at one secret only, and written by none that reads', async () => {
    await client(officer).setSecret('shared', 'two');
    await client(officer).setSecret('other', 'x');
    expect((await client(user).getSecret('shared')).value).toBe('two');
    await expect(client(user).getSecret('other')).rejects.toMatchObject({ statusCode: 403, code: 'Forbidden', message: expect.stringContaining("Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'") as unknown });
    await expect(client(user).setSecret('shared', 'three')).rejects.toMatchObject({ statusCode: 403 });
    expect(region.context.gate.denials.at(-1)).toMatchObject({ identity: 'user', scope: `${vaultId}/secrets/shared`, rolesThatGrant: expect.arrayContaining(['Key Vault Secrets Officer']) as unknown });
  });

  it('can be recovered after a delete and not purged under purge protection', async () => {
    await client(officer).setSecret('gone', 'kept');
    await (await client(officer).beginDeleteSecret('gone', { intervalInMs: 10 })).pollUntilDone();
    await expect(client(officer).getSecret('gone')).rejects.toMatchObject({ statusCode: 404 });
    await expect(client(officer).setSecret('gone', 'again')).rejects.toMatchObject({ statusCode: 409 });
    await expect(client(officer).purgeDeletedSecret('gone')).rejects.toMatchObject({ statusCode: 403 });
    await (await client(officer).beginRecoverDeletedSecret('gone', { intervalInMs: 10 })).pollUntilDone();
    expect((await client(officer).getSecret('gone')).value).toBe('kept');
  });

  it('reach a container app by their address, under the role of its identity', async () => {
    await client(officer).setSecret('shared', 'two');
    expect(await region.keyVault.read(`${vaultUri}secrets/shared`, user)).toBe('two');
    await expect(region.keyVault.read(`${vaultUri}secrets/other`, user)).rejects.toMatchObject({ status: 403 });
    await expect(region.keyVault.read('https://localhost:1/secrets/shared', user)).rejects.toMatchObject({ status: 404 });
  });
});

describe('enrolment of a simulated site', () => {
  const environment = () => ({ VAULT_URI: vaultUri, SECRET_NAME: 'device-certificate', DEVICE_ID: 'factory-aimm', ROLE_ASSIGNMENT_WAIT_SECONDS: '0', VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true' });
  const enrol = (action: string, who = officer) => enrolSite(action, environment(), region.credential(who)) as Promise<Enrolment>;

  it('keeps key and certificate in the vault, gives out only what is public, and keeps a certificate that is still good', async () => {
    const enrolled = await enrol('create');
    expect(JSON.stringify(enrolled)).not.toContain('PRIVATE KEY');
    const secret = (await client(officer).getSecret('device-certificate')).value ?? '';
    expect(secret).toContain('PRIVATE KEY');
    expect(usableCertificate(secret, 'factory-aimm', new Date())?.fingerprint256.replaceAll(':', '')).toBe(enrolled.thumbprintSha256);
    expect(enrolled.secretUri).toBe(`${vaultUri}secrets/device-certificate`);
    expect(await enrol('create')).toEqual(enrolled);
    const oldAge = new Date(Date.now() + 121 * 86_400_000);
    expect(usableCertificate(secret, 'factory-aimm', oldAge)).toBeUndefined();
    expect(usableCertificate(secret, 'another-device', new Date())).toBeUndefined();
  });

  it('makes another certificate when another number is asked for, and then keeps that one', async () => {
    const before = await enrol('create');
    const renew = () => enrolSite('create', { ...environment(), CERTIFICATE_SERIAL: '2' }, region.credential(officer)) as Promise<Enrolment>;
    const renewed = await renew();
    expect(renewed.thumbprintSha256).not.toBe(before.thumbprintSha256);
    expect(renewed.secretUri).toBe(before.secretUri);
    expect(await renew()).toEqual(renewed);
    await enrol('delete');
  });

  it('is taken back and done again, with a new certificate where the old one cannot be used', async () => {
    const before = await enrol('create');
    await enrol('delete');
    await expect(client(officer).getSecret('device-certificate')).rejects.toMatchObject({ statusCode: 404 });
    await enrol('delete');
    expect((await enrol('create')).thumbprintSha256).not.toBe(before.thumbprintSha256);
  });

  it('says which right is missing instead of waiting when no wait is declared', async () => {
    await expect(enrol('create', user)).rejects.toMatchObject({ statusCode: 403 });
  });

  it('waits for a role assignment that is on its way', async () => {
    const late = region.identity('late');
    const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    setTimeout(() => region.assign(late, 'secretsOfficer', vaultId), 300);
    await expect(enrolSite('create', { ...environment(), ROLE_ASSIGNMENT_WAIT_SECONDS: '20' }, region.credential(late))).resolves.toHaveProperty('certificatePem');
    expect(said).toHaveBeenCalledWith(expect.stringContaining('may not be there yet'));
    said.mockRestore();
  });
});

it('a region that starts again finds its vaults on their ports, with their secrets', async () => {
  const before = await platformRegion();
  const { vaultUri: uri } = await before.keyVault.putVault(declaration);
  before.assign(before.identity('officer'), 'secretsOfficer', vaultId);
  await new SecretClient(uri, before.credential(before.identity('officer')), { disableChallengeResourceVerification: true }).setSecret('lasting', 'value');
  await before.stop(true);
  const after = await platformRegion(before.directory);
  expect(after.keyVault.vault(vaultId)?.vaultUri).toBe(uri);
  expect((await new SecretClient(uri, after.credential(after.identity('officer')), { disableChallengeResourceVerification: true }).getSecret('lasting')).value).toBe('value');
  await after.stop();
});
