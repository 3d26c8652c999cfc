import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopReport } from '../../loop/report';
import { loopSteps } from '../../loop/loopSteps';
import { projectRoot } from '../support/projectRoot';

const local = '.local/rounds-test';
const stepIds = loopSteps.map(({ id }) => id);

describe('three rounds', () => {
  afterAll(() => rmSync(join(projectRoot, local), { recursive: true, force: true }));

  it('close: what the line sends back becomes the next data version, model and package, and the fault stays an alarm', async () => {
    const code = await new Promise<number>((resolve) => {
      execFile(
        join(projectRoot, 'node_modules', '.bin', 'node'),
        ['commands/start.cjs', '--quiet', '--rounds', '3', '--local', local],
        { cwd: projectRoot, timeout: 400_000, maxBuffer: 16 * 1024 * 1024 },
        (error) => resolve(error === null ? 0 : typeof error.code === 'number' ? error.code : -1),
      );
    });
    const report = JSON.parse(readFileSync(join(projectRoot, local, 'report.json'), 'utf8')) as LoopReport;
    expect(report.error).toBeUndefined();
    expect(report.steps.filter((step) => !step.ok)).toEqual([]);
    expect(code).toBe(0);
    expect(report.steps.map(({ round, id }) => `${round}/${id}`)).toEqual(
      [1, 2, 3].flatMap((round) => stepIds.map((id) => `${round}/${id}`)),
    );

    expect(new Set(report.summaries.map(({ dataVersion }) => dataVersion)).size).toBe(3);
    expect(report.summaries.map(({ packageVersion }) => packageVersion)).toEqual(['1', '2', '3']);
    const landing = report.summaries.map(({ landingSources }) => landingSources);
    expect(landing[0]).toBe(0);
    expect(landing[1]).toBeGreaterThan(0);
    expect(landing[2]).toBeGreaterThan(landing[1] ?? 0);
    for (const round of [1, 2, 3]) {
      const step = (id: string) => report.steps.find((one) => one.round === round && one.id === id)?.evidence;
      expect(step('12')).toMatchObject({ version: String(round) });
      expect(step('10')).toMatchObject({ version: String(round), state: 'RUNNING' });
      const [normal, fault] = (['normal', 'fault'] as const).map((stretch) =>
        report.replays.find((one) => one.round === round && one.stretch === stretch),
      );
      expect(fault).toMatchObject({ packageVersions: [String(round)] });
      expect(fault?.alarmRate).toBeGreaterThan(0.8);
      expect(normal?.alarmRate).toBeLessThan(0.2);
    }
    // Everything that was sent arrived, and what arrived twice is known.
    expect(report.recycled.sent).toBeGreaterThan(3 * 1_800);
    expect(report.recycled.distinct).toBe(report.recycled.sent);
    expect(report.telemetry.logs.sent).toBeGreaterThan(0);
    expect(report.telemetry.metrics.sent).toBeGreaterThan(100);
    for (const { sent, distinct } of Object.values(report.telemetry)) expect(distinct).toBe(sent);
    const page = readFileSync(join(projectRoot, local, 'report.html'), 'utf8');
    expect(page).toContain('63 of 63 steps');
    expect(page).not.toMatch(/(src|href)="https?:/);
  }, 420_000);
});
