import { duration } from '../../command-line/duration';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LoopReport, ReplayResult, RoundSummary } from '../report';
import { evidenceLine } from '../stepTable';
import { loopPicture } from './loopPicture';
import { scriptValue, table, text } from './markup';

const asset = (name: string) => readFileSync(join(__dirname, name), 'utf8');
const library = (name: string) => readFileSync(join(require.resolve('uplot'), '..', name), 'utf8');
/** A run of many rounds shows its first and its latest. */
const maxCharts = 6;

const percent = (rate: number) => `${(rate * 100).toFixed(rate > 0 && rate < 0.1 ? 1 : 0)} %`;
const section = (title: string, body: string) => (body === '' ? '' : `<section><h2>${text(title)}</h2>${body}</section>`);

interface Chart {
  readonly title: string;
  readonly note: string;
  readonly threshold: number;
  readonly faultFrom: number;
  readonly score: readonly number[];
  readonly alarm: readonly boolean[];
  readonly at: readonly string[];
}

/** One chart a round: the normal stretch, then the fault, window after window. */
export function chartsOf(replays: readonly ReplayResult[]): Chart[] {
  const rounds = [...new Set(replays.map(({ round }) => round))];
  const shown = rounds.length <= maxCharts ? rounds : [...rounds.slice(0, 1), ...rounds.slice(1 - maxCharts)];
  return shown.map((round) => {
    const parts = replays
      .filter((step) => step.round === round)
      .sort((a, b) => Number(b.stretch === 'normal') - Number(a.stretch === 'normal'));
    const series = parts.flatMap((part) => part.series);
    const count = (stretch: string) =>
      parts
        .filter((part) => part.stretch === stretch)
        .map(({ alarms, windows }) => `${alarms} alarms in ${windows} ${stretch === 'fault' ? 'fault' : 'normal'} windows`);
    return {
      title: `Round ${round}, package ${[...new Set(parts.flatMap((part) => part.packageVersions))].join(', ')}`,
      note: [...count('normal'), ...count('fault')].join(', '),
      threshold: parts.find((part) => part.threshold !== null)?.threshold ?? 0,
      faultFrom: parts.filter((part) => part.stretch === 'normal').reduce((sum, part) => sum + part.series.length, 0),
      score: series.map((window) => window.score),
      alarm: series.map((window) => window.alarm),
      at: series.map((window) => window.at),
    };
  });
}

function roundRows({ summaries, replays }: LoopReport): string[][] {
  const rate = ({ round }: RoundSummary, stretch: string) =>
    replays
      .filter((replay) => replay.round === round && replay.stretch === stretch)
      .map(({ alarmRate }) => percent(alarmRate))
      .join('');
  return summaries.map((summary) => [
    String(summary.round),
    `<code>${text(summary.dataVersion ?? '–')}</code>`,
    `${summary.rawSources} raw${summary.landingSources > 0 ? ` + ${summary.landingSources} recycled` : ''}`,
    String(summary.windows),
    text(summary.modelVersion ?? '–'),
    text(summary.packageVersion ?? '–'),
    `<span class="${summary.stage === 'rejected' ? 'bad' : ''}">${text(summary.stage ?? '–')}</span>`,
    Object.entries(summary.gate)
      .map(([name, value]) => `<span class="figure">${text(name)} <b>${text(value)}</b></span>`)
      .join(' '),
    rate(summary, 'normal'),
    rate(summary, 'fault'),
  ]);
}

function stepRows({ steps }: LoopReport, rounds: readonly number[]): string[][] {
  return [...new Set(steps.map(({ id }) => id))].map((id) => {
    const results = steps.filter((step) => step.id === id);
    const shown = results.find((step) => !step.ok) ?? results.at(-1);
    const times = rounds
      .map((round) => results.find((step) => step.round === round))
      .map((step) => (step ? `<span class="${step.ok ? '' : 'bad'}">${step.ok ? '' : '✗ '}${duration(step.durationMs)}</span>` : '–'));
    return [
      `<b class="${results.every((step) => step.ok) ? 'good' : 'bad'}">${text(id)}</b>`,
      `${text(shown?.title)}<small>${text(evidenceLine(shown?.evidence ?? {}))}</small>`,
      ...times,
    ];
  });
}

