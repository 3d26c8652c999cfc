import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programs } from '../../../contracts/programs';
import { captureProgram, ofType } from './capturedProgram';

const armCheck = join(__dirname, '..', '..', '..', '..', 'shared', 'tools', 'arm-check', 'validate.mjs');
const there = existsSync(armCheck);
if (!there) console.warn(`skipped: no ARM schemas at ${armCheck}`);
const directory = mkdtempSync(join(tmpdir(), 'arm-check-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('the registrations', () => {
  (there ? it : it.skip)('have no error and no retiring API version by the schemas of Azure Resource Manager', async () => {
    const prebuiltImages = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));
    const captured = await captureProgram({ imageSource: 'prebuilt', prebuiltImages });
    const file = join(directory, 'registrations.json');
    writeFileSync(file, JSON.stringify(captured.registrations.filter(({ custom }) => custom)));
    const report = execFileSync(process.execPath, [realpathSync(armCheck), file], { encoding: 'utf8' });
    expect(report).toMatch(/ 0 errors, /);
    expect(report).not.toContain('api-retiring');
    expect(ofType(captured, 'azure-native:app:Job')).toHaveLength(4);
  });
});
