import { resolve } from 'node:path';
import { readCommandLine } from '../../../../command-line/readCommandLine';
import { command } from '../../../../commands/smoke';
import { projectRoot } from '../../../support/projectRoot';

const read = (...args: string[]) => readCommandLine(command, args);

test('without options the whole loop is followed and everything is taken away', () => {
  expect(read('--stack', 'organization/factory-loop/dev')).toEqual({
    stack: 'organization/factory-loop/dev',
    local: resolve(projectRoot, '.local'),
    timeout: 2_700,
    until: '13c',
    approve: false,
    'keep-evidence': false,
    json: false,
  });
  expect(read('--help')).toBe('help');
});

test.each([
  [[], 'expected --stack <name>. Usage: '],
  [['--stack=-rf'], '--stack -rf: expected the name of a stack'],
  [['--stack', 'a b'], '--stack a b: expected the name of a stack'],
  [['--stack', 'dev', '--until', '14'], '--until 14: expected 1a, 1b, 2, '],
  [['--stack', 'dev', '--timeout', '9'], '--timeout 9: expected whole seconds from 10 to 86400.'],
  [['--stack', 'dev', '--timeout', '1e3'], '--timeout 1e3: expected whole seconds'],
  [['--stack', 'dev', '--raw', '/no/such/file'], '--raw /no/such/file: no such file.'],
  [['--stack', 'dev', '--clean-up', 'line'], '--clean-up line: expected the data set of a smoke test, smoke-<id>.'],
  [
    ['--stack', 'dev', '--clean-up', 'smoke-a1b2', '--keep-evidence'],
    '--clean-up: goes with neither --raw, --keep-evidence nor --approve.',
  ],
  [['--stack', 'dev', '--local', '/etc'], '--local /etc: expected .local or a folder below it.'],
  [['--stack', '-x'], 'See "npm run smoke -- --help".'],
  [['--bogus'], 'See "npm run smoke -- --help".'],
])('%j is answered with one line', (args, line) => {
  expect(() => read(...args)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(line) as string }) as Error,
  );
  expect(() => read(...args)).toThrow(/^[^\n]+$/);
});
