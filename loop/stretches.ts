import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { DatasetManifest } from '../contracts/datasetManifest';
import { quoteIdentifier } from '../contracts/features/renderSql';
import { machineSensors, simulateRecord } from '../edge-sim/production-line/machine';
import { columnRoles, type ColumnOptions } from '../pipeline-code/data-pipeline/columnRoles';
import { headBytes, readCsvLayout } from '../pipeline-code/data-pipeline/csvLayout';
import { copyWithLineFeeds } from '../pipeline-code/data-pipeline/lineFeeds';
import { loadSamples } from '../pipeline-code/data-pipeline/samplesTable';

export type Row = readonly [timeMs: number, ...values: (number | null)[]];
/** Rows for the production line, and what they are. */
export interface Stretch {
  readonly stretch: 'normal' | 'fault';
  readonly source: string;
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
}
interface LabelledRow {
  readonly row: Row;
  readonly label: number | null;
}

/** Which part of a recording the line replays as normal: what it replays may come back as training data, and held-out data never may. */
type NormalPart = 'held-out' | 'train';

const maxRows = 20_000;
/** Borders of a recording's reference part, as the data pipeline draws them: three fifths train, the last fifth is held out. */
const trainUntil = 0.6;
const heldOutFrom = 0.8;
const labelledReference = 0.4;

/** From the first to the last time of all stretches. */
export function spanMs(stretches: readonly Pick<Stretch, 'rows'>[]): number {
  const times = stretches.flatMap(({ rows }) => [rows[0]?.[0] ?? [], rows.at(-1)?.[0] ?? []].flat());
  return times.length === 0 ? 0 : Math.max(...times) - Math.min(...times);
}

export const laterBy = (stretch: Stretch, shiftMs: number): Stretch => ({
  ...stretch,
  rows: stretch.rows.map(([time, ...values]): Row => [time + shiftMs, ...values]),
});

/** Longest run of rows that carry the label. */
function longestRun(rows: readonly LabelledRow[], label: number): { from: number; to: number } {
  let best = { from: 0, to: 0 };
  let from = 0;
  for (let index = 0; index <= rows.length; index++) {
    if (rows[index]?.label === label) continue;
    if (index - from > best.to - best.from) best = { from, to: index };
    from = index + 1;
  }
  return best;
}

/** Later by `shiftMs`, every sensor raised by four of its own standard deviations: a step fault. */
function withStepFault(rows: readonly Row[], shiftMs: number): Row[] {
  const sensors = (rows[0]?.length ?? 1) - 1;
  const spreads = Array.from({ length: sensors }, (_, sensor) => {
    const values = rows.flatMap((row) => row[sensor + 1] ?? []);
    const mean = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length));
  });
  return rows.map(([time, ...values]): Row => [
    time + shiftMs,
    ...values.map((value, sensor) => (value === null ? null : value + 4 * (spreads[sensor] ?? 0))),
  ]);
}

/** A normal and a faulty stretch of one recording: its own labelled fault, or a step fault put on its held-out part. */
function stretchesOf(source: string, columns: readonly string[], recording: readonly LabelledRow[], part: NormalPart): Stretch[] {
  const fault = longestRun(recording, 1);
  const rows = (from: number, to: number) => recording.slice(from, Math.min(to, from + maxRows)).map((labelled) => labelled.row);
  if (fault.to > fault.from) {
    const reference = recording.length * labelledReference;
    const [from, to] =
      part === 'train' ? [0, Math.min(fault.from, Math.floor(reference * trainUntil))] : [Math.floor(reference * heldOutFrom), fault.from];
    const normal = to > from ? rows(from, to) : [];
    return [
      { stretch: 'normal', source, columns, rows: normal },
      { stretch: 'fault', source, columns, rows: rows(fault.from, fault.to) },
    ];
  }
  const normal =
    part === 'train'
      ? rows(0, Math.floor(recording.length * trainUntil))
      : rows(Math.floor(recording.length * heldOutFrom), recording.length);
  const shiftMs = 2 * spanMs([{ rows: normal }]) + 3_600_000;
  return [
    { stretch: 'normal', source, columns, rows: normal },
    { stretch: 'fault', source: `${source} with a step of 4 sigma`, columns, rows: withStepFault(normal, shiftMs) },
  ];
}

