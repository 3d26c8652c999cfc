import type { Configuration } from './schema';
import { cronHoursPerMonth, cronScale } from './siteHours';

export type PlantSources = Pick<Configuration, 'dataset' | 'edgeSite' | 'expectedLoad'>;
export const plantMeasures = ['rawGbPerDay', 'inferenceGbPerDay', 'telemetryGbPerDay', 'metricSamplesPerDay'] as const;
export type PlantMeasure = (typeof plantMeasures)[number];

/** What the devices with the model bring in a day of the month's average, besides messages; packages go the other way. */
export interface PlantData extends Readonly<Record<PlantMeasure, number>> {
  readonly modelDevices: number;
  readonly packageMb: number;
  /** Windows of inference data, each of which may be learnt from. */
  readonly windowsPerDay: number;
}

/** Sizes of what a simulated line sends: a row of a raw file, a compressed record of the landing zone, an item of telemetry. */
export const sizes = { bytesPerSample: 200, bytesPerRecord: 60, bytesPerItem: 1_000, itemsPerInterval: 15, packageMb: 10 } as const;
export const gigabyte = 1e9;

/** Hours of an average day in which the lines send: those of a simulated site by the clock, or all of them. */
export function lineHoursPerDay({ enabled, hours }: Configuration['edgeSite']): number {
  const scale = enabled ? cronScale(hours) : undefined;
  return scale === undefined ? 24 : cronHoursPerMonth(scale, 24);
}

/** The data of a plant: what its owner gives in `expectedLoad`, and for the rest as many lines like the simulated one as devices have the model. */
export function plantData({ dataset, edgeSite, expectedLoad }: PlantSources, hoursPerDay = lineHoursPerDay(edgeSite)): PlantData {
  const modelDevices = expectedLoad.modelDevices ?? expectedLoad.devices;
  const perDay = (intervalMs: number) => (modelDevices * hoursPerDay * 3_600_000) / intervalMs;
  const [samples, results] = [perDay(edgeSite.sampleIntervalMs), perDay(dataset.strideSeconds * 1_000)];
  const telemetryGbPerDay =
    expectedLoad.telemetryGbPerDay ?? (perDay(edgeSite.telemetryIntervalMs) * sizes.itemsPerInterval * sizes.bytesPerItem) / gigabyte;
  const inferenceGbPerDay = expectedLoad.inferenceGbPerDay ?? ((samples + results) * sizes.bytesPerRecord) / gigabyte;
  // Of the records of a line these are results, one for each window.
  const resultsPart = edgeSite.sampleIntervalMs / (edgeSite.sampleIntervalMs + dataset.strideSeconds * 1_000);
  return {
    modelDevices,
    packageMb: expectedLoad.packageMb ?? sizes.packageMb,
    telemetryGbPerDay,
    inferenceGbPerDay,
    rawGbPerDay: expectedLoad.rawGbPerDay ?? (samples * sizes.bytesPerSample) / gigabyte,
    metricSamplesPerDay: expectedLoad.metricSamplesPerDay ?? (telemetryGbPerDay * gigabyte) / sizes.bytesPerItem,
    windowsPerDay: ((inferenceGbPerDay * gigabyte) / sizes.bytesPerRecord) * resultsPart,
  };
}
