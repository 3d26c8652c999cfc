import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOfProcess } from '../../../loop/regionProcesses';
import { regionFolders, regionOwner } from '../../../loop/regionDirectory';
import { projectRoot } from '../../support/projectRoot';

const folder = mkdtempSync(join(tmpdir(), 'region-directory-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Claims the folder at the given time, says so, and holds it until its input ends. */
const claim = `
const { claimRegionDirectory } = require('./loop/regionDirectory');
process.stdin.resume().on('end', () => process.exit(0));
process.stdout.write('ready\\n');
process.stdin.once('data', (at) => setTimeout(() => claimRegionDirectory(process.argv[1], false).then(
  () => process.stdout.write('won\\n'), (error) => process.stdout.write(error.name + ' ' + error.message + '\\n')), Number(at) - Date.now()));
`;

it('goes to one of several starts at once, even where a killed run has left its file', async () => {
  const local = join(folder, 'claimed');
  mkdirSync(local);
  writeFileSync(join(local, 'region.pid'), `${process.pid} 1`);
  const starts = [1, 2, 3].map(() =>
    spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', '-e', claim, local], {
      cwd: projectRoot,
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const lines = starts.map(({ stdout }) => stdout.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>);
  for (const line of lines) expect((await line.next()).value).toBe('ready\n');
  const at = Date.now() + 200;
  for (const { stdin } of starts) stdin.write(String(at));
  const said = await Promise.all(lines.map(async (line) => String((await line.next()).value)));
  expect(said.filter((text) => text === 'won\n')).toHaveLength(1);
  expect(said.filter((text) => text.startsWith('UsageError a region is already running in '))).toHaveLength(2);
  expect(regionOwner(local)).toBe(starts[said.indexOf('won\n')]?.pid);
  expect(readdirSync(local)).toEqual(['region.pid']);
  for (const start of starts) {
    start.stdin.end();
    await new Promise((resolve) => start.once('close', resolve));
  }
  expect(readdirSync(local)).toEqual([]);
}, 60_000);

it('is found wherever one lies below a folder, and not inside a region', () => {
  const local = join(folder, 'all');
  for (const path of ['region/region', 'one/up/region', 'two', 'three/empty']) mkdirSync(join(local, path), { recursive: true });
  writeFileSync(join(local, 'two', 'region.pid'), '');
  expect(regionFolders(local).sort()).toEqual([local, join(local, 'one', 'up'), join(local, 'two')]);
});

it('belongs to nobody once its process has ended, even while somebody still has to wait for it', async () => {
  // The shell never waits for its child, which stays in the list of processes until the shell itself ends.
  const shell = spawn('/bin/sh', ['-c', 'sleep 0 & echo $!; exec sleep 30'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number((await (shell.stdout.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>).next()).value);
  while (startOfProcess(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(process.kill(pid, 0)).toBe(true);
  expect(startOfProcess(shell.pid ?? 0)).toBeDefined();
  shell.kill();
});
