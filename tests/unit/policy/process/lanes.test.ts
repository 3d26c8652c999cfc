import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startOfProcess } from '../../../../loop/regionProcesses';
import { projectRoot } from '../../../support/projectRoot';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'lanes-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A gate of made-up lanes, with a budget in minutes for each. */
function gate(rows: string, budget: Record<string, number>): string[] {
  const script = join(folder, 'gate');
  writeFileSync(join(folder, 'budget.json'), JSON.stringify(budget));
  writeFileSync(script, `set -uo pipefail\n. .ci/lanes\n${rows}\nnode .ci/times.cjs "$results/lanes" "$1"\n`);
  return [script, join(folder, 'budget.json')];
}
function run(rows: string, budget: Record<string, number>) {
  const { stdout, status } = spawnSync('bash', gate(rows, budget), { cwd: projectRoot, encoding: 'utf8' });
  const lines = stdout.trim().split('\n');
  return { stdout, status, closing: lines.at(-1), verdict: (lane: string) => lines.find((line) => line.startsWith(`${lane}  `)) };
}

describe('the lanes of the gate', () => {
  it('run beside each other, each with its output in one piece', () => {
    const meet = (own: string, other: string) =>
      `echo begin; touch ${folder}/${own}; for _ in $(seq 100); do [ -e ${folder}/${other} ] && break; sleep 0.1; done; echo end; [ -e ${folder}/${other} ]`;
    const { stdout, status, closing } = run(
      `left() { lane one bash -c '${meet('a', 'b')}'; }; right() { lane two bash -c '${meet('b', 'a')}'; lane three true; }\nside_by_side left right`,
      { one: 1, two: 1, three: 1 },
    );
    expect(stdout.match(/== (one|two)\nbegin\nend\n== \1: passed after/g)).toHaveLength(2);
    expect({ closing, status }).toEqual({ closing: '3 passed, 0 failed', status: 0 });
  });

  it('fail alone, and the lanes after them run', () => {
    const { stdout, status, closing } = run("row() { lane bad bash -c 'echo why; exit 3'; lane good true; }\nside_by_side row", {
      bad: 1,
      good: 1,
    });
    expect(stdout).toContain('== bad\nwhy\n== bad: FAILED after');
    expect({ closing, status }).toEqual({ closing: '1 passed, 1 failed', status: 1 });
  });

  it('are refused over their budget by half, without one, and when they did not run', () => {
    const { status, closing, verdict } = run('row() { lane slow sleep 1; lane new true; }\nside_by_side row', { slow: 0.01, promised: 1 });
    expect(verdict('slow')).toContain('over its budget by half');
    expect(verdict('new')).toContain('no budget');
    expect(verdict('promised')).toContain('did not run');
    expect({ closing, status }).toEqual({ closing: '0 passed, 3 failed', status: 1 });
  });

  it('leave no process behind when they are interrupted', async () => {
    const child = spawn(
      'bash',
      gate(`row() { lane long bash -c 'sleep 300 & echo $! >${folder}/pid; wait'; }\nside_by_side row`, { long: 1 }),
      { cwd: projectRoot, stdio: 'ignore' },
    );
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let pid = 0;
    while (pid === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      try {
        pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
      } catch {
        continue;
      }
    }
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(startOfProcess(pid)).toBeUndefined();
  });

  it('have a budget each, and each budget a lane', () => {
    const lanes = [...readFileSync(join(projectRoot, '.ci', 'run'), 'utf8').matchAll(/\blane (?:'([^']+)'|(\w+)) /g)].map(
      ([, quoted, plain]) => quoted ?? plain,
    );
    expect(Object.keys(JSON.parse(readFileSync(join(projectRoot, '.ci', 'budget.json'), 'utf8'))).sort()).toEqual(lanes.sort());
  });
});
