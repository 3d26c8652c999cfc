import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { plannedStack } from '../../../../plan/plannedStack';
import { readStackFile } from '../../../../plan/stackFile';
import { readCommandLine } from '../../../../command-line/readCommandLine';
import { createTerminal } from '../../../../command-line/terminal';
import { command } from '../../../../commands/plan';
import { showPlan } from '../../../../commands/plan/showPlan';
import { UsageError } from '../../../../command-line/usageError';
import { root, shippedStack } from '../../support/shippedStacks';

const directory = mkdtempSync(join(tmpdir(), 'stacks-'));
beforeAll(() => copyFileSync(join(root, 'Pulumi.yaml'), join(directory, 'Pulumi.yaml')));
afterAll(() => rmSync(directory, { recursive: true }));
const plan = (...args: string[]) =>
  spawnSync(process.execPath, ['-r', 'ts-node/register', 'commands/plan.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    timeout: 400_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
const stack = (name: string, yaml: string) => {
  writeFileSync(join(directory, `Pulumi.${name}.yaml`), yaml);
  return readStackFile(directory, name, '[secret]');
};

describe('npm run plan', () => {
  it('answers wrong usage with one line and status 2, and nothing on standard output', () => {
    const refused = plan('--stack', 'nowhere');
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr).toMatch(/^--stack nowhere: there is no Pulumi\.nowhere\.yaml; expected one of .*dev.*\n$/);
  }, 400_000);

  it('names the option whose stack is not there', async () => {
    const options = { stack: 'dev', view: 'diff', other: 'nosuch', preview: false, refreshPrices: false, json: false } as const;
    const terminal = createTerminal(process.stdout, { quiet: true, environment: {} });
    await expect(showPlan(options, root, terminal)).rejects.toThrow(
      /^--diff nosuch: there is no Pulumi\.nosuch\.yaml; expected one of .*dev/,
    );
  });

  it('prints nothing but a JSON array on standard output', () => {
    const { status, stdout, stderr } = plan('--stack', 'dev', '--json');
    expect([status, stderr]).toEqual([0, '']);
    const elements = JSON.parse(stdout) as Record<string, unknown>[];
    expect(elements.length).toBeGreaterThan(100);
    expect(elements[0]).toMatchObject({ type: 'pulumi:pulumi:Stack', parent: null });
  }, 400_000);

  it.each([
    [[], /^expected --stack <name>, one of .*\bdev\b.*\. Usage: .* See/],
    [['--stack', 'dev', '--roles', '--cost'], /^--roles and --cost: expected one of them at a time\. See "npm run plan -- --help"\.$/],
    [['--stack', 'dev', '--refresh-prices'], /^--refresh-prices: expected it with --cost\. See "npm run plan -- --help"\.$/],
    [['--stack', 'dev', '--preview', '--cost'], /^--preview with --cost: expected it alone or with --json/],
    [['--stack', 'dev', '--what'], /^unknown option '--what'\. Usage: npm run plan -- --stack <name> \[options\]\. See/],
    [['dev'], /^unexpected "dev"/],
  ])('refuses %j', (args, message) => {
    expect(() => readCommandLine(command, args)).toThrow(message);
    expect(() => readCommandLine(command, args)).toThrow(UsageError);
  });

  it('says in one line what is wrong with a configuration', async () => {
    const wrong = plannedStack(shippedStack('dev', { profile: 'huge', location: 'West Europe' }), { preview: false });
    await expect(wrong).rejects.toThrow(/^Pulumi\.dev\.yaml: location is "West Europe": .* profile is "huge": .*$/);
    await expect(wrong).rejects.toBeInstanceOf(UsageError);
  }, 400_000);
});

describe('a stack file', () => {
  it('is handed to the program as Pulumi does it: text as it is, everything else as JSON, keys in full', () => {
    expect(
      stack(
        'full',
        'config:\n  factory-loop:factory: plant-two\n  factory-loop:dataset:\n    name: line\n  azure-native:useMsi: true\n  location: westeurope\n',
      ).configuration,
    ).toEqual({
      'factory-loop:factory': 'plant-two',
      'factory-loop:dataset': '{"name":"line"}',
      'azure-native:useMsi': 'true',
      'factory-loop:location': 'westeurope',
    });
    expect(stack('empty', '').configuration).toEqual({});
  });

  it('gives no encrypted value away, and knows which keys hold one', () => {
    const file = stack(
      'secret',
      'encryptionsalt: v1:abc\nconfig:\n  factory-loop:sourceCommit:\n    secure: v1:cipher\n  factory-loop:tags:\n    team: a\n    token:\n      secure: v1:cipher\n',
    );
    expect(file.configuration).toEqual({ 'factory-loop:sourceCommit': '[secret]', 'factory-loop:tags': '{"team":"a","token":"[secret]"}' });
    expect(file.secretKeys).toEqual(['factory-loop:sourceCommit', 'factory-loop:tags']);
    expect(JSON.stringify(file)).not.toContain('cipher');
  });

  it.each([['a/../outside'], ['a/b'], ['']])('is never looked for under another name than its own: %j', (name) => {
    writeFileSync(join(directory, 'outside.yaml'), 'config: {}');
    expect(() => readStackFile(directory, name, '[secret]')).toThrow(/there is no Pulumi\./);
  });

  it('is a file: a folder of its name is none', () => {
    mkdirSync(join(directory, 'Pulumi.folder.yaml'));
    expect(() => readStackFile(directory, 'folder', '[secret]')).toThrow(/^--stack folder: there is no Pulumi\.folder\.yaml/);
  });

  it('that is not YAML, or holds no configuration, is refused in one line', () => {
    expect(() => stack('broken', 'config: [')).toThrow(/is not YAML: [^\n]+$/);
    expect(() => stack('list', '- a')).toThrow('Pulumi.list.yaml: expected "config:" with <project>:<key> entries.');
  });
});
