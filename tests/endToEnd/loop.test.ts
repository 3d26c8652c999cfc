import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoopReport } from '../../loop/report';
import { simulateCsv } from '../../edge-sim/production-line/machine';
import { loopSteps } from '../../loop/loopSteps';
import { projectRoot } from '../support/projectRoot';

const node = join(projectRoot, 'node_modules', '.bin', 'node');
const local = '.local/loop-test';
const stepIds = loopSteps.map(({ id }) => id);

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const run = (script: string, args: readonly string[]) =>
  new Promise<Run>((resolve) => {
    execFile(
      node,
      [script, ...args, '--local', local],
      { cwd: projectRoot, maxBuffer: 64 * 1024 * 1024, timeout: 180_000, env: { ...process.env, NO_COLOR: '1' } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
  });
const loop = async (...args: string[]) => {
  const { code, stdout, stderr } = await run('commands/start.cjs', ['--json', ...args]);
  if (stdout === '') throw new Error(`no report: ${stderr}`);
  return { code, report: JSON.parse(stdout) as LoopReport };
};
const step = (report: LoopReport, id: string) => report.steps.find((one) => one.id === id);

/** A labelled experiment of the simulated machine: normal, then a fault, then normal. */
function experiments(directory: string): string {
  for (let number = 1; number <= 4; number++) {
    const csv = simulateCsv({
      seed: number,
      startTime: new Date(Date.UTC(2026, 0, number)),
      periodMs: 1_000,
      samples: 1_600,
      faults: [{ from: 900, to: 1_300, kind: 'step' }],
      labels: true,
    });
    writeFileSync(join(directory, `experiment-${number}.csv`), csv.replaceAll(',', ';'));
  }
  return directory;
}

/** What does not belong into a delivery: nothing of it may stop the rest. */
function withBadFiles(directory: string): string {
  const good = readFileSync(join(directory, 'experiment-1.csv'), 'utf8').trimEnd().split('\n');
  const changed = (name: string, change: (lines: string[]) => string[]) =>
    writeFileSync(join(directory, name), `${change([...good]).join('\n')}\n`);
  writeFileSync(join(directory, 'empty.csv'), '');
  writeFileSync(join(directory, 'words.csv'), 'time;state\n2026-01-01 00:00:00;open\n2026-01-01 00:00:01;shut\n');
  writeFileSync(join(directory, 'bytes.csv'), Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 7_919) % 256)));
  changed('broken-row.csv', (lines) => lines.map((line, at) => (at === 700 ? line.replace(/;[^;]*;/, ';here it broke;') : line)));
  changed('short-row.csv', (lines) => lines.map((line, at) => (at === 800 ? line.split(';').slice(0, 3).join(';') : line)));
  changed('twin.csv', (lines) => lines);
  changed('backwards.csv', ([header = '', ...lines]) => [header, ...lines.reverse()]);
  return directory;
}
const badFiles = ['backwards.csv', 'broken-row.csv', 'bytes.csv', 'empty.csv', 'short-row.csv', 'words.csv'];

/** Shuffles every sensor column by itself; time and labels stay. */
function shuffled(from: string, to: string): string {
  let state = 7;
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (const name of readdirSync(from)) {
    const [header = '', ...lines] = readFileSync(join(from, name), 'utf8').trimEnd().split('\n');
    const columns = (lines[0] ?? '').split(';').map((_, index) => lines.map((line) => line.split(';')[index] ?? ''));
    for (const column of columns.slice(1, -1)) {
      for (let last = column.length - 1; last > 0; last--) {
        const pick = Math.floor(random() * (last + 1));
        [column[last], column[pick]] = [column[pick] ?? '', column[last] ?? ''];
      }
    }
    writeFileSync(join(to, name), `${[header, ...lines.map((_, row) => columns.map((column) => column[row]).join(';'))].join('\n')}\n`);
  }
  return to;
}

const directories: string[] = [];
const directory = () => {
  const made = mkdtempSync(join(tmpdir(), 'loop-'));
  directories.push(made);
  return made;
};
afterAll(() => [...directories, join(projectRoot, local)].forEach((one) => rmSync(one, { recursive: true, force: true })));

