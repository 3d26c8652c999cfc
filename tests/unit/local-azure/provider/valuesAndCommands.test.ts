import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { runCommand } from '../../../../local-azure/provider/commandTypes';
import { randomString } from '../../../../local-azure/provider/randomTypes';

it('a random string has its length, its minimums and only the classes that are on', () => {
  fc.assert(
    fc.property(
      fc.record({
        length: fc.integer({ min: 8, max: 40 }),
        upper: fc.boolean(),
        special: fc.boolean(),
        numeric: fc.boolean(),
        minLower: fc.integer({ min: 0, max: 8 }),
      }),
      (inputs) => {
        const value = randomString(inputs);
        expect(value).toHaveLength(inputs.length);
        expect(value.replaceAll(/[^a-z]/g, '').length).toBeGreaterThanOrEqual(inputs.minLower);
        expect(/[A-Z]/.test(value) && !inputs.upper).toBe(false);
        expect(/\d/.test(value) && !inputs.numeric).toBe(false);
        expect(/[^A-Za-z0-9]/.test(value) && !inputs.special).toBe(false);
      },
    ),
  );
});

describe('a command', () => {
  const shell = (line: string, over: Partial<Parameters<typeof runCommand>[0]> = {}) =>
    runCommand({
      command: ['/bin/sh', '-c', line],
      environment: { PATH: process.env['PATH'] ?? '' },
      directory: undefined,
      input: undefined,
      timeoutMs: 10_000,
      ...over,
    });

  it('gives both outputs without their last line end, with its input and directory', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'command-'));
    expect(await shell('cat; pwd; echo warning >&2', { input: 'in\n', directory })).toEqual({
      stdout: `in\n${directory}`,
      stderr: 'warning',
    });
  });
  it('that fails says how it ended and what it wrote to stderr', async () => {
    await expect(shell('echo reason >&2; exit 3')).rejects.toThrow(/CommandFailed[\s\S]*exit code 3[\s\S]*reason/);
    await expect(shell('x', { command: ['/nowhere/sh', '-c', 'x'] })).rejects.toThrow(/ENOENT/);
  });
  it('that runs too long is ended with its children', async () => {
    const trace = join(mkdtempSync(join(tmpdir(), 'command-')), 'trace');
    await expect(shell(`(sleep 0.6; touch ${trace}) & wait`, { timeoutMs: 200 })).rejects.toThrow(/more than 0.2 s/);
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(existsSync(trace)).toBe(false);
  });
  it('that writes without end is ended', async () => {
    await expect(shell('yes')).rejects.toThrow(/wrote more than/);
  });
});
