import { createHash } from 'node:crypto';
import { type FeatureDefinition } from '../../../../contracts/features/featureDefinition';
import { fitAnomalyModel, score } from '../../../../pipeline-code/train/anomalyModel';
import { symmetricEigen } from '../../../../pipeline-code/train/eigen';
import { onnxGraph } from '../../../../pipeline-code/train/onnxGraph';
import { scoreWindows } from '../../../../pipeline-code/train/onnxScores';
import { trainModel } from '../../../../pipeline-code/train/train';
import { type Window } from '../../../../pipeline-code/train/windowsFile';

const definition: FeatureDefinition = {
  schemaVersion: '1',
  windowSeconds: 30,
  strideSeconds: 10,
  minSamples: 15,
  sensors: ['flow', 'current', 'still'].map((name) => ({ name, aggregates: ['mean', 'std'] })),
};

function random(seed: number) {
  let state = seed;
  const next = () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}
/** Flow and current go together; the third sensor never moves. */
function normalWindows(seed: number, count: number): number[][] {
  const gaussian = random(seed);
  return Array.from({ length: count }, () => {
    const load = gaussian();
    return [
      30 + 2 * load + 0.1 * gaussian(),
      Math.abs(0.5 + 0.05 * gaussian()),
      8 + load + 0.05 * gaussian(),
      Math.abs(0.2 + 0.02 * gaussian()),
      21,
      0,
    ];
  });
}
const model = fitAnomalyModel(definition, normalWindows(1, 300), normalWindows(2, 100));
const alarms = async (windows: readonly (readonly number[])[]) =>
  (await scoreWindows(onnxGraph(model, {}), windows)).map(({ alarm }) => alarm);

describe('anomaly model', () => {
  test('is quiet on other normal windows', async () => {
    const raised = (await alarms(normalWindows(3, 500))).filter(Boolean).length;
    expect(raised).toBeLessThan(15);
  });

  test.each<[string, number[]]>([
    ['one sensor out of its range', [45, 0.5, 8, 0.2, 21, 0]],
    ['sensors in range that no longer go together', [33.5, 0.5, 6.2, 0.2, 21, 0]],
    ['a stuck sensor', [30, 0, 8, 0.2, 21, 0]],
    ['a noisy sensor', [30, 3, 8, 0.2, 21, 0]],
    ['a sensor that never moved and now does', [30, 0.5, 8, 0.2, 22, 0]],
    ['something that is not a number', [NaN, 0.5, 8, 0.2, 21, 0]],
  ])('alarms at %s', async (_, window) => {
    expect(await alarms([window])).toEqual([true]);
  });

  test('the ONNX graph scores as the model does, one by one and in batches', async () => {
    const windows = [...normalWindows(4, 50), [45, 0.5, 8, 0.2, 21, 0], [30, 0, 8, 0.2, 21, 0]];
    const onnx = onnxGraph(model, {});
    const batch = await scoreWindows(onnx, windows);
    for (const [index, window] of windows.entries()) {
      const expected = score(model, window);
      const [single] = await scoreWindows(onnx, [window]);
      expect(Math.abs((batch[index]?.score ?? NaN) - expected)).toBeLessThan(1e-4 * Math.max(1, expected));
      expect(single?.score).toBeCloseTo(batch[index]?.score ?? NaN, 4);
      expect(batch[index]?.alarm).toBe((batch[index]?.score ?? 0) > model.threshold);
    }
  });

  test('the threshold is not moved by held-out or judging windows, nor by labels', async () => {
    const window = (role: Window['role'], features: readonly number[], label: boolean | null = null): Window => ({
      source: 'a',
      role,
      label,
      features,
    });
    const base = [
      ...normalWindows(1, 100).map((one) => window('train', one)),
      ...normalWindows(2, 40).map((one) => window('calibrate', one)),
    ];
    const manifest = { dataVersion: '0123456789abcdef', features: definition };
    const first = await trainModel('line', 'line/0123456789abcdef/manifest.json', manifest, base);
    const second = await trainModel('line', 'line/0123456789abcdef/manifest.json', manifest, [
      ...base.map((one) => ({ ...one, label: true })),
      window('held-out', [99, 9, 99, 9, 99, 9]),
      window('evaluate', [99, 9, 99, 9, 99, 9], true),
    ]);
    expect(second.onnx.equals(first.onnx)).toBe(true);
    expect(first.signature).toMatchObject({
      input: { size: 6 },
      trainedOn: { windows: 100, calibrationWindows: 40 },
      onnxSha256: createHash('sha256').update(first.onnx).digest('hex'),
    });
    expect(second.signature.metrics.heldOutAlarmRate).toBe(1);
  });

  test('says what is missing instead of fitting nothing', () => {
    expect(() => fitAnomalyModel(definition, normalWindows(1, 1), [])).toThrow(
      'expected at least 2 training and 1 calibration windows, got 1 and 0',
    );
    expect(() => fitAnomalyModel(definition, [...normalWindows(1, 5), [1, 2, NaN, 4, 5, 6]], normalWindows(2, 2))).toThrow(
      'expected windows of 6 finite features',
    );
  });
});

test('eigenvectors rebuild their matrix', () => {
  const matrix = [
    [4, 1, -2],
    [1, 2, 0],
    [-2, 0, 3],
  ];
  const { values, vectors } = symmetricEigen(matrix);
  expect(values).toEqual([...values].sort((a, b) => b - a));
  matrix.forEach((row, i) =>
    row.forEach((value, j) =>
      expect(values.reduce((sum, lambda, k) => sum + lambda * (vectors[i]?.[k] ?? NaN) * (vectors[j]?.[k] ?? NaN), 0)).toBeCloseTo(
        value,
        10,
      ),
    ),
  );
});
