import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../../loop/regionProcesses';
import type { LoopReport } from '../../loop/report';
import { sentByNow } from '../../loop/telemetryReturn';
import { projectRoot } from '../support/projectRoot';

const local = join('.local', 'kills-test');
const region = join(projectRoot, local, 'region');
const there = existsSync('/proc/self/environ');
if (!there) console.warn('skipped: the programs of a running site are told apart by /proc, which this system lacks');
afterAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));

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
      return (
        programs[program]?.(
          new Set(
            readFileSync(`/proc/${pid}/environ`, 'utf8')
              .split('\0')
              .map((entry) => entry.split('=')[0] ?? ''),
          ),
        ) === true
      );
    } catch {
      return false;
    }
  });
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const start = (...args: string[]) =>
  spawn(join(projectRoot, 'node_modules', '.bin', 'node'), ['commands/start.cjs', '--local', local, ...args], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** A run whose package is deployed, so that the line runs now. */
async function runningLine(): Promise<ChildProcess> {
  const run = start();
  let printed = '';
  run.stdout.on('data', (text: Buffer) => (printed += text.toString('utf8')));
  while (!printed.includes('✓ 10') && run.exitCode === null) await pause(20);
  return run;
}

/** The run must end well and miss nothing. */
async function expectAllArrived(run: ChildProcess): Promise<LoopReport> {
  const [code] = run.exitCode === null ? ((await once(run, 'exit')) as [number]) : [run.exitCode];
  const report = JSON.parse(readFileSync(join(projectRoot, local, 'report.json'), 'utf8')) as LoopReport;
  expect(report.steps.filter((step) => !step.ok)).toEqual([]);
  expect(code).toBe(0);
  expect(report.recycled.sent).toBeGreaterThan(1_000);
  expect(report.recycled.distinct).toBe(report.recycled.sent);
  const { logs, metrics } = report.telemetry;
  expect(logs.sent).toBeGreaterThan(3);
  expect(metrics.sent).toBeGreaterThan(100);
  expect([logs.distinct, metrics.distinct]).toEqual([logs.sent, metrics.sent]);
  process.stdout.write(
    `sent/arrived/distinct: ${Object.entries({ logs, metrics, records: report.recycled })
      .map(([what, of]) => `${what} ${of.sent}/${of.arrived}/${of.distinct}`)
      .join(', ')}\n`,
  );
  return report;
}

/** Processes at work in the region's folder, marked or not. */
const workingBelow = () =>
  readdirSync('/proc')
    .filter((name) => {
      try {
        return /^\d+$/.test(name) && readlinkSync(`/proc/${name}/cwd`).startsWith(`${region}/`);
      } catch {
        return false;
      }
    })
    .map(Number);

(there ? it : it.skip)(
  'every program of the way back is killed while the line runs, and everything arrives all the same',
  async () => {
    const killed = Object.fromEntries(Object.keys(programs).map((program) => [program, 0]));
    const run = await runningLine();
    // The processes of the package's own components are marked too.
    const working = workingBelow();
    expect(working.length).toBeGreaterThan(0);
    expect(working.filter((pid) => !processesOf(region).includes(pid) && existsSync(`/proc/${pid}`))).toEqual([]);
    for (let turn = 0; turn < 3; turn++) {
      for (const program of Object.keys(programs)) {
        for (const pid of pidsOf(program)) {
          process.kill(pid, 'SIGKILL');
          killed[program] = (killed[program] ?? 0) + 1;
        }
        await pause(150);
      }
    }
    await expectAllArrived(run);
    expect(Object.entries(killed).filter(([, times]) => times === 0)).toEqual([]);
  },
  240_000,
);

it('the region stands still for half a minute while the site goes on, and everything arrives all the same', async () => {
  const run = await runningLine();
  await pause(300);
  run.kill('SIGSTOP');
  await pause(30_000);
  run.kill('SIGCONT');
  await expectAllArrived(run);
}, 240_000);

(there ? it : it.skip)(
  'the region is killed while the line runs and comes back half a minute later, and what its programs had sent arrives',
  async () => {
    const run = await runningLine();
    await pause(1_000);
    run.kill('SIGKILL');
    await once(run, 'exit');
    while (processesOf(region).length > 0) await pause(100);
    const revisions = join(region, 'container-apps', 'revisions');
    const before = await sentByNow(readdirSync(revisions).map((revision) => join(revisions, revision, '0', 'site')));
    await pause(30_000);
    const report = await expectAllArrived(start('--continue'));
    expect(before.length).toBeGreaterThan(1);
    const total = before.reduce((sum, { sent }) => sum + sent.logs + sent.metrics, 0);
    // The senders went on counting where they were.
    expect(report.telemetry.logs.sent + report.telemetry.metrics.sent).toBeGreaterThan(total + 100);
  },
  420_000,
);
