/** The middle of the values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** One run with enforcement and one without, one after the other. */
export interface Pair {
  readonly on: number;
  readonly off: number;
}

/** Medians of both sides, and of what each pair says by itself: the machine is a different one every minute. */
export function sideBySide(pairs: readonly Pair[]): {
  readonly on: number;
  readonly off: number;
  readonly ratios: readonly number[];
  readonly ratio: number;
} {
  const ratios = pairs.map(({ on, off }) => on / off);
  return { on: median(pairs.map(({ on }) => on)), off: median(pairs.map(({ off }) => off)), ratios, ratio: median(ratios) };
}
