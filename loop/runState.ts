import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What a run leaves for one that continues it: when the first raw files came, and how many rounds the line has replayed. */
const runState = z.object({ startedAt: z.iso.datetime(), replayed: z.int().nonnegative() });
type RunState = z.output<typeof runState>;

const stateFile = (directory: string) => join(directory, 'run.json');
export const readRunState = (directory: string): RunState | undefined =>
  existsSync(stateFile(directory)) ? runState.parse(JSON.parse(readFileSync(stateFile(directory), 'utf8'))) : undefined;
export const writeRunState = (directory: string, state: RunState): void => writeFileSync(stateFile(directory), JSON.stringify(state));
