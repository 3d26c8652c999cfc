import { duration } from '../command-line/duration';
import { relative } from 'node:path';
import type { LoopReport, RoundSummary, StepResult } from './report';
import { evidenceLine, stepTable } from './stepTable';
import type { Paint } from '../command-line/terminal';

const stretches = { normal: 'normal replayed', fault: 'fault replayed', recovering: 'fault switched off' } as const;
const percent = (rate: number) => `${(rate * 100).toFixed(rate > 0 && rate < 0.1 ? 1 : 0)} %`;

export function quarantineLines({ quarantined }: Pick<LoopReport, 'quarantined'>): string[] {
  return quarantined.map(({ file, row, column, reason }) => `quarantined ${file}: row ${row ?? '-'}, column ${column ?? '-'}: ${reason}`);
}

function roundLine({ round, dataVersion, rawSources, landingSources, windows, packageVersion }: RoundSummary): string {
  const sources = [`${rawSources} raw`, ...(landingSources > 0 ? [`${landingSources} recycled`] : [])].join(' + ');
  return dataVersion === undefined
    ? `round ${round}: no data version`
    : `round ${round}: data ${dataVersion} (${sources}, ${windows} windows)${packageVersion === undefined ? '' : ` -> package ${packageVersion}`}`;
}

/** A step behind a failed one was never looked at. */
export const isReached = ({ evidence }: StepResult) => !String(evidence['missing'] ?? '').startsWith('not reached');

/** What a person reads when the loop has ended. */
export function closingText(report: LoopReport, paint: Paint, shown: { readonly root: string; readonly page: string }): string[] {
  const { steps, rounds, summaries, replays, telemetry, recycled } = report;
  const reached = steps.filter(isReached);
  const followed = [...new Set(reached.map((step) => step.round))];
  const tables = followed.flatMap((round) => [
    ...(rounds > 1 ? [paint.bold(`round ${round}`)] : []),
    stepTable(
      reached.filter((step) => step.round === round),
      paint,
    ),
    '',
  ]);
  const broken = steps.find((step) => !step.ok);
  const failure =
    report.error ??
    (broken === undefined
      ? undefined
      : `${rounds > 1 ? `round ${broken.round}, ` : ''}step ${broken.id} failed: ${evidenceLine(broken.evidence)}`);
  return [
    '',
    ...tables,
    ...(rounds > 1 ? summaries.map(roundLine) : []),
    ...replays.map(
      ({ round, stretch, alarms, windows, alarmRate }) =>
        `${rounds > 1 ? `round ${round}, ` : ''}${stretches[stretch]}: ${alarms} alarms in ${windows} windows (${percent(alarmRate)})`,
    ),
    ...(recycled.sent > 0
      ? [`recycled: ${recycled.distinct} of ${recycled.sent} records arrived, ${recycled.arrived - recycled.distinct} twice`]
      : []),
    ...(telemetry.metrics.sent > 0
      ? [
          `telemetry: ${telemetry.logs.distinct} of ${telemetry.logs.sent} logs and ${telemetry.metrics.distinct} of ${telemetry.metrics.sent} metric values arrived, ${telemetry.logs.arrived + telemetry.metrics.arrived - telemetry.logs.distinct - telemetry.metrics.distinct} twice`,
        ]
      : []),
    ...quarantineLines(report),
    ...(failure === undefined ? [] : [paint.bad(failure)]),
    `${steps.filter((step) => step.ok).length} of ${steps.length} steps in ${duration(report.durationMs)}, report in ${relative(shown.root, shown.page)} (npm run report)`,
  ];
}
