import { SecretClient } from '@azure/keyvault-secrets';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { armId } from '../../local-azure/region/armId';
import { platformRegion, type PlatformRegion } from './support/platformRegion';

const vaultId = armId('rg', 'Microsoft.KeyVault/vaults', 'vault1');
const declaration = {
  id: vaultId,
  name: 'vault1',
  location: 'westeurope',
  properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
};
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
const client = (who: Principal) =>
  new SecretClient(vaultUri, region.credential(who), { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } });

describe('secrets through the genuine client', () => {
  it('are kept with versions, listed without values and found without a version', async () => {
    const first = await client(officer).setSecret('shared', 'one', { contentType: 'text/plain', tags: { step: '1' } });
    await client(officer).setSecret('shared', 'two');
    expect((await client(officer).getSecret('shared')).value).toBe('two');
    expect(await client(officer).getSecret('shared', { version: first.properties.version ?? '' })).toMatchObject({
      value: 'one',
      properties: { contentType: 'text/plain', tags: { step: '1' }, recoveryLevel: 'Recoverable', recoverableDays: 7 },
    });
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
    await expect(client(user).getSecret('other')).rejects.toMatchObject({
      statusCode: 403,
      code: 'Forbidden',
      message: expect.stringContaining("Action: 'Microsoft.KeyVault/vaults/secrets/getSecret/action'") as unknown,
    });
    await expect(client(user).setSecret('shared', 'three')).rejects.toMatchObject({ statusCode: 403 });
    expect(region.context.gate.denials.at(-1)).toMatchObject({
      identity: 'user',
      scope: `${vaultId}/secrets/shared`,
      rolesThatGrant: expect.arrayContaining(['Key Vault Secrets Officer']) as unknown,
    });
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

it('a region that starts again finds its vaults on their ports, with their secrets', async () => {
  const before = await platformRegion();
  const { vaultUri: uri } = await before.keyVault.putVault(declaration);
  before.assign(before.identity('officer'), 'secretsOfficer', vaultId);
  await new SecretClient(uri, before.credential(before.identity('officer')), { disableChallengeResourceVerification: true }).setSecret(
    'lasting',
    'value',
  );
  await before.stop(true);
  const after = await platformRegion(before.directory);
  expect(after.keyVault.vault(vaultId)?.vaultUri).toBe(uri);
  expect(
    (
      await new SecretClient(uri, after.credential(after.identity('officer')), { disableChallengeResourceVerification: true }).getSecret(
        'lasting',
      )
    ).value,
  ).toBe('value');
  await after.stop();
});
