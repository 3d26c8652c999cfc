import { type FeatureDefinition } from '../../contracts/features/featureDefinition';

export const injectedFaults = ['step', 'drift', 'stuck', 'noise'] as const;
export type InjectedFault = (typeof injectedFaults)[number];

/** Size of a step, and of a drift's middle, in units of the sensor's spread in normal operation. */
const stepSize = 4;
const noiseFactor = 4;

/** Place of each feature in the vector, sensor by sensor. */
export function sensorSlots(
  definition: FeatureDefinition,
): { readonly sensor: string; readonly first: number; readonly aggregates: FeatureDefinition['sensors'][number]['aggregates'] }[] {
  let first = 0;
  return definition.sensors.map((sensor) => {
    const slot = { sensor: sensor.name, first, aggregates: sensor.aggregates };
    first += sensor.aggregates.length;
    return slot;
  });
}
type SensorSlot = ReturnType<typeof sensorSlots>[number];

/** Spread of a sensor in normal operation, from its level in each window and, where known, the spread inside the windows. */
export function normalSpread(slot: SensorSlot, windows: readonly (readonly number[])[]): number {
  const value = (window: readonly number[], aggregate: string) => {
    const index = slot.aggregates.findIndex((other) => other === aggregate);
    return index < 0 ? undefined : window[slot.first + index];
  };
  const level = (window: readonly number[]) => value(window, 'mean') ?? value(window, 'max') ?? value(window, 'min') ?? 0;
  const inside = (window: readonly number[]) => value(window, 'std') ?? (value(window, 'range') ?? 0) / 4;
  const mean = windows.reduce((sum, window) => sum + level(window), 0) / windows.length;
  const variance = windows.reduce((sum, window) => sum + (level(window) - mean) ** 2 + inside(window) ** 2, 0) / windows.length;
  return Math.max(Math.sqrt(variance), Math.abs(mean) * 1e-3, 1e-6);
}

/** A sensor that rests in normal operation too cannot be told from a stuck one. */
export function restsNormally(slot: SensorSlot, windows: readonly (readonly number[])[]): boolean {
  const index = slot.aggregates.findIndex((aggregate) => aggregate === 'std' || aggregate === 'range');
  if (index < 0) return true;
  return windows.filter((window) => window[slot.first + index] === 0).length > windows.length / 100;
}

/**
 * What the features of a window become when one sensor fails for the whole window: a step (all values shifted), a drift (a ramp
 * from nothing to twice the step), a stuck value (the level stays, nothing moves), noise (the same level, wider).
 */
export function injectFault(
  window: readonly number[],
  slot: SensorSlot,
  fault: InjectedFault,
  spread: number,
  windowSeconds: number,
): number[] {
  const shift = stepSize * spread;
  const mean = (() => {
    const index = slot.aggregates.indexOf('mean');
    return index < 0 ? undefined : window[slot.first + index];
  })();
  const changed = [...window];
  slot.aggregates.forEach((aggregate, offset) => {
    const index = slot.first + offset;
    const value = window[index] ?? 0;
    const level = mean ?? value;
    const become = {
      step: { mean: value + shift, min: value + shift, max: value + shift, std: value, range: value, slope: value },
      drift: {
        mean: value + shift,
        min: value,
        max: value + 2 * shift,
        std: Math.sqrt(value ** 2 + shift ** 2 / 3),
        range: value + 2 * shift,
        slope: value + (2 * shift) / windowSeconds,
      },
      stuck: { mean: value, min: level, max: level, std: 0, range: 0, slope: 0 },
      noise: {
        mean: value,
        min: value - noiseFactor * spread,
        max: value + noiseFactor * spread,
        std: Math.max(value, spread) * noiseFactor,
        range: value + 2 * noiseFactor * spread,
        slope: value,
      },
    }[fault];
    changed[index] = become[aggregate];
  });
  return changed;
}
