import { resolve } from 'node:path';
import { helpText, readCommandLine } from '../../../../command-line/readCommandLine';
import { command } from '../../../../commands/release';
import { projectRoot } from '../../../support/projectRoot';

const read = (...args: string[]) => readCommandLine(command, args);

test('an action, a delivery and a stack', () => {
  expect(read('list', '--stack', 'dev')).toEqual({
    action: 'list',
    stack: 'dev',
    all: false,
    json: false,
    local: resolve(projectRoot, '.local'),
  });
  expect(read('approve', '0b7e6b0e', '--stack', 'dev', '--reason', 'ok')).toMatchObject({
    action: 'approve',
    delivery: '0b7e6b0e',
    reason: 'ok',
  });
  expect(read('--help')).toBe('help');
  expect(
    helpText(command)
      .split('\n')
      .filter((line) => line.length > 80),
  ).toEqual([]);
});

test.each([
  [[], 'expected list, approve or reject, got nothing'],
  [['release', '--stack', 'dev'], 'got release'],
  [['list'], 'expected --stack <name>. Usage: '],
  [['list', '--stack=-rf'], '--stack -rf: expected the name of a stack'],
  [['list', 'x', '--stack', 'dev'], 'unexpected "x"'],
  [['approve', '--stack', 'dev'], 'approve: expected the id of a delivery'],
  [['approve', 'a', 'b', '--stack', 'dev'], 'unexpected "b"'],
  [['reject', '0b7e6b0e', '--stack', 'dev'], 'reject: expected --reason <text>'],
  [['reject', '0b7e6b0e', '--stack', 'dev', '--reason', ' '], 'reject: expected --reason <text>'],
  [['list', '--stack', 'dev', '--reason', 'x'], '--reason: goes with approve or reject.'],
  [['approve', '0b7e6b0e', '--stack', 'dev', '--all'], '--all: goes with list.'],
  [['approve', '0b7e6b0e', '--stack', 'dev', '--reason', 'x'.repeat(1_001)], 'at most 1000 characters, got 1001'],
  [['list', '--bogus'], 'See "npm run release -- --help".'],
])('%j is answered with one line', (args, line) => {
  expect(() => read(...args)).toThrow(
    expect.objectContaining({ name: 'UsageError', message: expect.stringContaining(line) as string }) as Error,
  );
  expect(() => read(...args)).toThrow(/^[^\n]+$/);
});
