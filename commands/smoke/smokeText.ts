import { duration } from '../../command-line/duration';
import { isReached, quarantineLines } from '../../loop/closingText';
import { evidenceLine, stepTable } from '../../loop/stepTable';
import type { Paint } from '../../command-line/terminal';
import type { CleanedUp } from './cleanUp';
import type { SmokeReport } from './smokeTest';

const counted = (removed: Readonly<Record<string, number>>) =>
  Object.entries(removed)
    .map(([what, count]) => `${count} ${what}`)
    .join(', ');

/** What a person reads when what a test left has been taken away. */
export const cleanUpText = ({ removed, left }: CleanedUp, paint: Paint): string[] => [
  `taken away: ${counted(removed) || 'nothing'}`,
  ...left.map((what) => paint.bad(`not taken away: ${what}`)),
];

/** What a person must still do about a step that failed; undefined when its evidence says it all. */
function advice(report: SmokeReport): string | undefined {
  const broken = report.steps.find(({ ok }) => !ok);
  if (String(broken?.evidence['missing']).includes('approval'))
    return 'People approve what goes to this factory. If you are one of them, use --approve; to test up to there, --until 7.';
  if (report.steps.some(({ id, evidence }) => id === '5a' && evidence['stage'] === 'rejected'))
    return 'The gate refused the model of the small file. Give a better one with --raw <file>, the recording of a longer normal operation.';
  return undefined;
}

/** What a person reads when the test has ended. */
export function smokeText(report: SmokeReport, paint: Paint, keptEvidence: boolean): string[] {
  const { steps, cleanedUp, dataset } = report;
  const broken = steps.find(({ ok }) => !ok);
  const failure = report.error ?? (broken === undefined ? undefined : `step ${broken.id} failed: ${evidenceLine(broken.evidence)}`);
  const more = advice(report);
  // Once the site has reported the package, nothing is under way any more.
  const underWay = report.rawFile !== undefined && !steps.some(({ id, ok }) => id === '10' && ok);
  return [
    '',
    ...(steps.some(isReached) ? [stepTable(steps.filter(isReached), paint), ''] : []),
    ...quarantineLines(report),
    ...(failure === undefined ? [] : [paint.bad(failure)]),
    ...(more === undefined ? [] : [more]),
    ...(Object.keys(cleanedUp.removed).length === 0 ? [] : [`taken away: ${counted(cleanedUp.removed)}`]),
    ...cleanedUp.left.map((line) => paint.bad(`not taken away: ${line}`)),
    ...(keptEvidence && report.rawFile ? [`kept: all that ${dataset} made; take it away with --clean-up ${dataset}`] : []),
    ...(!keptEvidence && underWay ? [`What was still under way may leave more; take it away later with --clean-up ${dataset}.`] : []),
    `${steps.filter(({ ok }) => ok).length} of ${steps.length} steps in ${duration(report.durationMs)}, data set ${dataset} of factory ${report.factory}`,
  ];
}
