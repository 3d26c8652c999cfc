import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { simulateCsv } from '../../edge-sim/production-line/machine';

/** Four hours of normal operation of the simulated machine, a file an hour, as a data logger would have left them. */
export function simulatedRawFiles(directory: string): string[] {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  return [1, 2, 3, 4].map((hour) => {
    const file = join(directory, `pump-2026-03-0${hour}.csv`);
    writeFileSync(file, simulateCsv({ seed: hour, startTime: new Date(Date.UTC(2026, 2, hour, 6)), periodMs: 1_000, samples: 3_600 }));
    return file;
  });
}
