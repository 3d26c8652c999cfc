import { decideGate, type GateFigures } from '../../../../pipeline-code/validate-and-package/gate';
import { figuresTag, refusalTags, rejectionTags } from '../../../../pipeline-code/validate-and-package/gateTags';

const figures: GateFigures = {
  falseAlarmRate: 0.0123456,
  faultDetection: 0.97,
  faultDetectionByKind: {},
  labelAuc: 0.52,
  labelled: true,
  heldOutWindows: 100,
  labelledFaultWindows: 10,
  labelledNormalWindows: 10,
};
const limits = { maxFalseAlarmRate: 0.05, minFaultDetection: 0.5, minLabelAuc: 0.7 };

test('a refused model carries the figures that failed and their limits', () => {
  expect(refusalTags(decideGate(figures, limits))).toEqual({
    stage: 'rejected',
    rejectedBecause: 'labelAuc 0.520 < 0.7',
    gateFigures: 'falseAlarmRate=0.01235 faultDetection=0.97 labelAuc=0.52',
  });
});

test('figures that the data could not give are left out, and no reason is longer than a tag may be', () => {
  expect(figuresTag(decideGate({ ...figures, labelAuc: null }, limits))).toBe('falseAlarmRate=0.01235 faultDetection=0.97');
  expect(rejectionTags('x'.repeat(1_000)).rejectedBecause).toHaveLength(256);
});
