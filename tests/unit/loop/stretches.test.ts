import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRound } from '../../../loop/replayStretches';
import { recordedStretches } from '../../../loop/stretches';
import type { DatasetManifest } from '../../../contracts/datasetManifest';

const directory = mkdtempSync(join(tmpdir(), 'stretches-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const manifest = (names: readonly string[]) =>
  ({ sources: names.map((name) => ({ name })), features: { sensors: [{ name: 'flow' }] } }) as unknown as DatasetManifest;
function record(name: string, day: number, fault: readonly [number, number] | undefined, lineEnd = '\n'): string {
  const file = join(directory, name);
  const rows = Array.from(
    { length: 100 },
    (_, second) =>
      `${new Date(Date.UTC(2024, 4, day) + second * 1000).toISOString()};${day * 1000 + second};${fault && second >= fault[0] && second < fault[1] ? 1 : 0}`,
  );
  writeFileSync(file, ['time;flow;anomaly', ...rows].join(lineEnd));
  return file;
}
const flows = (rows: readonly (readonly (number | null)[])[]) => rows.map((row) => row[1]);

describe('stretches for the replay', () => {
  it('takes the normal part that no model has seen and the fault of every labelled recording, in order of time', async () => {
    const files = [
      record('b.csv', 2, [50, 80], '\r\n'),
      record('a.csv', 1, [60, 70]),
      record('calm.csv', 3, undefined),
      record('refused.csv', 4, [50, 60]),
    ];
    const [normal, fault, ...more] = await recordedStretches(files, manifest(['a.csv', 'b.csv', 'calm.csv']), {}, 'held-out');
    expect(more).toEqual([]);
    expect(fault).toMatchObject({ stretch: 'fault', source: '2 recordings', columns: ['flow'] });
    expect(flows(fault?.rows ?? [])).toEqual([
      ...Array.from({ length: 10 }, (_, at) => 1060 + at),
      ...Array.from({ length: 30 }, (_, at) => 2050 + at),
    ]);
    expect(flows(normal?.rows ?? [])).toEqual([
      ...Array.from({ length: 28 }, (_, at) => 1032 + at),
      ...Array.from({ length: 18 }, (_, at) => 2032 + at),
    ]);
  });

  it('puts a step on the held-out end of the last recording when none has a fault', async () => {
    const [normal, fault] = await recordedStretches([record('calm.csv', 3, undefined)], manifest(['calm.csv']), {}, 'held-out');
    expect(flows(normal?.rows ?? [])).toEqual(Array.from({ length: 20 }, (_, at) => 3080 + at));
    expect(fault?.source).toBe('calm.csv with a step of 4 sigma');
    expect(Number(fault?.rows[0]?.[1])).toBeGreaterThan(3080 + 20);
  });

  it('replays only training data where the line sends them back: held-out data never become training data', async () => {
    const labelled = [record('a.csv', 1, [60, 70])];
    expect(flows((await recordedStretches(labelled, manifest(['a.csv']), {}, 'train'))[0]?.rows ?? [])).toEqual(
      Array.from({ length: 24 }, (_, at) => 1000 + at),
    );
    expect(
      flows((await recordedStretches([record('calm.csv', 3, undefined)], manifest(['calm.csv']), {}, 'train'))[0]?.rows ?? []),
    ).toEqual(Array.from({ length: 60 }, (_, at) => 3000 + at));
  });

  it('gives every round days of its own', async () => {
    const stretches = await recordedStretches([record('b.csv', 2, [50, 80])], manifest(['b.csv']), {}, 'train');
    const times = [1, 2, 3].flatMap((round) => inRound(stretches, round)).flatMap(({ rows }) => rows.map(([time]) => time));
    expect(new Set(times).size).toBe(times.length);
    expect(inRound(stretches, 1)).toEqual(stretches);
  });
});
