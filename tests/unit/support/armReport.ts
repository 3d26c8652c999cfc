import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Captured } from './capturedProgram';
import { projectRoot } from '../../support/projectRoot';

const armCheck = process.env['FACTORY_LOOP_ARM_CHECK'] ?? join(projectRoot, '..', 'shared', 'tools', 'arm-check', 'validate.mjs');
const there = existsSync(armCheck);
if (!there) console.warn(`skipped: no validator of ARM schemas at ${armCheck}; FACTORY_LOOP_ARM_CHECK says where it is`);
/** A test that needs the schemas of Azure Resource Manager. */
export const itWithSchemas = there ? it : it.skip;

/** What the schemas say about the registrations of a program: a line per finding, counts last. */
export const armReport = ({ registrations }: Captured): string => schemaReport(registrations.filter(({ custom }) => custom));

/** The same of any resources, such as those of a plan. */
export function schemaReport(resources: readonly object[]): string {
  const directory = mkdtempSync(join(tmpdir(), 'arm-check-'));
  try {
    const file = join(directory, 'resources.json');
    writeFileSync(file, JSON.stringify(resources));
    return execFileSync(process.execPath, [realpathSync(armCheck), file], { encoding: 'utf8' });
  } catch (error) {
    // Findings are exit status 1; the report says which.
    return String((error as { stdout?: unknown }).stdout);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
