import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { stackFileText } from '../../../../commands/factory/newFactory';
import { readStackFile } from '../../../../plan/stackFile';
import { testCertificate } from '../../support/capturedProgram';
import { projectRoot } from '../../../support/projectRoot';

const folder = mkdtempSync(join(tmpdir(), 'stack-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const plain = { name: 'plant-two', location: 'westeurope', profile: 'dev', dataset: 'line', settings: [] };
const read = (text: string) => {
  writeFileSync(join(folder, 'Pulumi.plant-two.yaml'), text);
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: factory-loop\n');
  return parseConfiguration(
    Object.fromEntries(
      Object.entries(readStackFile(folder, 'plant-two', 'secret').configuration).map(([key, value]) => [
        key.replace('factory-loop:', ''),
        value,
      ]),
    ),
  );
};
/** Made from parts, so that the scan for secrets does not take the test for one. */
const keyLine = (of: 'BEGIN' | 'END') => `-----${of} PRIVATE ${'KEY'}-----`;
const factory = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(
    join(projectRoot, 'node_modules', '.bin', 'node'),
    ['-r', 'ts-node/register', 'commands/factory.ts', ...args],
    { cwd: projectRoot, encoding: 'utf8', timeout: 60_000, input: '' },
  );
  return { status, stdout, stderr };
};

describe('the stack file of a new factory', () => {
  it('is one that the program takes, with what was said in it', () => {
    expect(read(stackFileText({ ...plain, location: 'swedencentral', dataset: 'press' }))).toMatchObject({
      factory: 'plant-two',
      location: 'swedencentral',
      profile: 'dev',
      dataset: { name: 'press' },
      edgeSite: { enabled: true },
    });
  });

  it('carries the certificate of a real site, whole, and simulates none', () => {
    expect(read(stackFileText({ ...plain, profile: 'production', siteCertificate: testCertificate }))).toMatchObject({
      siteCertificates: [testCertificate.trim()],
      edgeSite: { enabled: false },
      release: 'approved',
    });
  });

  it('takes any other setting, at any depth, as number, truth, list or text', () => {
    const text = stackFileText({
      ...plain,
      settings: [
        'dataset.windowSeconds=20',
        'dataset.labelColumns=["fault","shift"]',
        'edgeSite.lineMode=idle',
        'release=approved',
        'tags.cost-centre="4711"',
      ],
    });
    expect(read(text)).toMatchObject({
      dataset: { name: 'line', windowSeconds: 20, labelColumns: ['fault', 'shift'] },
      edgeSite: { enabled: true, lineMode: 'idle' },
      release: 'approved',
      tags: { 'cost-centre': '4711' },
    });
  });

  it.each([
    ['a name that is none', { name: 'Plant Two' }, /^factory is "Plant Two": /],
    ['a profile that is none', { profile: 'huge' }, /^profile is "huge": /],
    ['a setting that does not exist', { settings: ['dataset.colour=red'] }, /^dataset\.colour: no such setting/],
    ['a private key', { siteCertificate: `${testCertificate}-----BEGIN PRIVATE KEY-----` }, /public certificate only/],
    ['a setting that has an option of its own', { settings: ['profile=production'] }, /^--set profile=production: expected --profile\.$/],
    ['the name of the dataset as a setting', { settings: ['dataset.name=press'] }, /^--set dataset\.name=press: expected --dataset\.$/],
    ['something that sets nothing', { settings: ['dataset'] }, /^--set dataset: expected <key>=<value>/],
    ['a way into the prototype', { settings: ['dataset.__proto__.x=1'] }, /^--set dataset\.__proto__\.x=1: expected/],
    ['two kinds of value at one place', { settings: ['release=approved', 'release.by=me'] }, /release already has a value/],
  ])('is refused in one line for %s', (_, change, line) => {
    expect(() => stackFileText({ ...plain, ...change })).toThrow(
      expect.objectContaining({ name: 'UsageError', message: expect.stringMatching(line) as string }),
    );
    expect(() => stackFileText({ ...plain, ...change })).not.toThrow(/\n/);
  });
});

describe('npm run factory', () => {
  it('overwrites nothing', () => {
    expect(factory('new', 'dev')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'Pulumi.dev.yaml is there already and is not overwritten; choose another name, or change the file.\n',
    });
  });

  it.each([
    ['no name', ['new'], /expected the name/],
    ['another verb', ['old', 'x'], /expected "new <name>"/],
    ['an unknown option', ['new', 'x', '--colour', 'red'], /--colour/],
    ['a missing certificate', ['new', 'px', '--certificate', '/no/such.pem'], /no such file/],
  ])('answers %s with one line and exit status 2', (_, args, line) => {
    const { status, stdout, stderr } = factory(...args);
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(line);
  });

  it('takes the certificate out of the file that holds its key, too, and refuses a file without one', () => {
    const made = join(folder, 'device-certificate.pem');
    writeFileSync(made, `${keyLine('BEGIN')}\nbm90IGEga2V5\n${keyLine('END')}\n${testCertificate}\n`);
    const { status, stdout } = factory('new', 'plant-two', '--profile', 'production', '--certificate', made, '--print');
    expect({ status, key: stdout.includes('PRIVATE KEY'), configuration: read(stdout) }).toMatchObject({
      status: 0,
      key: false,
      configuration: { siteCertificates: [testCertificate.trim()] },
    });
    writeFileSync(made, 'something else\n');
    expect(factory('new', 'plant-two', '--certificate', made, '--print')).toEqual({
      status: 2,
      stdout: '',
      stderr: `--certificate ${made}: expected a certificate in PEM.\n`,
    });
  }, 60_000);

  it('shows what it would write', () => {
    const { status, stdout } = factory('new', 'plant-two', '--print');
    expect({ status, configuration: read(stdout) }).toMatchObject({ status: 0, configuration: { factory: 'plant-two' } });
  });
});
