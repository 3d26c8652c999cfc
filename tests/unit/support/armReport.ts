import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Captured } from './capturedProgram';
import { projectRoot } from '../../support/projectRoot';

const armCheck = join(projectRoot, '..', 'shared', 'tools', 'arm-check', 'validate.mjs');
const there = existsSync(armCheck);
if (!there) console.warn(`skipped: no ARM schemas at ${armCheck}`);
/** A test that needs the schemas of Azure Resource Manager. */
export const itWithSchemas = there ? it : it.skip;

/** What the schemas say about the registrations of a program: a line per finding, counts last. */
export function armReport({ registrations }: Captured): string {
  const directory = mkdtempSync(join(tmpdir(), 'arm-check-'));
  try {
    const file = join(directory, 'registrations.json');
    writeFileSync(file, JSON.stringify(registrations.filter(({ custom }) => custom)));
    return execFileSync(process.execPath, [realpathSync(armCheck), file], { encoding: 'utf8' });
  } catch (error) {
    // Findings are exit status 1; the report says which.
    return String((error as { stdout?: unknown }).stdout);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
