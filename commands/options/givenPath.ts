import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { UsageError } from '../../command-line/usageError';

/** A path as a person typed it: from where npm was called. */
export const givenPath = (given: string): string => resolve(process.env['INIT_CWD'] ?? process.cwd(), given);

export const existingPath =
  (what: string) =>
  (given: string): string => {
    const path = givenPath(given);
    if (!existsSync(path)) throw new UsageError(`no such ${what}.`);
    return path;
  };