async function readRecording(file: string, manifest: DatasetManifest, options: ColumnOptions): Promise<LabelledRow[]> {
  const size = statSync(file).size;
  const head = Buffer.alloc(Math.min(size, headBytes));
  const descriptor = openSync(file, 'r');
  readSync(descriptor, head);
  closeSync(descriptor);
  const layout = readCsvLayout(head, size <= headBytes);
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const directory = mkdtempSync(join(tmpdir(), 'recording-'));
  try {
    await connection.run("SET TimeZone = 'UTC'");
    const copy = join(directory, 'recording');
    await copyWithLineFeeds(file, copy);
    const { table } = await loadSamples(connection, copy, 'recording', layout, columnRoles(layout, options));
    const sensors = manifest.features.sensors.map(({ name }) => quoteIdentifier(name)).join(', ');
    const rows = (
      await connection.runAndReadAll(`SELECT time_ms, label, ${sensors} FROM ${quoteIdentifier(table)} ORDER BY row`)
    ).getRows();
    return rows.map(([time, label, ...values]) => ({
      row: [Number(time), ...values.map((value) => (value === null ? null : Number(value)))] as Row,
      label: label === null ? null : Number(label),
    }));
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Stretches of one kind as one, in order of time; each recording gives its share of what the line may replay. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  return (['normal', 'fault'] as const).flatMap((kind) => {
    const parts = stretches
      .filter(({ stretch, rows }) => stretch === kind && rows.length > 0)
      .sort((a, b) => (a.rows[0]?.[0] ?? 0) - (b.rows[0]?.[0] ?? 0));
    const [first] = parts;
    if (first === undefined) return [];
    const share = Math.floor(maxRows / parts.length);
    return [
      {
        ...first,
        source: parts.length === 1 ? first.source : `${parts.length} recordings`,
        rows: parts.flatMap(({ rows }) => rows.slice(0, share)),
      },
    ];
  });
}

/** All recordings that have a labelled fault, because one alone may hold a fault that is hardly there; without labels the last recording. */
export async function recordedStretches(
  files: readonly string[],
  manifest: DatasetManifest,
  options: ColumnOptions,
  part: NormalPart,
): Promise<Stretch[]> {
  const accepted = new Set(manifest.sources.map(({ name }) => basename(name)));
  const columns = manifest.features.sensors.map(({ name }) => name);
  const labelled: Stretch[] = [];
  let last: Stretch[] = [];
  for (const file of files.filter((path) => accepted.has(basename(path)))) {
    const recording = await readRecording(file, manifest, options);
    last = stretchesOf(basename(file), columns, recording, part);
    if (recording.some(({ label }) => label === 1)) labelled.push(...last);
  }
  return joined(labelled.length > 0 ? labelled : last);
}

/** A later day of the simulated machine in every round: normal operation, then the same machine with a blocked discharge. */
export function simulatedStretches(round: number): Stretch[] {
  const record = (hour: number, fault: boolean) =>
    simulateRecord({
      seed: 100 * round + hour,
      startTime: new Date(Date.UTC(2026, 2, 9 + round, hour)),
      periodMs: 1_000,
      samples: 900,
      faults: fault ? [{ from: 0, to: 900, kind: 'step' }] : [],
    }).map(({ time, values }): Row => [time.getTime(), ...machineSensors.map((name) => values[name] ?? null)]);
  return [
    { stretch: 'normal', source: 'simulated pump', columns: machineSensors, rows: record(6, false) },
    { stretch: 'fault', source: 'simulated pump, discharge blocked', columns: machineSensors, rows: record(8, true) },
  ];
}
