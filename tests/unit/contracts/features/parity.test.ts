import { spawnSync } from 'node:child_process';
import { DuckDBInstance } from '@duckdb/node-api';
import { aggregates, featureNames, type FeatureDefinition } from '../../../../contracts/features/featureDefinition';
import { renderFeaturePython } from '../../../../contracts/features/renderPython';
import { quoteIdentifier, renderFeatureSql } from '../../../../contracts/features/renderSql';

interface Sample {
  readonly time: number;
  readonly values: readonly (number | null)[];
}
interface Window {
  readonly start: number;
  readonly end: number;
  readonly samples: number;
  readonly vector: readonly number[];
}

const sensorNames = ['Flow rate', 'pressure"bar', "motor's current"];
const definition = (windowSeconds: number, strideSeconds: number, minSamples: number): FeatureDefinition => ({
  schemaVersion: '1',
  windowSeconds,
  strideSeconds,
  minSamples,
  sensors: sensorNames.map((name) => ({ name, aggregates: [...aggregates] })),
});

/** mulberry32 */
function random(seed: number) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Uneven pace, gaps, equal times, missing values, constant stretches and large offsets. */
function series(seed: number, length: number): Sample[] {
  const next = random(seed);
  let time = 1_600_000_000_000 + Math.floor(next() * 1e6);
  const offset = [0, 1e5, -3][seed % 3] ?? 0;
  return Array.from({ length }, (_, index) => {
    const pace = next();
    time += pace < 0.02 ? 9_000 + Math.floor(next() * 9_000) : pace < 0.1 ? 0 : 200 + Math.floor(next() * 1_500);
    const value = () => (next() < 0.03 ? null : index % 90 < 20 ? offset : offset + (next() - 0.5) * 7);
    return { time, values: [value(), value(), value()] };
  });
}

async function bySql(features: FeatureDefinition, samples: readonly Sample[]): Promise<Window[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE samples (source VARCHAR, row BIGINT, time_ms BIGINT, label DOUBLE, ${sensorNames.map((name) => `${quoteIdentifier(name)} DOUBLE`).join(', ')})`,
  );
  const rows = samples.map(
    (sample, row) =>
      `('a', ${row}, ${sample.time}, NULL, ${sample.values.map((value) => (value === null ? 'NULL' : `${value}::DOUBLE`)).join(', ')})`,
  );
  await connection.run(`INSERT INTO samples VALUES ${rows.join(', ')}`);
  const result = await connection.runAndReadAll(renderFeatureSql(features, 'samples'));
  const windows = result.getRowObjects().map((row) => ({
    start: Number(row.start_ms),
    end: Number(row.end_ms),
    samples: Number(row.samples),
    vector: featureNames(features).map((name) => Number(row[name])),
  }));
  connection.closeSync();
  instance.closeSync();
  return windows;
}

function byPython(features: FeatureDefinition, samples: readonly Sample[]): Window[] {
  const feed = `
import json, sys
windows = FeatureWindows()
names = [name for name, _ in SENSORS]
out = []
for time_ms, values in json.load(sys.stdin):
    out.extend(windows.add(time_ms, dict(zip(names, values))))
json.dump(out, sys.stdout)
`;
  const run = spawnSync('python3', ['-c', renderFeaturePython(features) + feed], {
    input: JSON.stringify(samples.map((sample) => [sample.time, sample.values])),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
  });
  if (run.status !== 0) throw new Error(run.stderr || String(run.error));
  return (JSON.parse(run.stdout) as [number, number, number, number[]][]).map(([start, end, count, vector]) => ({
    start,
    end,
    samples: count,
    vector,
  }));
}

function expectEqual(left: readonly Window[], right: readonly Window[]) {
  expect(left.map(({ start, end, samples }) => [start, end, samples])).toEqual(
    right.map(({ start, end, samples }) => [start, end, samples]),
  );
  left.forEach((window, index) =>
    window.vector.forEach((value, position) => {
      const other = right[index]?.vector[position] ?? NaN;
      expect(Math.abs(value - other)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value), Math.abs(other)));
    }),
  );
}

describe('features in SQL and in Python', () => {
  test.each([
    [1, 8, 2, 2],
    [2, 5, 5, 3],
    [3, 10, 0.7, 4],
    [4, 3, 7, 2],
    [5, 6.5, 1.3, 5],
  ])('series %i: windows of %d s every %d s are the same', async (seed, window, stride, minSamples) => {
    const features = definition(window, stride, minSamples);
    const samples = series(seed, 400);
    const sql = await bySql(features, samples);
    expect(sql.length).toBeGreaterThan(20);
    expectEqual(sql, byPython(features, samples));
  });

  test('windows start at the first sample, end before their end, and a gap starts anew', async () => {
    const features = { ...definition(3, 1, 2) };
    const at = (seconds: number): Sample => ({ time: 10_000_500 + seconds * 1000, values: [seconds, 1, 2] });
    const windows = await bySql(features, [0, 1, 2, 3, 4, 20, 21, 22, 23].map(at));
    expect(windows.map(({ start, samples }) => [(start - 10_000_500) / 1000, samples])).toEqual([
      [0, 3],
      [1, 3],
      [20, 3],
    ]);
    const first = windows[0]?.vector.slice(0, aggregates.length) ?? [];
    [1, Math.sqrt(2 / 3), 0, 2, 2, 1].forEach((value, index) => expect(first[index]).toBeCloseTo(value, 12));
  });
});
