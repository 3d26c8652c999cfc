import { areaUnderCurve, decideGate, failureText, type GateFigures } from '../../../../pipeline-code/validate-and-package/gate';
import {
  injectedFaults,
  injectFault,
  normalSpread,
  restsNormally,
  sensorSlots,
} from '../../../../pipeline-code/validate-and-package/injectedFaults';

const limits = { maxFalseAlarmRate: 0.25, minFaultDetection: 0.8, minLabelAuc: 0.7 };
const good: GateFigures = {
  falseAlarmRate: 0.1,
  faultDetection: 0.95,
  faultDetectionByKind: {},
  labelAuc: 0.9,
  labelled: true,
  heldOutWindows: 100,
  labelledFaultWindows: 50,
  labelledNormalWindows: 50,
};

describe('gate', () => {
  test('passes at the limits', () => {
    expect(decideGate({ ...good, falseAlarmRate: 0.25, faultDetection: 0.8, labelAuc: 0.7 }, limits)).toMatchObject({
      passed: true,
      failed: [],
    });
  });

  test.each<[Partial<GateFigures>, string]>([
    [{ falseAlarmRate: 0.26 }, 'falseAlarmRate 0.260 > 0.25'],
    [{ falseAlarmRate: null }, 'falseAlarmRate unknown > 0.25'],
    [{ falseAlarmRate: NaN }, 'falseAlarmRate NaN > 0.25'],
    [{ faultDetection: 0.7 }, 'faultDetection 0.700 < 0.8'],
    [{ labelAuc: 0.521 }, 'labelAuc 0.521 < 0.7'],
    [{ labelAuc: null }, 'labelAuc unknown < 0.7'],
    [
      { falseAlarmRate: 1, faultDetection: null, labelAuc: 0.5 },
      'falseAlarmRate 1.000 > 0.25, faultDetection unknown < 0.8, labelAuc 0.500 < 0.7',
    ],
  ])('refuses %j', (change, text) => {
    const decision = decideGate({ ...good, ...change }, limits);
    expect(decision.passed).toBe(false);
    expect(failureText(decision.failed)).toBe(text);
  });

  test('labels judge only where both kinds are among them', () => {
    expect(decideGate({ ...good, labelAuc: null, labelled: false, labelledFaultWindows: 0, labelledNormalWindows: 0 }, limits).passed).toBe(
      true,
    );
    expect(decideGate({ ...good, labelAuc: null, labelledFaultWindows: 0 }, limits).passed).toBe(true);
  });

  test('area under the curve: order, ties, one side empty, no number', () => {
    expect(areaUnderCurve([3, 4], [1, 2])).toBe(1);
    expect(areaUnderCurve([1, 2], [3, 4])).toBe(0);
    expect(areaUnderCurve([1, 1], [1, 1])).toBe(0.5);
    expect(areaUnderCurve([1, 3], [2, 0])).toBe(0.75);
    expect(areaUnderCurve([], [1])).toBeNull();
    expect(areaUnderCurve([NaN], [1])).toBeNull();
  });
});

describe('injected faults', () => {
  const aggregates = ['mean', 'std', 'min', 'max', 'range', 'slope'] as const;
  const statistics = (values: readonly number[]) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const middle = (values.length - 1) / 2;
    const slope =
      values.reduce((sum, value, index) => sum + (index - middle) * (value - mean), 0) /
      values.reduce((sum, _, index) => sum + (index - middle) ** 2, 0);
    return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length), low, high, high - low, slope];
  };
  const [slot] = sensorSlots({
    schemaVersion: '1',
    windowSeconds: 1000,
    strideSeconds: 1,
    minSamples: 2,
    sensors: [{ name: 'a', aggregates: [...aggregates] }],
  });
  const quiet = Array.from({ length: 1000 }, (_, index) => 5 + Math.sin(index * 2.3) * 0.1);

  test.each([
    ['step', quiet.map((value) => value + 4 * 2)],
    ['drift', quiet.map((value, index) => value + (2 * 4 * 2 * index) / 999)],
    ['stuck', quiet.map(() => statistics(quiet)[0] ?? 0)],
  ] as const)('%s changes the features as it would change the samples', (fault, samples) => {
    if (slot === undefined) throw new Error('no slot');
    const injected = injectFault(statistics(quiet), slot, fault, 2, 1000);
    statistics(samples).forEach((value, index) =>
      expect(Math.abs((injected[index] ?? NaN) - value)).toBeLessThan(0.15 + Math.abs(value) * 0.01),
    );
  });

  test('touches only the sensor that fails', () => {
    const slots = sensorSlots({
      schemaVersion: '1',
      windowSeconds: 10,
      strideSeconds: 1,
      minSamples: 2,
      sensors: [
        { name: 'a', aggregates: ['mean', 'std'] },
        { name: 'b', aggregates: ['std'] },
      ],
    });
    const second = slots[1];
    if (second === undefined) throw new Error('no slot');
    for (const fault of injectedFaults) expect(injectFault([1, 2, 3], second, fault, 1, 10).slice(0, 2)).toEqual([1, 2]);
    expect(
      restsNormally(second, [
        [1, 2, 0],
        [1, 2, 1],
      ]),
    ).toBe(true);
    expect(
      normalSpread(second, [
        [1, 2, 3],
        [1, 2, 3],
      ]),
    ).toBeCloseTo(3);
  });
});
