import { testBefore } from '../../../../commands/smoke/runningSmokeTests';

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));

test('of two smoke tests that began at once the later one gives way, and of the same second both', () => {
  const both = new Map([
    ['smoke-a', at(1)],
    ['smoke-b', at(2)],
  ]);
  expect(testBefore(both, 'smoke-a')).toBeUndefined();
  expect(testBefore(both, 'smoke-b')).toBe('smoke-a');
  const tied = new Map([
    ['smoke-a', at(1)],
    ['smoke-b', at(1)],
  ]);
  expect([testBefore(tied, 'smoke-a'), testBefore(tied, 'smoke-b')]).toEqual(['smoke-b', 'smoke-a']);
  expect(testBefore(new Map([['smoke-a', at(1)]]), 'smoke-a')).toBeUndefined();
});
