import { meteredLoad, type ExpectedLoad } from './expectedLoad';

/** Standard tier: a unit takes 1,000 events or 1 MB a second; a namespace has at most 40 units, an event hub at most 32 partitions of 1 MB a second each. */
export const maxThroughputUnits = 40;
export const maxPartitions = 32;
const eventsPerUnit = 1_000;
const bytesPerUnit = 1_000_000;

/** Throughput units that take every device message at the busiest moment. */
export function throughputUnitsFor(load: ExpectedLoad): number {
  const { deviceSendsPerSecond, bytesPerSecond } = meteredLoad(load);
  return Math.max(1, Math.ceil(deviceSendsPerSecond / eventsPerUnit), Math.ceil(bytesPerSecond / bytesPerUnit));
}

/** As many partitions as units write into, in powers of two, and never fewer than `least`. */
export const partitionsFor = (load: ExpectedLoad, least: number) =>
  Math.min(maxPartitions, Math.max(least, 2 ** Math.ceil(Math.log2(throughputUnitsFor(load)))));
