import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../../commands/loop/leftovers';
import type { LoopReport } from '../../commands/loop/report';

const root = join(__dirname, '..', '..');
const local = join('.local', 'kills-test');
const region = join(root, local, 'region');
const there = existsSync('/proc/self/environ');
if (!there) console.warn('skipped: the programs of a running site are told apart by /proc, which this system lacks');
afterAll(() => rmSync(join(root, local), { recursive: true, force: true }));

/** What each program's environment has and the others' lack. */
const programs: Readonly<Record<string, (variables: ReadonlySet<string>) => boolean>> = {
  'otel-collector': (has) => has.has('OTLP_PORT') && has.has('MODEL_MONITOR_PORT'),
  'model-monitor': (has) => has.has('INSTRUMENTATION_KEY'),
  'auth-proxy': (has) => has.has('TARGET_HOST'),
  'data-collector': (has) => has.has('DATA_COLLECTOR_HUB_PORT') && !has.has('BATCH_IDLE_MS'),
  'data-collector-hub': (has) => has.has('BATCH_IDLE_MS'),
};

function pidsOf(program: string): number[] {
  return processesOf(region).filter((pid) => {
    try {
      return programs[program]?.(new Set(readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').map((entry) => entry.split('=')[0] ?? ''))) === true;
    } catch {
      return false;
    }
  });
}

/** Starts a run, waits until the package is deployed, does the harm while the line runs; the run must end well and miss nothing. */
async function expectAllArrives(harm: (run: ChildProcess) => Promise<void>): Promise<void> {
  const run = spawn(join(root, 'node_modules', '.bin', 'node'), ['commands/start.cjs', '--local', local], { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] });
  const ended = once(run, 'exit');
  let printed = '';
  run.stdout.on('data', (text: Buffer) => (printed += text.toString('utf8')));
  while (!printed.includes('✓ 10') && run.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 20));
  await harm(run);
  const [code] = (await ended) as [number];
  const report = JSON.parse(readFileSync(join(root, local, 'report.json'), 'utf8')) as LoopReport;
  expect(report.steps.filter((step) => !step.ok)).toEqual([]);
  expect(code).toBe(0);
  expect(report.recycled.sent).toBeGreaterThan(1_000);
  expect(report.recycled.distinct).toBe(report.recycled.sent);
  const { logs, metrics } = report.telemetry;
  expect(logs.sent).toBeGreaterThan(3);
  expect(metrics.sent).toBeGreaterThan(100);
  expect([logs.distinct, metrics.distinct]).toEqual([logs.sent, metrics.sent]);
}

(there ? it : it.skip)('every program of the way back is killed while the line runs, and everything arrives all the same', async () => {
  const killed = Object.fromEntries(Object.keys(programs).map((program) => [program, 0]));
  await expectAllArrives(async () => {
    for (let turn = 0; turn < 3; turn++) {
      for (const program of Object.keys(programs)) {
        for (const pid of pidsOf(program)) {
          process.kill(pid, 'SIGKILL');
          killed[program] = (killed[program] ?? 0) + 1;
        }
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
    }
  });
  expect(Object.entries(killed).filter(([, times]) => times === 0)).toEqual([]);
}, 240_000);

it('the region stands still for half a minute while the site goes on, and everything arrives all the same', async () => {
  await expectAllArrives(async (run) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    run.kill('SIGSTOP');
    await new Promise((resolve) => setTimeout(resolve, 30_000));
    run.kill('SIGCONT');
  });
}, 240_000);
