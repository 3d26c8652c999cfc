import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { create, revoke, rotate, status } from '../../../../commands/certificate/actions';
import { keyFiles, SiteKeys } from '../../../../commands/certificate/siteKeys';
import { StackCertificates } from '../../../../commands/certificate/stackCertificates';
import { validityAt } from '../../../../commands/certificate/validity';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { parse } from 'yaml';

const now = new Date();
const day = 86_400_000;
const later = (days: number) => new Date(now.getTime() + days * day);
let root: string;
let keys: SiteKeys;
let stack: StackCertificates;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'certificate-'));
  writeFileSync(
    join(root, 'Pulumi.plant.yaml'),
    '# the plant\nconfig:\n  factory-loop:factory: plant-one # its name\n  factory-loop:profile: production\n',
  );
  keys = new SiteKeys(join(root, 'keys'));
  stack = new StackCertificates(root, 'plant');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
const thumbprints = () => Object.fromEntries(keys.all().map(({ place, thumbprint }) => [place, thumbprint]));
const named = () => stack.list().map((one) => one.fingerprint256.replaceAll(':', ''));
const configuration = () => {
  const values = (parse(readFileSync(stack.file, 'utf8')) as { config: Record<string, unknown> }).config;
  return parseConfiguration(
    Object.fromEntries(
      Object.entries(values).map(([key, value]) => [
        key.replace('factory-loop:', ''),
        typeof value === 'string' ? value : JSON.stringify(value),
      ]),
    ),
  );
};

it('goes from the first certificate over the overlap to the next, and the program takes the configuration at each step', async () => {
  await create(keys, stack, 'aimm-plant-one', now);
  const { current: first = '' } = thumbprints();
  expect(named()).toEqual([first]);
  expect(configuration().siteCertificates).toHaveLength(1);
  await rotate(keys, stack, now);
  const { next: second = '' } = thumbprints();
  expect(thumbprints()).toEqual({ current: first, next: second });
  expect(named()).toEqual([first, second]);
  expect(configuration().siteCertificates).toHaveLength(2);
  await rotate(keys, stack, now);
  expect(thumbprints()).toEqual({ current: second, previous: first });
  expect(named()).toEqual([first, second]);
  revoke(keys, stack, 'previous');
  expect(thumbprints()).toEqual({ current: second });
  expect(named()).toEqual([second]);
  expect(configuration().siteCertificates.map((pem) => new X509Certificate(pem).subject)).toEqual(['CN=aimm-plant-one']);
  expect(readFileSync(stack.file, 'utf8')).toMatch(/^# the plant\nconfig:\n {2}factory-loop:factory: plant-one # its name\n/);
});

it('keeps keys to itself: for the owner alone on the disk, never in the configuration nor in what it says', async () => {
  const outcomes = [await create(keys, undefined, 'aimm', now), await rotate(keys, undefined, now), await rotate(keys, undefined, now)];
  for (const { certificate } of keys.all()) stack.add(certificate);
  expect(statSync(join(keys.folder, keyFiles.current)).mode & 0o777).toBe(0o600);
  expect(statSync(join(keys.folder, keyFiles.previous)).mode & 0o777).toBe(0o600);
  expect(statSync(keys.folder).mode & 0o777).toBe(0o700);
  expect(readFileSync(join(keys.folder, keyFiles.current), 'utf8')).toContain('PRIVATE KEY');
  expect(JSON.stringify(outcomes) + readFileSync(stack.file, 'utf8')).not.toContain('PRIVATE KEY');
});

it('never overwrites a key, never goes over to a certificate that Azure was not told, and makes no third', async () => {
  await create(keys, stack, 'aimm', now);
  const { current = '' } = thumbprints();
  await expect(create(keys, stack, 'aimm', now)).rejects.toThrow(/never overwritten/);
  await rotate(keys, stack, now);
  const { next = '' } = thumbprints();
  stack.remove(next);
  await expect(rotate(keys, stack, now)).rejects.toThrow(/does not name the next certificate/);
  expect(thumbprints()).toEqual({ current, next });
  stack.add(keys.find('next')?.certificate as X509Certificate);
  await rotate(keys, stack, now);
  await expect(rotate(keys, stack, now)).rejects.toThrow(/has the previous certificate still: end it first/);
  expect(existsSync(join(keys.folder, keyFiles.next))).toBe(false);
});

it('leaves everything as it was where the program would refuse the stack: a simulated site makes its own certificate', async () => {
  const text = 'config:\n  factory-loop:profile: dev\n';
  writeFileSync(stack.file, text);
  await expect(create(keys, stack, 'aimm', now)).rejects.toThrow(/edgeSite\.enabled too: .*edgeSite\.enabled false for a real site/);
  expect(keys.all()).toEqual([]);
  expect(readFileSync(stack.file, 'utf8')).toBe(text);
});

it('never leaves the site or the stack without a certificate', async () => {
  await create(keys, stack, 'aimm', now);
  const { current = '' } = thumbprints();
  for (const which of ['current', current])
    expect(() => revoke(keys, stack, which)).toThrow(/Replace it first: "npm run certificate -- rotate"/);
  expect([thumbprints(), named()]).toEqual([{ current }, [current]]);
  const elsewhere = new SiteKeys(join(root, 'other-keys'));
  expect(() => revoke(elsewhere, stack, current)).toThrow(/siteCertificates is empty/);
  expect(named()).toEqual([current]);
});

it('says what there is, what is missing, and when it is time', async () => {
  expect(status(keys, stack, now)).toMatchObject({ healthy: false });
  await create(keys, undefined, 'aimm', now);
  expect(status(keys, stack, now)).toMatchObject({
    healthy: false,
    lines: expect.arrayContaining([expect.stringContaining('does not know the present certificate')]) as unknown,
  });
  stack.add(keys.current().certificate);
  expect(status(keys, stack, now)).toMatchObject({
    healthy: true,
    facts: { certificates: [{ place: 'current', validity: 'valid', configured: true }] },
  });
  expect(status(keys, stack, later(130))).toMatchObject({
    healthy: true,
    lines: expect.arrayContaining([expect.stringContaining('time to replace it')]) as unknown,
  });
  for (const days of [170, 181]) expect(status(keys, stack, later(days)).healthy).toBe(false);
  expect(() => revoke(keys, stack, 'everything')).toThrow(/expected next, previous or a SHA-256 thumbprint/);
  expect(() => revoke(keys, stack, 'A'.repeat(64))).toThrow(/no certificate/);
});

it('the state of a certificate only ever gets worse with time', () => {
  const order = ['not valid yet', 'valid', 'rotate', 'ends soon', 'expired'];
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 800 }), fc.array(fc.integer({ min: -10, max: 900 }), { minLength: 2 }), (life, days) => {
      const seen = [...days].sort((a, b) => a - b).map((at) => order.indexOf(validityAt(now, later(life), later(at))));
      return seen.every((one, index) => one >= (seen[index - 1] ?? 0));
    }),
  );
});

it.each([
  ['no certificate at all', 'siteCertificates: [nonsense]'],
  ['a private key', "siteCertificates: ['-----BEGIN CERTIFICATE-----\\n-----BEGIN PRIVATE KEY-----']"],
])('refuses a configuration with %s', (_, line) => {
  writeFileSync(stack.file, `config:\n  factory-loop:${line}\n`);
  expect(() => stack.list()).toThrow(/expected at most two public certificates/);
});
