import { firstLines, wantedRows } from '../../../../commands/smoke/smokeFile';

const source = { rows: 14_400, firstTime: '2026-03-01T06:00:00.000Z', lastTime: '2026-03-01T10:00:00.000Z' };
const features = { windowSeconds: 30, strideSeconds: 10 };

test('a smoke test takes as much of a recording as its windows need, and never more than there is', () => {
  expect(wantedRows(source, features, false)).toBe(3_630);
  // Of a labelled recording only the beginning is taken for normal operation.
  expect(wantedRows(source, features, true)).toBe(9_075);
  expect(wantedRows({ ...source, rows: 144_000 }, features, false)).toBe(36_300);
  expect(wantedRows({ ...source, lastTime: '2026-03-01T06:10:00.000Z', rows: 600 }, features, false)).toBe(600);
  expect(wantedRows({ ...source, lastTime: source.firstTime, rows: 5 }, features, false)).toBe(5);
});

test.each([
  ['a\nb\nc\n', 2, 'a\nb\n'],
  ['a\nb\nc\n', 9, 'a\nb\nc\n'],
  ['a\nb\ncut of', 9, 'a\nb\n'],
  ['a\r\nb\r\nc\r\n', 2, 'a\r\nb\r\n'],
  ['one line', 3, 'one line'],
  ['', 3, ''],
])('of %j the first %i lines are %j', (text, lines, expected) => {
  expect(firstLines(Buffer.from(text), lines).toString()).toBe(expected);
});
