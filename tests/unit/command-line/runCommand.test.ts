import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../../support/projectRoot';

/** A command in a process of its own, whose work is given as code. */
function start(work: string, ...args: string[]) {
  const program = `
    const { defineCommand, flag } = require('./command-line/command.ts');
    const { onInterrupt } = require('./command-line/interruption.ts');
    const { runCommand } = require('./command-line/runCommand.ts');
    const { UsageError } = require('./command-line/usageError.ts');
    const { setTimeout: pause } = require('node:timers/promises');
    const run = async (options, { terminal }) => { ${work} };
    void runCommand(
      defineCommand({ script: 'probe', usage: [''], summary: 'Probes.', options: { json: flag('JSON') }, exits: { 0: 'done' }, run,
        explain: (error) => (error.statusCode === 403 ? 'you may not' : undefined) }),
      ${JSON.stringify(args)},
    );`;
  return spawn(join(projectRoot, 'node_modules', '.bin', 'node'), ['-r', 'ts-node/register', '-e', program], { cwd: projectRoot });
}
type Running = ReturnType<typeof start>;
async function ended(child: Running) {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name].setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...texts };
}

it('is what npm start does, through a plain script that checks the versions first', () => {
  const { status, stdout, stderr } = spawnSync(join(projectRoot, 'node_modules', '.bin', 'node'), ['commands/start.cjs', '--help'], {
    cwd: projectRoot,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^Usage: npm start -- \[options\]\n/);
});

it.each([
  ['a command that says nothing else', 'terminal.line("done");', { status: 0, stdout: 'done\n', stderr: '' }],
  ['one that says how it went', 'return 3;', { status: 3, stdout: '', stderr: '' }],
  ['wrong usage', 'throw new UsageError("expected more.");', { status: 2, stdout: '', stderr: 'expected more.\n' }],
  ['a failure', 'throw new Error("no\\nluck");', { status: 1, stdout: '', stderr: 'no\n  luck\n' }],
  ['a refusal', 'throw Object.assign(new Error("403"), { statusCode: 403 });', { status: 1, stdout: '', stderr: 'you may not\n' }],
])('%s ends with its exit status', async (_, work, outcome) => {
  expect(await ended(start(work))).toEqual(outcome);
});

it('says where a fault of the program itself is', async () => {
  expect((await ended(start('undefined.x;'))).stderr).toMatch(/^TypeError: .*\n\s+at /);
});

it('keeps standard output for JSON where it is asked for', async () => {
  expect(await ended(start('terminal.line("under way"); process.stdout.write("{}\\n");', '--json'))).toEqual({
    status: 0,
    stdout: '{}\n',
    stderr: 'under way\n',
  });
});

it.each([
  ['at once, without being asked to wait', 'terminal.line("up"); await pause(60_000);', ''],
  [
    'in its own order, where it has one',
    'const { signal, exitCode } = onInterrupt(() => undefined); terminal.line("up"); await pause(60_000, undefined, { signal }).catch(() => undefined); process.stderr.write("in order"); return exitCode();',
    'in order',
  ],
])('ends on Ctrl-C %s, with 130', async (_, work, stderr) => {
  const child = start(work);
  const outcome = ended(child);
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  expect(await outcome).toMatchObject({ status: 130, stderr });
});

it('ends quietly when its reader has seen enough', async () => {
  const child = start('for (;;) { terminal.line("more"); await pause(1); }');
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString('utf8')));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [status] = (await once(child, 'exit')) as [number | null];
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
