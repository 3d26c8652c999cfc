import { type Aggregate, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import { symmetricEigen } from './eigen';

/**
 * How far a window is from normal operation, by two views: the Mahalanobis distance (sensors that no longer go together) and the
 * largest single deviation (one sensor that leaves its range, which the distance dilutes among many). Both are divided by what
 * calibration windows reach, the larger one counts. Spreads (std, range) are taken as logarithms: a sensor that is stuck is then as
 * far from normal as one that is noisy.
 */
export interface AnomalyModel {
  /** 1 where the feature enters as its logarithm. */
  readonly logarithmic: readonly number[];
  /** Added before the logarithm, so that a spread of zero stays finite. */
  readonly offset: readonly number[];
  readonly center: readonly number[];
  readonly scale: readonly number[];
  /** whitening[i][k]: weight of scaled feature i in component k. */
  readonly whitening: readonly (readonly number[])[];
  readonly distanceUnit: number;
  readonly deviationUnit: number;
  readonly threshold: number;
}

/** Keeps directions in which the training windows hardly vary from dominating the distance. In units of a scaled feature's variance. */
const ridge = 0.3;
const calibrationQuantile = 0.99;
const isSpread = (aggregate: Aggregate) => aggregate === 'std' || aggregate === 'range';

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1))] ?? NaN;
}
const median = (values: readonly number[]) => quantile(values, 0.5);
const column = (rows: readonly (readonly number[])[], index: number) => rows.map((row) => row[index] ?? NaN);

type Parts = Pick<AnomalyModel, 'logarithmic' | 'offset' | 'center' | 'scale' | 'whitening'>;

function scaled(model: Omit<Parts, 'whitening'>, features: readonly number[]): number[] {
  return features.map((value, index) => {
    const entered = model.logarithmic[index] === 1 ? Math.log(Math.max(value, 0) + (model.offset[index] ?? 1)) : value;
    return (entered - (model.center[index] ?? 0)) / (model.scale[index] ?? 1);
  });
}

function views(parts: Parts, features: readonly number[]): { distance: number; deviation: number } {
  const z = scaled(parts, features);
  const size = z.length;
  let squares = 0;
  for (let component = 0; component < size; component += 1) {
    let projected = 0;
    for (let index = 0; index < size; index += 1) projected += (z[index] ?? 0) * (parts.whitening[index]?.[component] ?? 0);
    squares += projected * projected;
  }
  return { distance: Math.sqrt(squares / size), deviation: z.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) };
}

/** The same arithmetic as the ONNX graph, in double precision. */
export function score(model: AnomalyModel, features: readonly number[]): number {
  const { distance, deviation } = views(model, features);
  return Math.max(distance / model.distanceUnit, deviation / model.deviationUnit);
}

/** Fits on `train` and sets units and threshold on `calibrate`; no window is used for both and no label is looked at. */
export function fitAnomalyModel(definition: FeatureDefinition, train: readonly (readonly number[])[], calibrate: readonly (readonly number[])[]): AnomalyModel {
  const kinds = definition.sensors.flatMap((sensor) => sensor.aggregates);
  if (train.length < 2 || calibrate.length < 1) throw new Error(`expected at least 2 training and 1 calibration windows, got ${train.length} and ${calibrate.length}: deliver longer recordings or shorten WINDOW_SECONDS`);
  const wrong = [...train, ...calibrate].find((row) => row.length !== kinds.length || !row.every(Number.isFinite));
  if (wrong !== undefined) throw new Error(`expected windows of ${kinds.length} finite features, got ${JSON.stringify(wrong).slice(0, 200)}`);

  const logarithmic = kinds.map((kind) => (isSpread(kind) ? 1 : 0));
  const offset = kinds.map((kind, index) => {
    if (!isSpread(kind)) return 1;
    const values = column(train, index);
    const typical = median(values) || Math.max(...values);
    return Math.fround(Math.max(0.1 * typical, 1e-9));
  });
  const entered = train.map((row) => scaled({ logarithmic, offset, center: row.map(() => 0), scale: row.map(() => 1) }, row));
  const center = kinds.map((_, index) => median(column(entered, index)));
  const scale = kinds.map((_, index) => {
    const middle = center[index] ?? 0;
    const deviations = column(entered, index).map((value) => Math.abs(value - middle));
    const deviation = Math.sqrt(deviations.reduce((sum, value) => sum + value * value, 0) / deviations.length);
    // A sensor that never moved while training still needs a width: a thousandth of its level.
    return Math.max(median(deviations) * 1.4826, deviation / 4, Math.abs(middle) * 1e-3, 1e-6);
  });
  const z = train.map((row) => scaled({ logarithmic, offset, center, scale }, row));
  const covariance = kinds.map((_, i) => kinds.map((_unused, j) => z.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0) / z.length));
  const { values, vectors } = symmetricEigen(covariance);
  const whitening = vectors.map((row) => row.map((weight, component) => weight / Math.sqrt(Math.max(values[component] ?? 0, 0) + ridge)));

  const parts: Parts = { logarithmic, offset, center, scale, whitening };
  const reached = calibrate.map((row) => views(parts, row));
  const unit = (numbers: readonly number[]) => Math.max(quantile(numbers, calibrationQuantile), 1e-6);
  const units = { distanceUnit: unit(reached.map((one) => one.distance)), deviationUnit: unit(reached.map((one) => one.deviation)) };
  const calibrated = reached.map((one) => Math.max(one.distance / units.distanceUnit, one.deviation / units.deviationUnit));
  // Few calibration windows show little of the tail, so the fewer they are the wider the margin.
  const threshold = Math.fround(quantile(calibrated, calibrationQuantile) * (1 + 1 / Math.sqrt(calibrate.length)));
  return { ...parts, ...units, threshold };
}
