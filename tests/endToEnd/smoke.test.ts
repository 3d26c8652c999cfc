import { execFile, fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SmokeReport } from '../../commands/smoke/smokeTest';
import type { StackReady, StackRequest, StackState } from './support/stackProcess';
import { loopSteps } from '../../loop/loopSteps';
import { projectRoot } from '../support/projectRoot';

const node = join(projectRoot, 'node_modules', '.bin', 'node');
const local = join('.local', 'smoke-test');
const stepIds = loopSteps.map(({ id }) => id);

let stack: ChildProcess;
let path = '';
const ask = async (request: StackRequest): Promise<StackState> => {
  const answered = once(stack, 'message');
  stack.send(request);
  const [state] = (await answered) as [StackState | { readonly error: string }];
  if ('error' in state) throw new Error(state.error);
  return state;
};
const state = () => ask({ kind: 'state' });

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}
const smoke = (...args: string[]) =>
  new Promise<Run>((resolve) => {
    // npm runs the command with the project's Node; signed in is whoever the stack's operator is.
    execFile(
      node,
      ['-r', 'ts-node/register', 'commands/smoke.ts', '--local', local, '--timeout', '150', ...args],
      { cwd: projectRoot, maxBuffer: 64 * 1024 * 1024, timeout: 170_000, env: { ...process.env, PATH: path, NO_COLOR: '1' } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
  });
const report = ({ stdout, stderr }: Run) => {
  if (stdout === '') throw new Error(`no report: ${stderr}`);
  return JSON.parse(stdout) as SmokeReport & { readonly stack: string };
};
/** Everything of smoke tests that is still in use. */
const leftOf = ({ blobs, models, tags, pipelines }: StackState) => ({
  blobs: Object.values(blobs)
    .flat()
    .filter((name) => name.startsWith('smoke-') || smokePackages(pipelines).includes(name.split('/')[0] ?? '')),
  models: models.filter(({ name, archived }) => name.endsWith('-smoke') && !archived),
  tags: Object.entries(tags)
    .filter(([repository]) => repository.includes('smoke'))
    .flatMap(([, names]) => names),
  running: pipelines.filter(({ projectName, state: now }) => projectName === 'smoke-anomaly-detection' && now !== 'AVAILABLE'),
});
const smokePackages = (pipelines: StackState['pipelines']) =>
  pipelines.filter(({ projectName }) => projectName.startsWith('smoke')).map(({ packageId }) => packageId);
const nothing = { blobs: [], models: [], tags: [], running: [] };
/** What is the factory's own. */
const factoryOf = ({ blobs, models, tags, pipelines }: StackState) => ({
  blobs: Object.fromEntries(
    Object.entries(blobs).map(([container, names]) => [container, names.filter((name) => !name.startsWith('smoke-'))]),
  ),
  models: models.filter(({ name }) => name.endsWith('-line')),
  tags: Object.fromEntries(
    Object.entries(tags).filter(([repository]) => repository.endsWith('-line') || repository.endsWith('/line-anomaly-detection')),
  ),
  packages: pipelines
    .filter(({ projectName }) => projectName === 'line-anomaly-detection')
    .map(({ packageVersion, sha256, state: now }) => ({ packageVersion, sha256, state: now })),
});
const answering = ({ pipelines }: StackState) =>
  pipelines.find(({ projectName, state: now }) => projectName === 'line-anomaly-detection' && now === 'RUNNING')?.results ?? 0;

beforeAll(async () => {
  stack = fork(join(projectRoot, 'tests', 'endToEnd', 'support', 'stackProcess.ts'), [join(projectRoot, local), 'in-use'], {
    execPath: node,
    execArgv: ['-r', 'ts-node/register'],
    cwd: projectRoot,
  });
  const [ready] = (await once(stack, 'message')) as [StackReady];
  if (!ready.ready || ready.failed.length > 0) throw new Error(`the stack is not there: ${JSON.stringify(ready.failed)}`);
  ({ path } = ready);
}, 240_000);
afterAll(async () => {
  if (stack.exitCode === null) {
    const ended = once(stack, 'exit');
    stack.disconnect();
    await ended;
  }
  rmSync(join(projectRoot, local), { recursive: true, force: true });
}, 60_000);

describe('the smoke test of a stack in use', () => {
  it('sees every step of its own data set, leaves the factory as it was and takes away what it made', async () => {
    const before = await state();
    const run = await smoke('--stack', 'in-use', '--json');
    const { steps, line, rawFile, cleanedUp, dataset, factory } = report(run);
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(steps.map(({ id }) => id)).toEqual(stepIds);
    expect(run.code).toBe(0);
    expect({ line, from: rawFile?.from, left: cleanedUp.left }).toEqual({
      line: 'driven',
      from: expect.stringMatching(/^the beginning of line\/pump-2026-03-0\d\.csv$/) as string,
      left: [],
    });
    const evidence = (id: string) => steps.find((step) => step.id === id)?.evidence;
    expect(evidence('3b')).toMatchObject({ model: `${factory}-smoke`, version: '1' });
    expect(evidence('5b')).toMatchObject({ package: 'smoke-anomaly-detection-edge_1.zip' });
    expect(evidence('1b')?.['blob']).toMatch(new RegExp(`^${dataset}/`));
    // What the line sent starts the data pipeline once more, which must find nothing in it for the factory.
    const after = await ask({ kind: 'rest' });
    expect(leftOf(after)).toEqual(nothing);
    expect(factoryOf(after)).toEqual(factoryOf(before));
    // Both packages judged what the line ran.
    expect(answering(after)).toBeGreaterThan(answering(before));
    expect(after.denials).toEqual([]);
    expect(after.models.filter(({ name }) => name.endsWith('-smoke'))).toEqual([
      { name: `${factory}-smoke`, version: '1', archived: true },
    ]);
  }, 200_000);

  it('does not start beside another one, and takes away what that one left when it is told to', async () => {
    await ask({ kind: 'drop', name: 'smoke-abcd/other.csv', content: 'no;table' });
    const refused = await smoke('--stack', 'in-use');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toContain('another smoke test, smoke-abcd, is under way since ');
    expect((await state()).blobs['raw']).toContain('smoke-abcd/other.csv');
    const cleaned = await smoke('--stack', 'in-use', '--clean-up', 'smoke-abcd');
    expect([cleaned.code, cleaned.stdout]).toEqual([0, expect.stringMatching(/^taken away: 1 raw files/)]);
    expect((await state()).blobs['raw']).not.toContain('smoke-abcd/other.csv');
  }, 120_000);

  it('says what is wrong with a file that nothing can be learned from, and takes everything away', async () => {
    const file = join(projectRoot, local, 'short.csv');
    writeFileSync(file, 'name;colour\na;b\n');
    const run = await smoke('--stack', 'in-use', '--raw', file);
    expect(run.code).toBe(1);
    expect(run.stdout).toMatch(/^quarantined short\.csv: row 1, column -: expected /m);
    expect(run.stdout).toContain('step 1a failed: missing no raw file can be used');
    expect(leftOf(await state())).toEqual(nothing);
  }, 120_000);

  it('leaves a line that is at work alone and goes by what comes back of it', async () => {
    await ask({ kind: 'simulate', intervalMs: 20 });
    const run = await smoke('--stack', 'in-use', '--json');
    const { steps, line } = report(run);
    expect(steps.filter(({ ok }) => !ok)).toEqual([]);
    expect([run.code, line, steps.length]).toEqual([0, 'running by itself', stepIds.length]);
    expect(steps.find(({ id }) => id === '13a')?.evidence).toMatchObject({ samples: 0, sent: 0 });
    expect(Number(steps.find(({ id }) => id === '13a')?.evidence['results'])).toBeGreaterThan(0);
    const after = await state();
    expect(after.line).toMatchObject({ kind: 'simulate', finished: false });
    expect(leftOf(after)).toEqual(nothing);
    expect(after.denials).toEqual([]);
  }, 200_000);

  it('knows no other stack', async () => {
    const { code, stdout, stderr } = await smoke('--stack', 'elsewhere');
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(/^--stack elsewhere: no stack named .*\n$/)]);
  }, 60_000);
});
