import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOfProcess } from '../../loop/regionProcesses';
import { projectRoot } from '../support/projectRoot';

const start = (args: readonly string[], environment: NodeJS.ProcessEnv = {}, script = 'commands/start.cjs') => {
  const { status, stdout, stderr } = spawnSync(
    join(projectRoot, 'node_modules', '.bin', 'node'),
    [...(script.endsWith('.ts') ? ['-r', 'ts-node/register'] : []), script, ...args],
    { cwd: projectRoot, encoding: 'utf8', timeout: 60_000, env: { ...process.env, INIT_CWD: projectRoot, ...environment } },
  );
  return { status, stdout, stderr };
};
const local = '.local/usage-test';
afterAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));

describe('npm start, used wrongly', () => {
  it.each([
    ['an unknown option', ['--raws', 'x'], /--raws/],
    ['a missing folder', ['--raw', '/no/such/folder'], /--raw \/no\/such\/folder: no such file or folder/],
    ['a fault that no machine has', ['--fault', 'rust'], /--fault rust: expected step, drift, stuck or noise/],
    [
      'a fault of a recording',
      ['--raw', 'tests', '--fault', 'step'],
      /--fault: the fault is of the simulated machine, so it cannot go with --raw/,
    ],
    ['a stray argument', ['data.csv'], /data\.csv/],
    [
      'a state folder that may hold something else',
      ['--local', 'local-azure'],
      /--local local-azure: expected \.local or a folder below it/,
    ],
  ])('answers %s with one line and exit status 2', (_, args, line) => {
    const { status, stdout, stderr } = start(args);
    expect(stderr).toMatch(line);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
    expect(status).toBe(2);
  });

  it('answers an empty folder the same way', () => {
    const empty = mkdtempSync(join(tmpdir(), 'empty-'));
    const { status, stderr } = start(['--raw', empty, '--local', local]);
    rmSync(empty, { recursive: true });
    expect(stderr.trimEnd()).toMatch(/^--raw .*: the folder holds no files\.$/);
    expect(status).toBe(2);
  });

  it('refuses a folder in which another region lives, and clears one whose process has gone, even when its id was given again', () => {
    mkdirSync(join(projectRoot, local), { recursive: true });
    const owner = join(projectRoot, local, 'region.pid');
    writeFileSync(owner, `${process.pid} ${startOfProcess(process.pid) ?? ''}`);
    for (const script of ['commands/start.cjs', 'commands/reset.ts']) {
      expect(start(['--local', local], {}, script)).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(new RegExp(`^a region is already running in .* \\(process ${process.pid}\\)\\..*\\n$`)),
      });
    }
    const below = join(projectRoot, local, 'other', 'up');
    mkdirSync(below, { recursive: true });
    renameSync(owner, join(below, 'region.pid'));
    expect(start(['--local', local], {}, 'commands/reset.ts')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`already running in ${below}`),
    });
    rmSync(below, { recursive: true });
    writeFileSync(owner, `${process.pid} 1`);
    expect(start(['--local', local], {}, 'commands/reset.ts').status).toBe(0);
    expect(existsSync(owner)).toBe(false);
  });

  it('says which Python and which Node it needs, before it does anything', () => {
    const noPython = start([], { PYTHON: '/no/python3' });
    expect(noPython).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Factory Loop needs Python 3\.10 or newer.*"\/no\/python3" was not found.*\n$/),
    });
    const oldNode = start([], { npm_config_user_agent: 'npm/9.8.1 node/v18.20.0 linux x64 workspaces/false' });
    expect(oldNode).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^Factory Loop needs Node 20 or newer.*v18\.20\.0.*\n$/),
    });
  });

  it('explains itself within 80 columns', () => {
    const { status, stdout } = start(['--help']);
    expect(status).toBe(0);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const option of [
      '--raw',
      '--time',
      '--label',
      '--ignore',
      '--rounds',
      '--fault',
      '--continue',
      '--keep',
      '--quiet',
      '--json',
      '--local',
    ])
      expect(stdout).toContain(option);
  });
});
