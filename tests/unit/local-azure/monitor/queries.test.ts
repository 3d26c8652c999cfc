import fc from 'fast-check';
import { runQuery } from '../../../../local-azure/monitor/kustoRun';
import { parseQuery, QueryError } from '../../../../local-azure/monitor/kustoSyntax';
import { parseSelector, PromError } from '../../../../local-azure/monitor/promSelector';
import { timespan } from '../../../../local-azure/monitor/timespan';
import type { TelemetryRow } from '../../../../local-azure/monitor/telemetryStore';

const row = (name: string, value: number, customDimensions: Record<string, string>): TelemetryRow => ({
  timestamp: '2026-01-01T00:00:00.000Z',
  name,
  value,
  customDimensions,
});
const ask = (query: string, rows: readonly TelemetryRow[]) => runQuery(parseQuery(query), () => rows).rows;
const outcomeOf = <T>(run: () => T): T | Error => {
  try {
    return run();
  } catch (error) {
    return error as Error;
  }
};
const pieces = fc.constantFrom(
  'traces',
  'customMetrics',
  '|',
  'where',
  'project',
  'summarize',
  'by',
  'take',
  'order',
  'count()',
  'dcount(',
  ')',
  '[',
  ']',
  '"x"',
  "'",
  '==',
  'and',
  'name',
  'customDimensions',
  '.',
  ',',
  '=',
  '3',
  '\\',
  '\n',
  '\u0000',
  'é',
);

describe('log queries', () => {
  it('are answered or refused with a reason, whatever the text', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(pieces).map((all) => all.join(' ')),
          fc.array(pieces).map((all) => `customMetrics | ${all.join(' ')}`),
        ),
        (query) => {
          const outcome = outcomeOf(() => ask(query, [row('a', 1, { k: 'v' })]));
          expect(outcome instanceof Error ? outcome : new QueryError('SyntaxError', 'answered')).toBeInstanceOf(QueryError);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('find exactly the rows with a value, whatever characters it has', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 5 }),
        fc.string({ minLength: 1 }),
        (values, key) => {
          const rows = values.map((value, index) => row('m', index, { [key]: value }));
          const found = values.map((value) =>
            ask(
              `customMetrics | where tostring(customDimensions[${JSON.stringify(key)}]) == ${JSON.stringify(value)} | project value`,
              rows,
            ),
          );
          expect(found).toEqual(values.map((_, index) => [[index]]));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('see no property that a row does not have', () => {
    const rows = [row('m', 1, { a: '1' })];
    expect(
      ask('customMetrics | project a = customDimensions.a, b = customDimensions.constructor, c = customDimensions["__proto__"]', rows),
    ).toEqual([['1', null, null]]);
    expect(outcomeOf(() => ask('constructor | take 1', rows))).toBeInstanceOf(QueryError);
    expect(outcomeOf(() => ask('customMetrics | project toString', rows))).toBeInstanceOf(QueryError);
  });

  it('count rows and different values apart', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('1', '2', '3', '4')), (ids) => {
        const rows = ids.map((id) => row('m', 1, { id }));
        expect(ask('customMetrics | summarize n = count(), d = count_distinct(tostring(customDimensions["id"]))', rows)).toEqual([
          [ids.length, new Set(ids).size],
        ]);
      }),
    );
  });
});

describe('selectors of series', () => {
  it('keep every value of a label', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (value) => {
        const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
        expect(parseSelector(`up{job="${escaped}", a="1",}[90s]`)).toEqual({
          matchers: { __name__: 'up', job: value, a: '1' },
          rangeMs: 90_000,
        });
      }),
      { numRuns: 300 },
    );
  });

  it('match labels with the names of built-in properties as labels', () => {
    expect(parseSelector('{constructor="a"}')).toEqual({ matchers: { constructor: 'a' } });
    expect(Object.entries(parseSelector('{__proto__="a"}').matchers)).toEqual([['__proto__', 'a']]);
  });

  it('are read or refused with a reason, whatever the text', () => {
    const parts = fc.constantFrom('up', '{', '}', 'a', '=', '"b"', ',', '[5m]', '[', ' ', '"', '\\', '=~');
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts).map((all) => all.join('')),
        ),
        (text) => {
          const outcome = outcomeOf(() => Object.values(parseSelector(text).matchers).filter((value) => value !== '').length);
          expect(outcome instanceof PromError || (typeof outcome === 'number' && outcome > 0)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

it('time spans are a duration until now or two ends', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  expect(timespan('P1DT12H', now)).toEqual({ from: now - 129_600_000, to: now });
  expect(timespan('PT1.5S', now)).toEqual({ from: now - 1_500, to: now });
  expect(timespan('2026-01-01T00:00:00Z/2026-01-01T01:00:00Z', now)).toEqual({ from: now - 86_400_000, to: now - 82_800_000 });
  expect(timespan('2026-01-01T00:00:00Z/PT1M', now)).toEqual({ from: now - 86_400_000, to: now - 86_340_000 });
  expect(timespan('PT1M/2026-01-01T00:00:00Z', now)).toEqual({ from: now - 86_460_000, to: now - 86_400_000 });
  for (const wrong of ['', 'P', 'PT', 'yesterday', 'P1D/P1D', '1h', 'P1D/']) expect(timespan(wrong, now)).toBeUndefined();
});
