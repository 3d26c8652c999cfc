import { chartsOf, reportPage } from '../../../loop/page/reportPage';
import { stateOf } from '../../../loop/page/loopPicture';
import { closingText } from '../../../loop/closingText';
import type { LoopReport, ReplayResult, StepResult } from '../../../loop/report';

const step = (round: number, id: string, ok: boolean, evidence: Record<string, unknown> = {}): StepResult => ({
  round,
  id,
  title: `title of ${id}`,
  ok,
  evidence,
  durationMs: 1_200,
});
const replay = (round: number, stretch: 'normal' | 'fault', alarms: readonly boolean[]): ReplayResult => ({
  round,
  stretch,
  source: 'pump',
  lineFault: 'none',
  packageVersions: [String(round)],
  samples: 10,
  windows: alarms.length,
  alarms: alarms.filter(Boolean).length,
  alarmRate: 0.5,
  threshold: 1.5,
  series: alarms.map((alarm, at) => ({ at: `2026-01-01T00:00:0${at}.000Z`, score: alarm ? 2 : 1, alarm })),
});
const report = (over: Partial<LoopReport> = {}): LoopReport => ({
  startedAt: '2026-01-01T00:00:00.000Z',
  rounds: 1,
  durationMs: 20_000,
  steps: [step(1, '1a', true)],
  summaries: [],
  quarantined: [],
  replays: [],
  telemetry: { logs: { sent: 0, arrived: 0, distinct: 0 }, metrics: { sent: 0, arrived: 0, distinct: 0 } },
  recycled: { sent: 0, arrived: 0, distinct: 0 },
  startUp: { bundlesMs: 1, regionMs: 1, deploymentMs: 1, resources: 1 },
  refusals: [],
  ...over,
});
const plain = (text: string) => text;
const paint = { ok: plain, bad: plain, dim: plain, bold: plain };
const place = { root: '/project', page: '/project/.local/report.html' };

describe('report page', () => {
  it('shows what came from outside as text, in markup and in the script', () => {
    const hostile = '</script><img src=x onerror=alert(1)>';
    const page = reportPage(
      report({
        quarantined: [{ file: hostile, row: 1, column: hostile, reason: hostile }],
        error: hostile,
        replays: [{ ...replay(1, 'normal', [false]), packageVersions: [hostile] }],
      }),
    );
    expect(page).not.toContain('<img');
    expect(page).toContain('&lt;/script&gt;&lt;img');
  });

  it('needs nothing but itself', () => {
    const page = reportPage(report({ replays: [replay(1, 'normal', [false, true])] }));
    expect(page).not.toMatch(/(src|href)=/);
    expect(page).toContain('uPlot');
  });

  it('puts the fault behind the normal stretch and tells where it begins', () => {
    const [chart] = chartsOf([replay(1, 'fault', [true, true]), replay(1, 'normal', [false, false, false])]);
    expect(chart).toMatchObject({ faultFrom: 3, threshold: 1.5, alarm: [false, false, false, true, true] });
  });

  it('shows the first and the latest of many rounds', () => {
    const titles = chartsOf(Array.from({ length: 20 }, (_, at) => replay(at + 1, 'normal', [false]))).map(
      ({ title }) => title.split(',')[0],
    );
    expect(titles).toEqual(['Round 1', 'Round 16', 'Round 17', 'Round 18', 'Round 19', 'Round 20']);
  });

  it('calls a step bad that failed in one of its rounds', () => {
    const steps = [step(1, '5a', true), step(2, '5a', false), step(1, '5b', true)];
    expect(['5a', '5b', '6'].map((id) => stateOf(id, steps))).toEqual(['bad', 'ok', 'none']);
  });
});

describe('closing text', () => {
  it('leaves out steps that were never reached and says what failed', () => {
    const lines = closingText(
      report({
        steps: [
          step(1, '1a', false, { missing: 'no raw file can be used' }),
          step(1, '1b', false, { missing: 'not reached: step 1a failed' }),
        ],
        quarantined: [{ file: 'a.csv', row: 3, column: 'flow', reason: 'expected a number, found "x"' }],
      }),
      paint,
      place,
    );
    const text = lines.join('\n');
    expect(text).not.toContain('title of 1b');
    expect(text).toContain('quarantined a.csv: row 3, column flow: expected a number, found "x"');
    expect(text).toContain('step 1a failed: missing no raw file can be used');
    expect(lines.at(-1)).toBe('0 of 2 steps in 20 s, report in .local/report.html (npm run report)');
  });
});