describe('the loop on one machine', () => {
  it('turns labelled recordings into a deployed package that alarms on a fault and is quiet without one', async () => {
    const { code, report } = await loop('--raw', withBadFiles(experiments(directory())));
    expect(report.error).toBeUndefined();
    expect(report.steps.filter((one) => !one.ok)).toEqual([]);
    expect(report.steps.map((one) => one.id)).toEqual(stepIds);
    expect(code).toBe(0);
    expect(report.rounds).toBe(1);
    expect(step(report, '1a')?.evidence).toMatchObject({ sources: 4, rows: 6_400, labelled: true });
    // The package that runs is the one in Storage, bit for bit.
    expect(step(report, '9')?.evidence['sha256']).toBe(step(report, '5b')?.evidence['sha256']);
    expect(step(report, '10')?.evidence).toMatchObject({
      packageId: step(report, '5b')?.evidence['packageId'],
      version: step(report, '5b')?.evidence['version'],
      state: 'RUNNING',
    });
    const replay = (stretch: string) => report.replays.find((one) => one.stretch === stretch);
    expect(replay('fault')?.alarmRate).toBeGreaterThan(0.5);
    expect(replay('normal')?.alarmRate).toBeLessThan(0.2);
    expect(replay('normal')?.windows).toBeGreaterThan(5);
    // One of two files with the same content is the bad one, whichever came second.
    const quarantined = report.quarantined.map(({ file }) => file).sort();
    expect(quarantined.filter((file) => !['twin.csv', 'experiment-1.csv'].includes(file))).toEqual(badFiles);
    expect(quarantined).toHaveLength(badFiles.length + 1);
    expect(report.quarantined.find(({ file }) => file === 'broken-row.csv')).toMatchObject({
      row: 701,
      reason: expect.stringContaining('here it broke'),
    });
    expect(report.refusals).toEqual([]);
  }, 180_000);

  it('starts no further job when left alone for a minute after a run, and Ctrl-C ends it with the result of the run', async () => {
    const child = spawn(node, ['commands/start.cjs', '--keep', '--raw', experiments(directory()), '--local', local], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = once(child, 'exit');
    let printed = '';
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (text: Buffer) => {
        printed += text.toString('utf8');
        if (printed.includes('The region is running')) resolve();
      });
      child.once('exit', () => reject(new Error(`ended early:\n${printed}`)));
    });
    const executions = () =>
      readFileSync(join(projectRoot, local, 'region', 'container-apps', 'executions.jsonl'), 'utf8')
        .trimEnd()
        .split('\n').length;
    const before = executions();
    expect(before).toBeGreaterThan(3);
    await new Promise((resolve) => setTimeout(resolve, 60_000));
    expect(executions()).toBe(before);
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
  }, 240_000);
});

describe('a loop that cannot close', () => {
  it('says of every file what is wrong with it when none is good, and ends', async () => {
    const only = directory();
    for (const name of ['empty.csv', 'words.csv']) writeFileSync(join(only, name), name === 'empty.csv' ? '' : 'name;colour\na;b\n');
    const { code, stdout } = await run('commands/start.cjs', ['--raw', only]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^quarantined empty\.csv: row -, column -: expected /m);
    expect(stdout).toMatch(/^quarantined words\.csv: row 1, column -: expected /m);
    expect(stdout).toContain('step 1a failed');
    expect(stdout).not.toContain('✓');
  }, 120_000);

  it('refuses a model that sees nothing: with shuffled sensors the gate says which figure failed and there is no package', async () => {
    const { code, report } = await loop('--raw', shuffled(experiments(directory()), directory()));
    expect(code).toBe(1);
    expect(step(report, '5a')).toMatchObject({
      ok: false,
      evidence: { stage: 'rejected', because: expect.stringMatching(/labelAuc 0\.\d+ < 0\.\d+/) },
    });
    expect(step(report, '5b')).toBeUndefined();
    expect(report.steps.filter((one) => one.id !== '5a').every((one) => one.ok)).toBe(true);
  }, 180_000);

  it('fails at step 1b with 403 when the data pipeline may not write processed data, and says who lacks what where', async () => {
    const { stdout, code } = await run('tests/endToEnd/support/startWithoutRole.cjs', [
      'data-pipeline',
      'blobDataContributor',
      'data/processed',
      '--json',
      '--raw',
      experiments(directory()),
    ]);
    const report = JSON.parse(stdout) as LoopReport;
    expect(code).toBe(1);
    expect(step(report, '1a')?.ok).toBe(true);
    expect(step(report, '1b')).toMatchObject({
      ok: false,
      evidence: {
        status: 403,
        errorCode: 'AuthorizationPermissionMismatch',
        identity: expect.stringContaining('data-pipeline'),
        lacks: expect.stringMatching(/^Microsoft\.Storage\/storageAccounts\/blobServices\/containers\/blobs\/(read|write)/),
        scope: expect.stringMatching(/\/containers\/processed$/),
        grantedBy: expect.arrayContaining(['Storage Blob Data Contributor']),
      },
    });
    expect(step(report, '2')).toMatchObject({ ok: false });
  }, 180_000);
});
