import { type Aggregate, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import { symmetricEigen } from './eigen';

/**
 * How far a window is from normal operation, by two views: the Mahalanobis distance (sensors that no longer go together) and the
 * largest single deviation (one sensor that leaves its range, which the distance dilutes among many). Each is divided by what
 * normal windows reach, feature by feature where it is a deviation: a temperature that wanders must not hide a flow that never does.
 * The larger one counts. Spreads (std, range) are taken as logarithms: a sensor that is stuck is then as
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
  /** One per feature. */
  readonly deviationUnits: readonly number[];
  readonly threshold: number;
}

/** Keeps directions in which the training windows hardly vary from dominating the distance. In units of a scaled feature's variance. */
const ridge = 0.3;
const normalQuantile = 0.99;
/** In scaled units: no feature is taken to be steadier than this, however steady it was. */
const smallestTail = 2;
const isSpread = (aggregate: Aggregate) => aggregate === 'std' || aggregate === 'range';

function quantile(values: readonly number[], share: number): number {
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

function distanceOf(parts: Parts, z: readonly number[]): number {
  const size = z.length;
  let squares = 0;
  for (let component = 0; component < size; component += 1) {
    let projected = 0;
    for (let index = 0; index < size; index += 1) projected += (z[index] ?? 0) * (parts.whitening[index]?.[component] ?? 0);
    squares += projected * projected;
  }
  return Math.sqrt(squares / size);
}

const deviationOf = (units: readonly number[], z: readonly number[]) =>
  z.reduce((largest, value, index) => Math.max(largest, Math.abs(value) / (units[index] ?? 1)), 0);

/** The same arithmetic as the ONNX graph, in double precision. */
export function score(model: AnomalyModel, features: readonly number[]): number {
  const z = scaled(model, features);
  return Math.max(distanceOf(model, z) / model.distanceUnit, deviationOf(model.deviationUnits, z));
}

/** Fits on `train` and sets units and threshold on `calibrate`; no window is used for both and no label is looked at. */
export function fitAnomalyModel(
  definition: FeatureDefinition,
  train: readonly (readonly number[])[],
  calibrate: readonly (readonly number[])[],
): AnomalyModel {
  const kinds = definition.sensors.flatMap((sensor) => sensor.aggregates);
  if (train.length < 2 || calibrate.length < 1)
    throw new Error(
      `expected at least 2 training and 1 calibration windows, got ${train.length} and ${calibrate.length}: deliver longer recordings or shorten WINDOW_SECONDS`,
    );
  const wrong = [...train, ...calibrate].find((row) => row.length !== kinds.length || !row.every(Number.isFinite));
  if (wrong !== undefined)
    throw new Error(`expected windows of ${kinds.length} finite features, got ${JSON.stringify(wrong).slice(0, 200)}`);

  const logarithmic = kinds.map((kind) => (isSpread(kind) ? 1 : 0));
  const offset = kinds.map((kind, index) => {
    if (!isSpread(kind)) return 1;
    const values = column(train, index);
    const typical = median(values) || quantile(values, 1);
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
  const covariance = kinds.map((_, i) =>
    kinds.map((_unused, j) => z.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0) / z.length),
  );
  const { values, vectors } = symmetricEigen(covariance);
  const whitening = vectors.map((row) => row.map((weight, component) => weight / Math.sqrt(Math.max(values[component] ?? 0, 0) + ridge)));

  const parts: Parts = { logarithmic, offset, center, scale, whitening };
  const calibrateZ = calibrate.map((row) => scaled(parts, row));
  const reach = (numbers: readonly number[]) => quantile(numbers, normalQuantile);
  const distanceUnit = Math.max(reach(calibrateZ.map((row) => distanceOf(parts, row))), 1e-6);
  const tails = kinds.map((_, index) => Math.max(...[z, calibrateZ].map((rows) => reach(column(rows, index).map(Math.abs))), smallestTail));
  const widening = Math.max(reach(calibrateZ.map((row) => deviationOf(tails, row))), 1e-6);
  const deviationUnits = tails.map((tail) => tail * widening);
  const calibrated = calibrateZ.map((row) => Math.max(distanceOf(parts, row) / distanceUnit, deviationOf(deviationUnits, row)));
  // Few calibration windows show little of the tail, so the fewer they are the wider the margin.
  const threshold = Math.fround(reach(calibrated) * (1 + 1 / Math.sqrt(calibrate.length)));
  return { ...parts, distanceUnit, deviationUnits, threshold };
}
