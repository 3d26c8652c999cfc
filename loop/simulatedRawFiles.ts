import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulateCsv } from '../edge-sim/production-line/machine';

const recording = (directory: string, name: string, seed: number, startTime: Date): string => {
  const file = join(directory, name);
  writeFileSync(file, simulateCsv({ seed, startTime, periodMs: 1_000, samples: 3_600 }));
  return file;
};

/** Four hours of normal operation of the simulated machine, a file an hour, as a data logger would have left them. */
export function simulatedRawFiles(directory: string): string[] {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return [1, 2, 3, 4].map((hour) => recording(directory, `pump-2026-03-0${hour}.csv`, hour, new Date(Date.UTC(2026, 2, hour, 6))));
}

/** An hour of normal operation of another machine of the same type, another one for each round. */
export const sisterMachineFiles = (directory: string, round: number): string[] => [
  recording(directory, `sister-pump-${round}.csv`, 1_000 + round, new Date(Date.UTC(2026, 3, round, 6))),
];
