import { failureText, type GateDecision } from './gate';

/** Azure ML keeps tag values up to this length. */
const maximumTagLength = 256;
const short = (text: string) => (text.length <= maximumTagLength ? text : `${text.slice(0, maximumTagLength - 1)}…`);

export const rejectionTags = (reason: string): Record<string, string> => ({ stage: 'rejected', rejectedBecause: short(reason) });

/** The figures of the gate in one tag: `falseAlarmRate=0.0031 faultDetection=0.97 labelAuc=0.91`. */
export const figuresTag = ({ figures: { falseAlarmRate, faultDetection, labelAuc } }: GateDecision): string =>
  Object.entries({ falseAlarmRate, faultDetection, labelAuc })
    .flatMap(([name, value]) => (value === null ? [] : [`${name}=${Number(value.toPrecision(4))}`]))
    .join(' ');

/** What the catalog says of a model that the gate refused. */
export const refusalTags = (decision: GateDecision): Record<string, string> => ({
  ...rejectionTags(failureText(decision.failed)),
  gateFigures: figuresTag(decision),
});
