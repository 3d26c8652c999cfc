import { type InjectedFault } from './injectedFaults';

/** What the gate looks at. Null where the data cannot say. */
export interface GateFigures {
  /** Share of held-out normal windows that raise an alarm. */
  readonly falseAlarmRate: number | null;
  /** Share of injected faults that turn a quiet window into an alarm, averaged over the kinds of fault. */
  readonly faultDetection: number | null;
  readonly faultDetectionByKind: Readonly<Partial<Record<InjectedFault, number>>>;
  /** Probability that a labelled fault scores above a labelled normal window; null without labels of both kinds. */
  readonly labelAuc: number | null;
  readonly labelled: boolean;
  readonly heldOutWindows: number;
  readonly labelledFaultWindows: number;
  readonly labelledNormalWindows: number;
}
interface GateLimits {
  readonly maxFalseAlarmRate: number;
  readonly minFaultDetection: number;
  readonly minLabelAuc: number;
}
interface FailedFigure {
  readonly figure: 'falseAlarmRate' | 'faultDetection' | 'labelAuc';
  readonly value: number | null;
  readonly limit: number;
}
export interface GateDecision {
  readonly passed: boolean;
  readonly figures: GateFigures;
  readonly limits: GateLimits;
  readonly failed: readonly FailedFigure[];
}

/** A figure that is needed and missing fails, as does one that is not a number. Labels judge only where there are faults and normal windows among them. */
export function decideGate(figures: GateFigures, limits: GateLimits): GateDecision {
  const failed: FailedFigure[] = [];
  if (!(figures.falseAlarmRate !== null && figures.falseAlarmRate <= limits.maxFalseAlarmRate))
    failed.push({ figure: 'falseAlarmRate', value: figures.falseAlarmRate, limit: limits.maxFalseAlarmRate });
  if (!(figures.faultDetection !== null && figures.faultDetection >= limits.minFaultDetection))
    failed.push({ figure: 'faultDetection', value: figures.faultDetection, limit: limits.minFaultDetection });
  const judgedByLabels = figures.labelledFaultWindows > 0 && figures.labelledNormalWindows > 0;
  if (judgedByLabels && !(figures.labelAuc !== null && figures.labelAuc >= limits.minLabelAuc))
    failed.push({ figure: 'labelAuc', value: figures.labelAuc, limit: limits.minLabelAuc });
  return { passed: failed.length === 0, figures, limits, failed };
}

/** One line for a tag or a report: `labelAuc 0.521 < 0.7`. */
export const failureText = (failed: readonly FailedFigure[]) =>
  failed
    .map(
      ({ figure, value, limit }) =>
        `${figure} ${value === null ? 'unknown' : value.toFixed(3)} ${figure === 'falseAlarmRate' ? '>' : '<'} ${limit}`,
    )
    .join(', ');

/** Area under the ROC curve by ranks; ties count half. Null when one side is empty or a score is not a number. */
export function areaUnderCurve(faults: readonly number[], normals: readonly number[]): number | null {
  const all = [...faults.map((score) => ({ score, fault: true })), ...normals.map((score) => ({ score, fault: false }))].sort(
    (a, b) => a.score - b.score,
  );
  if (faults.length === 0 || normals.length === 0 || all.some(({ score }) => Number.isNaN(score))) return null;
  let ranks = 0;
  for (let from = 0; from < all.length;) {
    let to = from;
    while (to < all.length && all[to]?.score === all[from]?.score) to += 1;
    ranks += all.slice(from, to).filter(({ fault }) => fault).length * ((from + to + 1) / 2);
    from = to;
  }
  return (ranks - (faults.length * (faults.length + 1)) / 2) / (faults.length * normals.length);
}
