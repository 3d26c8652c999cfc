import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopReport } from '../../loop/report';
import { projectRoot } from '../support/projectRoot';

const local = '.local/fault-test';

describe('a fault that is switched on in the first round and stays on', () => {
  afterAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));

  it('is never learned as normal: it is an alarm in the third round as in the first, and once it is off the same machine is quiet', async () => {
    const code = await new Promise<number>((resolve) => {
      execFile(
        join(projectRoot, 'node_modules', '.bin', 'node'),
        ['commands/start.cjs', '--quiet', '--rounds', '3', '--fault', 'step', '--local', local],
        { cwd: projectRoot, timeout: 400_000, maxBuffer: 16 * 1024 * 1024 },
        (error) => resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : -1),
      );
    });
    const report = JSON.parse(readFileSync(join(projectRoot, local, 'report.json'), 'utf8')) as LoopReport;
    expect(report.error).toBeUndefined();
    expect(report.steps.filter((step) => !step.ok)).toEqual([]);
    expect(code).toBe(0);
    // The switch as the line itself tells it: on from the first round to the end of the third, then off.
    expect(report.replays.map(({ round, stretch, lineFault }) => `${round} ${stretch} ${lineFault}`)).toEqual([
      '1 fault step',
      '2 fault step',
      '3 fault step',
      '3 recovering none',
      '3 normal none',
    ]);
    const [first, second, third, , healthy] = report.replays;
    expect([first, second, third, healthy].map((run) => run?.packageVersions)).toEqual([['1'], ['2'], ['3'], ['3']]);
    expect(first?.windows).toBeGreaterThan(50);
    expect(first?.alarmRate).toBeGreaterThan(0.9);
    expect(third?.alarmRate).toBeGreaterThan((first?.alarmRate ?? 1) - 0.05);
    expect(healthy?.windows).toBeGreaterThan(50);
    expect(healthy?.alarmRate).toBeLessThan(0.2);
    // All that the faulty machine sent is among the sources of the next data version, and none of it was trained on.
    expect(report.summaries.map(({ landingSources, landingWindows }) => `${Math.sign(landingSources)} ${landingWindows}`)).toEqual([
      '0 0',
      '1 0',
      '1 0',
    ]);
    expect(report.summaries[2]?.landingSources).toBeGreaterThan(report.summaries[1]?.landingSources ?? 0);
    expect(report.recycled.distinct).toBe(report.recycled.sent);
  }, 420_000);
});