const tile = (label: string, value: string, note: string) =>
  `<div class="tile"><span>${text(label)}</span><b>${text(value)}</b><small>${text(note)}</small></div>`;

function tiles({ durationMs, startUp, recycled, telemetry, rounds }: LoopReport): string {
  const twice = ({ arrived, distinct }: { arrived: number; distinct: number }) => `${arrived - distinct} arrived twice`;
  return `<div class="tiles">${[
    tile(
      'whole run',
      duration(durationMs),
      `${rounds} round${rounds === 1 ? '' : 's'}, of it ${duration(startUp.regionMs + startUp.deploymentMs)} start-up of ${startUp.resources} resources`,
    ),
    tile('recycled records', `${recycled.distinct} of ${recycled.sent}`, twice(recycled)),
    tile('logs in Application Insights', `${telemetry.logs.distinct} of ${telemetry.logs.sent}`, twice(telemetry.logs)),
    tile('metric values', `${telemetry.metrics.distinct} of ${telemetry.metrics.sent}`, twice(telemetry.metrics)),
  ].join('')}</div>`;
}

/** The report as one page that needs nothing but itself. */
export function reportPage(report: LoopReport): string {
  const { steps, replays, quarantined, refusals } = report;
  const done = steps.filter((step) => step.ok).length;
  const whole = report.error === undefined && steps.length > 0 && done === steps.length;
  const rounds = [...new Set(steps.map(({ round }) => round))];
  const charts = chartsOf(replays);
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<title>Factory Loop: ${done} of ${steps.length} steps</title>
<style>${library('uPlot.min.css')}${asset('reportPage.css')}</style></head><body><main>
<header><h1>Factory Loop</h1><p>${text(report.factory ?? '')} <time>${text(report.startedAt.slice(0, 16).replace('T', ' '))} UTC</time></p><p class="verdict ${whole ? 'good' : 'bad'}">${done} of ${steps.length} steps</p></header>
${report.error === undefined ? '' : `<p class="error">${text(report.error)}</p>`}
${loopPicture(steps)}
${tiles(report)}
${section('What the package said of the replayed signal', charts.length === 0 ? '' : `<p class="hint">Score of every window on a logarithmic scale. The shaded part is the fault; dots are alarms, the dashed line is the model's threshold.</p><div class="charts">${charts.map((chart, index) => `<figure><figcaption><b>${text(chart.title)}</b><small>${text(chart.note)}</small></figcaption><div class="chart" data-chart="${index}"></div></figure>`).join('')}</div>`)}
${section('Models', report.summaries.length === 0 ? '' : table(['round', 'data version', 'sources', 'windows', 'model', 'package', 'stage', 'gate', 'normal alarms', 'fault alarms'], roundRows(report), 'models'))}
${section('Steps', steps.length === 0 ? '' : table(['step', rounds.length > 1 ? 'what, and its last evidence' : 'what, and its evidence', ...rounds.map((round) => (rounds.length > 1 ? `round ${round}` : 'time'))], stepRows(report, rounds), 'steps'))}
${section(
  'Quarantine',
  quarantined.length === 0
    ? ''
    : table(
        ['file', 'row', 'column', 'reason'],
        quarantined.map(({ file, row, column, reason }) => [text(file), text(row ?? '–'), text(column ?? '–'), text(reason)]),
        'quarantine',
      ),
)}
${section(
  'Refused requests',
  refusals.length === 0
    ? ''
    : table(
        ['identity', 'lacks', 'scope'],
        refusals.slice(0, 50).map(({ identity, action, scope }) => [text(identity), text(action), text(scope)]),
        'refusals',
      ),
)}
</main>
<script>${library('uPlot.iife.min.js').replaceAll('</script', '<\\/script')}</script>
<script>const charts = ${scriptValue(charts)};
${asset('alarmCharts.js')}</script></body></html>
`;
}
