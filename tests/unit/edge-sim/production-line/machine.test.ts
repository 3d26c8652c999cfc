import {
  machineSensors,
  simulateCsv,
  simulateRecord,
  type MachineSample,
  type SimulatedRecord,
} from '../../../../edge-sim/production-line/machine';

const base: SimulatedRecord = { seed: 1, startTime: new Date('2026-01-01T00:00:00Z'), periodMs: 1000, samples: 1_200 };
const column = (samples: readonly MachineSample[], name: string) => samples.map(({ values }) => values[name] as number);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));
const correlation = (left: readonly number[], right: readonly number[]) =>
  mean(left.map((value, at) => (value - mean(left)) * ((right[at] as number) - mean(right)))) / (deviation(left) * deviation(right));
const withFault = (kind: 'step' | 'drift' | 'stuck' | 'noise') => simulateRecord({ ...base, faults: [{ from: 600, to: 1_200, kind }] });

it('gives the same record for the same seed and another one for another seed', () => {
  expect(simulateCsv(base)).toBe(simulateCsv(base));
  expect(simulateCsv({ ...base, seed: 2 })).not.toBe(simulateCsv(base));
});

it('moves load, current, pressure and flow together', () => {
  const samples = simulateRecord(base);
  expect(correlation(column(samples, 'Motor Current'), column(samples, 'Flow Rate'))).toBeGreaterThan(0.9);
  expect(correlation(column(samples, 'Motor Current'), column(samples, 'Discharge Pressure'))).toBeGreaterThan(0.9);
});

it('stays finite and plausible over days', () => {
  const samples = simulateRecord({ ...base, samples: 100_000 });
  expect(samples.every(({ values }) => Object.values(values).every(Number.isFinite))).toBe(true);
  expect(Math.max(...column(samples, 'Bearing Temperature').slice(-1_000))).toBeLessThan(90);
  expect(Math.min(...column(samples, 'Motor Current').slice(-1_000))).toBeGreaterThan(2);
});

it.each([
  ['step', 'Discharge Pressure', 5],
  ['drift', 'Vibration Drive End', 5],
  ['drift', 'Bearing Temperature', 5],
] as const)('shows a %s in %s', (kind, sensor, sigmas) => {
  const values = column(withFault(kind), sensor);
  const healthy = column(simulateRecord(base), sensor);
  const shift = mean(values.slice(900)) - mean(healthy.slice(900));
  expect(Math.abs(shift)).toBeGreaterThan(sigmas * deviation(healthy.slice(900)) * 0.5);
});

it('freezes sensors when stuck and shakes them with noise, only while the fault is on', () => {
  const stuck = column(withFault('stuck'), 'Motor Current');
  expect(new Set(stuck.slice(600)).size).toBe(1);
  expect(new Set(stuck.slice(0, 600)).size).toBeGreaterThan(500);
  const steps = (values: number[]) => deviation(values.slice(1).map((value, at) => value - (values[at] as number)));
  const noisy = column(withFault('noise'), 'Flow Rate');
  expect(steps(noisy.slice(600))).toBeGreaterThan(5 * steps(noisy.slice(0, 600)));
});

it('writes a CSV with a time column, the sensors and labels of the stretches with a fault', () => {
  const lines = simulateCsv({ ...base, samples: 5, labels: true, faults: [{ from: 2, to: 4, kind: 'step' }] })
    .trimEnd()
    .split('\n');
  expect(lines[0]).toBe(['time', ...machineSensors, 'anomaly'].join(','));
  expect(lines.slice(1).map((line) => line.split(',').at(-1))).toEqual(['0', '0', '1', '1', '0']);
  expect(lines[2]).toMatch(/^2026-01-01T00:00:01\.000Z,/);
});
