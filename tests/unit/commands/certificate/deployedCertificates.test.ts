import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, revoke, rotate } from '../../../../commands/certificate/actions';
import { certificateToKnow, requireDeployed } from '../../../../commands/certificate/deployedCertificates';
import { SiteKeys } from '../../../../commands/certificate/siteKeys';
import { projectRoot } from '../../../support/projectRoot';

const now = new Date();
let folder: string;
let keys: SiteKeys;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'site-'));
  keys = new SiteKeys(folder);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const outputsFile = (...places: readonly ('current' | 'next' | 'previous')[]) => {
  const file = join(folder, 'outputs.json');
  writeFileSync(file, JSON.stringify({ siteCertificates: places.map((place) => keys.find(place)?.certificate.toString() ?? '') }));
  return file;
};
const command = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', 'commands/certificate.ts', ...args, '--site', folder],
    { cwd: projectRoot, encoding: 'utf8' },
  );
  return { status, stdout, stderr };
};

test('the first rotate needs no proof; the second, and the end of the previous one, need that Azure knows what stays', async () => {
  await create(keys, undefined, 'aimm', now);
  expect(certificateToKnow('rotate', undefined, keys)).toBeUndefined();
  await rotate(keys, undefined, now);
  expect(certificateToKnow('rotate', undefined, keys)?.place).toBe('next');
  expect(certificateToKnow('revoke', 'next', keys)).toBeUndefined();
  await rotate(keys, undefined, now);
  const previous = keys.find('previous')?.thumbprint ?? '';
  for (const which of ['previous', previous, previous.toLowerCase()])
    expect(certificateToKnow('revoke', which, keys)?.thumbprint).toBe(keys.current().thumbprint);
});

test('a certificate that was not deployed is refused by its thumbprint', async () => {
  await create(keys, undefined, 'aimm', now);
  const { certificate, thumbprint } = keys.current();
  expect(() => requireDeployed(thumbprint, [])).toThrow(`Azure does not know ${thumbprint.slice(0, 16)}… yet`);
  expect(() => requireDeployed(thumbprint, [certificate])).not.toThrow();
});

test('a folder that cannot be written is said in one line', () => {
  writeFileSync(join(folder, 'file'), '');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['-r', 'ts-node/register', 'commands/certificate.ts', 'create', '--site', join(folder, 'file', 'keys'), '--device', 'aimm'],
    { cwd: projectRoot, encoding: 'utf8' },
  );
  expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 1, stdout: '', lines: 1 });
  expect(stderr).toContain(join(folder, 'file', 'keys'));
}, 60_000);

test('rotate, rotate, revoke without a deployment in between takes no key away', async () => {
  await create(keys, undefined, 'aimm', now);
  await rotate(keys, undefined, now);
  const before = keys.all().map(({ place, thumbprint }) => [place, thumbprint]);
  expect(command('rotate')).toMatchObject({ status: 2, stderr: expect.stringContaining('expected --outputs <file>') as string });
  expect(command('rotate', '--outputs', outputsFile('current'))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('run pulumi up first') as string,
  });
  expect(keys.all().map(({ place, thumbprint }) => [place, thumbprint])).toEqual(before);
  expect(command('rotate', '--outputs', outputsFile('current', 'next'))).toMatchObject({ status: 0, stderr: '' });
  expect(command('revoke', 'previous', '--outputs', outputsFile('previous'))).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('run pulumi up first') as string,
  });
  expect(keys.find('previous')).toBeDefined();
  expect(command('revoke', 'previous', '--outputs', outputsFile('current', 'previous'))).toMatchObject({ status: 0, stderr: '' });
  expect(keys.all().map(({ place }) => place)).toEqual(['current']);
}, 120_000);

test('a key that still counts is not overwritten by the next rotation', async () => {
  await create(keys, undefined, 'aimm', now);
  await rotate(keys, undefined, now);
  await rotate(keys, undefined, now);
  await expect(rotate(keys, undefined, now)).rejects.toThrow('has the previous certificate still: end it first');
  revoke(keys, undefined, 'previous');
  await rotate(keys, undefined, now);
  expect(keys.find('next')).toBeDefined();
});
