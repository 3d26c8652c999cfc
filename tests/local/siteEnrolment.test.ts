import { X509Certificate } from 'node:crypto';
import { SecretClient } from '@azure/keyvault-secrets';
import type { EnrolSiteAnswer } from '../../contracts/settings/enrolSite';
import { enrolSite } from '../../deploy-programs/enrol-site/enrolSite';
import { usableCertificate } from '../../deploy-programs/keyAndCertificate';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { armId } from '../../local-azure/region/armId';
import { platformRegion, type PlatformRegion } from './platformRegion';

let region: PlatformRegion;
let officer: Principal;
let vaultUri: string;
let vaultId: string;
beforeAll(async () => {
  region = await platformRegion();
  officer = region.identity('officer');
});
afterAll(() => region.stop());
let vaults = 0;
beforeEach(async () => {
  const name = `vault${++vaults}`;
  vaultId = armId('rg', 'Microsoft.KeyVault/vaults', name);
  ({ vaultUri } = await region.keyVault.putVault({
    id: vaultId,
    name,
    location: 'westeurope',
    properties: { enablePurgeProtection: true, softDeleteRetentionInDays: 7 },
  }));
  region.assign(officer, 'secretsOfficer', vaultId);
});

const name = 'device-certificate';
const client = () =>
  new SecretClient(vaultUri, region.credential(officer), { disableChallengeResourceVerification: true, retryOptions: { maxRetries: 0 } });
function enrol<A extends keyof typeof enrolSite>(
  action: A,
  serial: number,
  more: NodeJS.ProcessEnv = {},
  who = officer,
): ReturnType<(typeof enrolSite)[A]> {
  return enrolSite[action](
    {
      VAULT_URI: vaultUri,
      SECRET_NAME: name,
      DEVICE_ID: 'factory-aimm',
      CERTIFICATE_SERIAL: String(serial),
      CERTIFICATE_OVERLAP: 'true',
      TAKE_UP_SECONDS: '0',
      ROLE_ASSIGNMENT_WAIT_SECONDS: '0',
      VAULT_DISABLE_CHALLENGE_VERIFICATION: 'true',
      ...more,
    },
    region.credential(who),
  ) as ReturnType<(typeof enrolSite)[A]>;
}
const make = (serial: number) => enrol('certificate', serial);
const handOver = (serial: number, { thumbprintSha256 }: EnrolSiteAnswer<'certificate'>) =>
  enrol('hand-over', serial, { CERTIFICATE_THUMBPRINT: thumbprintSha256 });
const valueOf = async (secret: string) => (await client().getSecret(secret)).value ?? '';
/** Every key that somebody with the right to read secrets can read. */
async function readableKeys(): Promise<string[]> {
  const found: string[] = [];
  for await (const { name: secret } of client().listPropertiesOfSecrets()) {
    for await (const { version, enabled } of client().listPropertiesOfSecretVersions(secret)) {
      if (enabled !== true || version === undefined) continue;
      const { value = '' } = await client().getSecret(secret, { version });
      if (value.includes('PRIVATE KEY')) found.push(`${secret} ${new X509Certificate(value).fingerprint256.replaceAll(':', '')}`);
    }
  }
  return found;
}

it('makes a certificate once and gives out only what is public; where the site reads it, it is once it was handed over', async () => {
  const made = await make(1);
  expect(JSON.stringify(made)).not.toContain('PRIVATE KEY');
  expect(await make(1)).toEqual(made);
  await expect(client().getSecret(name)).rejects.toMatchObject({ statusCode: 404 });
  expect(await handOver(1, made)).toEqual({ secretUri: `${vaultUri}secrets/${name}`, thumbprintSha256: made.thumbprintSha256 });
  const secret = await valueOf(name);
  expect(usableCertificate(secret, 'factory-aimm', new Date())?.fingerprint256.replaceAll(':', '')).toBe(made.thumbprintSha256);
  expect([
    usableCertificate(secret, 'factory-aimm', new Date(Date.now() + 121 * 86_400_000)),
    usableCertificate(secret, 'another-device', new Date()),
  ]).toEqual([undefined, undefined]);
  expect(await make(1)).toEqual(made);
});

