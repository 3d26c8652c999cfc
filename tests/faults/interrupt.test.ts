import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { processesOf } from '../../loop/regionProcesses';
import type { LoopReport } from '../../loop/report';
import { projectRoot } from '../support/projectRoot';

const node = join(projectRoot, 'node_modules', '.bin', 'node');
const local = '.local/interrupt-test';
const region = join(projectRoot, local, 'region');

/** Processes of the region by the marker that each of its children carries, and whatever else works below its directory. */
function left(): number[] {
  const below = !existsSync('/proc')
    ? []
    : readdirSync('/proc')
        .filter((name) => {
          try {
            return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(`${region}/`);
          } catch {
            return false;
          }
        })
        .map(Number);
  return [...new Set([...processesOf(region), ...below])];
}

const answers = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });

class Run {
  output = '';
  readonly began = Date.now();
  readonly child: ChildProcess;
  readonly ended: Promise<number>;

  constructor(...args: string[]) {
    this.child = spawn(node, ['commands/start.cjs', '--local', local, ...args], {
      cwd: projectRoot,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.output += chunk.toString('utf8')));
    this.ended = new Promise((resolve) => this.child.once('exit', (code) => resolve(code ?? -1)));
  }

  /** Whether this run has written the file of the region, where an earlier one left its own. */
  wrote(...file: string[]): boolean {
    const path = join(region, ...file);
    return (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= this.began;
  }

  /** Until the run has come so far; an early end fails. */
  async until(reached: () => boolean): Promise<void> {
    const deadline = Date.now() + 90_000;
    while (!reached()) {
      if (this.child.exitCode !== null || Date.now() > deadline) throw new Error(`the run did not come so far: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
async function expectNothingLeft(): Promise<void> {
  expect(left()).toEqual([]);
  const file = join(region, 'site-ports.json');
  const ports = existsSync(file) ? Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, number>) : [];
  expect(await Promise.all(ports.map(answers))).toEqual(ports.map(() => false));
}

describe('a run that is interrupted', () => {
  // Once: each start works on what the interrupted one before it has left.
  beforeAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));
  afterAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));

  it.each([
    ['SIGINT while it starts', 'SIGINT', 130, (run: Run) => run.until(() => run.wrote('logs', 'region.log'))],
    [
      'SIGTERM while it deploys',
      'SIGTERM',
      143,
      (run: Run) => run.until(() => run.wrote('site-ports.json')).then(() => pause(Math.random() * 3_000)),
    ],
    ['SIGINT in the middle of the steps', 'SIGINT', 130, (run: Run) => run.until(() => run.output.includes('✓ 3b'))],
    ['SIGINT while the line runs', 'SIGINT', 130, (run: Run) => run.until(() => run.output.includes('✓ 10')).then(() => pause(800))],
    [
      'SIGTERM while the data come back',
      'SIGTERM',
      143,
      (run: Run) => run.until(() => run.output.includes('✓ 12')).then(() => pause(Math.random() * 1_000)),
    ],
  ] as const)(
    'leaves no process and no listener: %s',
    async (_, signal, code, moment) => {
      const run = new Run();
      await moment(run);
      run.child.kill(signal);
      expect(await run.ended).toBe(code);
      expect(run.output).toContain('interrupted');
      await expectNothingLeft();
    },
    120_000,
  );

  it('is killed without warning, and the next one goes on where it was: nothing is done twice', async () => {
    const killed = new Run();
    await killed.until(() => killed.output.includes('✓ 5b'));
    killed.child.kill('SIGKILL');
    await killed.ended;

    const next = new Run('--continue', '--json');
    expect(await next.ended).toBe(0);
    const report = JSON.parse(readFileSync(join(projectRoot, local, 'report.json'), 'utf8')) as LoopReport;
    expect(report.steps.filter((step) => !step.ok)).toEqual([]);
    expect(report.steps.find((step) => step.id === '10')?.evidence).toMatchObject({ version: '1', state: 'RUNNING' });
    await expectNothingLeft();
  }, 180_000);
});
