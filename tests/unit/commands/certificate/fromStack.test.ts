import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { readCommandLine } from '../../../../command-line/readCommandLine';
import { command } from '../../../../commands/certificate';
import { renew, statusFromStack } from '../../../../commands/certificate/fromStack';
import { StackCertificates } from '../../../../commands/certificate/stackCertificates';
import { makeKeyAndCertificate } from '../../../../deploy-programs/keyAndCertificate';
import { projectRoot } from '../../../support/projectRoot';

const now = new Date();
const later = (days: number) => new Date(now.getTime() + days * 86_400_000);
const simulated = '# the plant\nconfig:\n  factory-loop:profile: dev\n  factory-loop:edgeSite:\n    enabled: true # for now\n';
let root: string;
let enrolled: X509Certificate;
beforeAll(async () => {
  enrolled = new X509Certificate(await makeKeyAndCertificate('aimm-plant-one', now));
});
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'certificate-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));
function stackWith(text: string): StackCertificates {
  writeFileSync(join(root, 'Pulumi.plant.yaml'), text);
  return new StackCertificates(root, 'plant');
}

describe('renew', () => {
  it('takes the next number for a simulated site from two thirds of the life on, once a deployment, and leaves the rest of the file alone', () => {
    const stack = stackWith(simulated);
    expect(renew(stack, [enrolled], later(119)).facts).toMatchObject({ renewed: false });
    expect(readFileSync(stack.file, 'utf8')).toBe(simulated);
    expect(renew(stack, [enrolled], later(121)).facts).toMatchObject({ renewed: true, serial: 2 });
    expect(readFileSync(stack.file, 'utf8')).toBe(`${simulated}    certificateSerial: 2\n`);
    expect(renew(stack, [enrolled], later(200)).facts).toMatchObject({ renewed: true, serial: 3 });
  });

  it('makes the setting where the file has none, and waits for a stack that was never deployed', () => {
    const stack = stackWith('config:\n  factory-loop:profile: dev\n');
    expect(renew(stack, [], now).facts).toMatchObject({ renewed: false });
    renew(stack, [enrolled], later(150));
    expect(readFileSync(stack.file, 'utf8')).toBe(
      'config:\n  factory-loop:profile: dev\n  factory-loop:edgeSite:\n    certificateSerial: 2\n',
    );
  });

  it('changes nothing of a real site, and says where its certificate is made', () => {
    const text = `config:\n  factory-loop:profile: production\n  factory-loop:siteCertificates:\n    - ${JSON.stringify(enrolled.toString())}\n`;
    const stack = stackWith(text);
    expect(renew(stack, stack.list(), later(170))).toMatchObject({
      lines: [expect.stringMatching(/made there, with "npm run certificate -- rotate"/)],
      facts: { renewed: false, simulated: false },
    });
    expect(readFileSync(stack.file, 'utf8')).toBe(text);
  });
});

describe('status without the site', () => {
  it('is well as long as one certificate lets the site in, and says when and where the next one is due', () => {
    const said = (days: number, isSimulated: boolean) => {
      const { lines, healthy } = statusFromStack([enrolled], isSimulated, later(days));
      return { healthy, advice: lines.slice(1).join() };
    };
    expect(said(100, true)).toEqual({ healthy: true, advice: '' });
    expect(said(121, true)).toEqual({ healthy: true, advice: expect.stringContaining('certificate -- renew') as string });
    expect(said(121, false)).toEqual({ healthy: true, advice: expect.stringMatching(/on the site: .*rotate/) as string });
    expect([said(170, false).healthy, said(181, false).healthy, statusFromStack([], false, now).healthy]).toEqual([false, false, false]);
  });

  it('has no advice while the next certificate of an overlap is there', async () => {
    const next = new X509Certificate(await makeKeyAndCertificate('aimm-plant-one', later(130)));
    expect(statusFromStack([enrolled, next], false, later(131))).toMatchObject({
      healthy: true,
      lines: [expect.any(String), expect.any(String)],
    });
  });
});

describe('the command line', () => {
  it('asks a stack without the site for status and renew only', () => {
    expect(readCommandLine(command, ['renew', '--stack', 'dev'])).toEqual({ action: 'renew', site: undefined, stack: 'dev', json: false });
    expect(readCommandLine(command, ['status', '--stack', 'dev'])).toMatchObject({ action: 'status', site: undefined, stack: 'dev' });
    expect(readCommandLine(command, ['status', '--stack', 'dev', '--site', 'keys'])).toMatchObject({ action: 'status', site: 'keys' });
    expect(readCommandLine(command, ['revoke', 'previous', '--site', 'keys', '--json'])).toEqual({
      action: 'revoke',
      which: 'previous',
      site: 'keys',
      stack: undefined,
      json: true,
    });
  });

  it.each([
    [['renew'], /^expected --stack <name>, one of .*\bdev\b/],
    [['renew', '--stack', 'dev', '--site', 'keys'], /without --site/],
    [['rotate', '--stack', 'dev'], /^expected --site <folder>\./],
    [['status'], /^expected --site <folder>\./],
    [['revoke', '--site', 'keys'], /expected next, previous/],
    [['create', '--site', 'keys'], /--device/],
    [['status', 'now', '--site', 'keys'], /unexpected "now"/],
    [['look'], /got look/],
    [['status', '--key'], /unknown option '--key'/],
  ])('refuses %j in one line', (args, message) => {
    expect(() => readCommandLine(command, args)).toThrow(message);
  });
});

it('says which stacks there are, and how to make one, where the one that is asked for has no file', () => {
  expect(() => new StackCertificates(projectRoot, 'nosuch')).toThrow(
    /^--stack nosuch: there is no Pulumi\.nosuch\.yaml; expected one of .*\bdev\b.*, or pulumi stack init nosuch$/,
  );
});

describe('npm run certificate -- status --stack', () => {
  /** With a CLI on the path that answers as the real one does. */
  function statusOf(outputs: object) {
    writeFileSync(join(root, 'pulumi'), `#!/bin/sh\ncat <<'END'\n${JSON.stringify(outputs)}\nEND\n`, { mode: 0o755 });
    return spawnSync(process.execPath, ['-r', 'ts-node/register', 'commands/certificate.ts', 'status', '--stack', 'dev', '--json'], {
      cwd: projectRoot,
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, PATH: `${root}${delimiter}${process.env['PATH'] ?? ''}` },
    });
  }

  it('reads what the simulated site of a deployed stack enrolled with', () => {
    const { status, stdout, stderr } = statusOf({ siteCertificates: [enrolled.toString()] });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      healthy: true,
      simulated: true,
      certificates: [{ thumbprint: enrolled.fingerprint256.replaceAll(':', ''), validity: 'valid' }],
    });
  }, 70_000);

  it('says so when the stack was deployed before it had that output', () => {
    const { status, stdout, stderr } = statusOf({ factory: 'plant-one' });
    expect([status, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^--stack dev: expected .*siteCertificates.*\n$/)]);
  }, 70_000);
});