it('leaves the certificate in use alone while the next one is made, and keeps one key when it was handed over', async () => {
  const first = await make(1);
  await handOver(1, first);
  const inUse = await valueOf(name);
  const next = await make(2);
  expect(next.thumbprintSha256).not.toBe(first.thumbprintSha256);
  expect(await valueOf(name)).toBe(inUse);
  await handOver(2, next);
  expect(await readableKeys()).toEqual([`${name} ${next.thumbprintSha256}`]);
  expect([await make(1), await make(2)]).toEqual([first, next]);
});

it('goes on where an update was killed', async () => {
  await handOver(1, await make(1));
  const next = await make(2);
  const { version } = (await client().getSecret(`${name}-2`)).properties;
  // As if it had ended right after the site's secret was written: nothing disabled, nothing cleared away.
  await client().setSecret(name, await valueOf(`${name}-2`), { tags: { device: 'factory-aimm', serial: '2' } });
  expect((await readableKeys()).length).toBe(3);
  expect(await make(2)).toEqual(next);
  await handOver(2, next);
  expect(await readableKeys()).toEqual([`${name} ${next.thumbprintSha256}`]);
  expect((await client().getSecret(`${name}-2`)).properties.version).not.toBe(version);
});

it('begins with any number, with a certificate before it whose key nobody has', async () => {
  const [fourth, fifth] = [await make(4), await make(5)];
  await handOver(5, fifth);
  expect(await readableKeys()).toEqual([`${name} ${fifth.thumbprintSha256}`]);
  expect(await make(4)).toEqual(fourth);
});

it('takes over the certificate of a site that enrolled when each vault had one secret', async () => {
  await handOver(1, await make(1));
  const kept = await valueOf(name);
  const before = new SecretClient(vaultUri, region.credential(officer), { disableChallengeResourceVerification: true });
  await (await before.beginDeleteSecret(`${name}-1`, { intervalInMs: 10 })).pollUntilDone();
  await before.setSecret(name, kept);
  const known = await make(1);
  expect(known.certificatePem).toBe(new X509Certificate(kept).toString());
  await handOver(1, known);
  expect(await valueOf(name)).toBe(kept);
});

it('says which key is gone instead of handing over another one', async () => {
  const made = await make(1);
  await handOver(1, made);
  await enrol('delete', 1);
  await expect(handOver(1, made)).rejects.toThrow(
    /the key of certificate 1 \([0-9A-F]{16}…\) is not in the vault: ask for another one with edgeSite\.certificateSerial 2/,
  );
});

it('is taken back and done again, with another certificate', async () => {
  const made = await make(1);
  await handOver(1, made);
  for (const action of ['forget', 'delete', 'forget', 'delete'] as const) await enrol(action, 1);
  await expect(client().getSecret(name)).rejects.toMatchObject({ statusCode: 404 });
  const again = await make(1);
  expect(again.thumbprintSha256).not.toBe(made.thumbprintSha256);
  await handOver(1, again);
  expect(await readableKeys()).toEqual([`${name} ${again.thumbprintSha256}`]);
});

it('is checked against what the vault says of the certificate in use', async () => {
  await handOver(1, await make(1));
  await expect(enrol('check', 3)).rejects.toThrow(/expected edgeSite\.certificateSerial 2, got 3/);
  await handOver(2, await make(2));
  await expect(enrol('check', 3, { TAKE_UP_SECONDS: '600' })).rejects.toThrow(
    /until \S+ the site may still use certificate 1, which 3 would end/,
  );
  await expect(enrol('check', 3, { TAKE_UP_SECONDS: '600', CERTIFICATE_OVERLAP: 'false' })).resolves.toEqual({ serial: 3 });
  await expect(enrol('check', 2, { TAKE_UP_SECONDS: '600' })).resolves.toEqual({ serial: 2 });
});

it('says which right is missing instead of waiting when no wait is declared, and waits for one that is on its way', async () => {
  const late = region.identity('late');
  await expect(enrol('certificate', 1, {}, late)).rejects.toMatchObject({ statusCode: 403 });
  const said = jest.spyOn(console, 'error').mockImplementation(() => undefined);
  setTimeout(() => region.assign(late, 'secretsOfficer', vaultId), 300);
  await expect(enrol('certificate', 1, { ROLE_ASSIGNMENT_WAIT_SECONDS: '20' }, late)).resolves.toHaveProperty('certificatePem');
  expect(said).toHaveBeenCalledWith(expect.stringContaining('may not be there yet'));
  said.mockRestore();
});
