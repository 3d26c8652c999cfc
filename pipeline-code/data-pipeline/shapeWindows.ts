import { createHash } from 'node:crypto';
import { type DuckDBConnection } from '@duckdb/node-api';
import { windowRoles, type WindowRole } from '../../contracts/datasetManifest';
import { featureNames, type Aggregate, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import {
  quoteIdentifier,
  quoteLiteral,
  renderFeatureSql,
  strideMilliseconds,
  windowMilliseconds,
} from '../../contracts/features/renderSql';
import { type SamplesTable } from './samplesTable';
import { roleSegments, windowFor } from './windowRoles';

/** Raised when whole and good files do not hold enough to train, calibrate and judge. */
export class NotEnoughData extends Error {
  override readonly name = 'NotEnoughData';
  readonly code = 'NotEnoughData';
}

export interface Shape {
  readonly windowSeconds: number;
  readonly strideSeconds: number;
  readonly referenceFraction: number | 'auto';
}
/** Anything whose content goes into a data version. */
export interface Content {
  readonly sha256: string;
}
export interface Source extends Content {
  readonly name: string;
  readonly samples: SamplesTable;
}
/** Level and spread of each sensor; more aggregates were measured to tell faults no better. */
const sensorAggregates: readonly Aggregate[] = ['mean', 'std'];
/** Raise when the same files would give other windows than before. */
const shapingVersion = 1;

/** The features of a data set: its common sensors, and windows of the wanted length unless the data are too slow for it. */
export function defineFeatures(
  sources: readonly Source[],
  shape: Shape,
): { readonly definition: FeatureDefinition; readonly widened: boolean } {
  const steps = sources.map(({ samples }) => samples.medianStepMs).sort((a, b) => a - b);
  const { widened, ...window } = windowFor(shape, steps[Math.floor(steps.length / 2)] ?? 1000);
  return {
    widened,
    definition: {
      schemaVersion: '1',
      ...window,
      sensors: (sources[0]?.samples.sensors ?? []).map((name) => ({ name, aggregates: [...sensorAggregates] })),
    },
  };
}

/** Of what went in, never of the bytes that came out: the same files with the same settings are the same data version. */
export function dataVersionOf(
  sources: readonly Content[],
  definition: FeatureDefinition,
  inputs: Readonly<Record<string, string | number | null>>,
): string {
  const content = {
    shapingVersion,
    sources: sources.map(({ sha256 }) => sha256).sort(),
    definition,
    inputs: Object.entries(inputs).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}

export interface ShapedWindows {
  readonly count: number;
  readonly byRole: Record<WindowRole, number>;
  readonly bySource: ReadonlyMap<string, number>;
  readonly labelled: boolean;
}

/** Writes the windows of all sources, and those of the table `recycled` where there is one, to one Parquet file. */
export async function shapeWindows(
  connection: DuckDBConnection,
  sources: readonly Source[],
  definition: FeatureDefinition,
  shape: Shape,
  file: string,
  recycled = false,
): Promise<ShapedWindows> {
  const sensors = definition.sensors.map((sensor) => quoteIdentifier(sensor.name)).join(', ');
  await connection.run(
    `CREATE OR REPLACE VIEW samples AS ${sources.map(({ name, samples }) => `SELECT ${quoteLiteral(name)} AS source, row, time_ms, label, ${sensors} FROM ${quoteIdentifier(samples.table)}`).join(' UNION ALL ')}`,
  );
  const segments = roleSegments(
    sources.map(({ name, samples }) => ({ source: name, ...samples })),
    shape.referenceFraction,
    windowMilliseconds(definition),
    strideMilliseconds(definition),
  );
  await connection.run(
    `CREATE OR REPLACE TABLE segments AS SELECT * FROM (VALUES ${segments.map((segment) => `(${quoteLiteral(segment.source)}, ${quoteLiteral(segment.role)}, ${segment.fromMs}::BIGINT, ${segment.toMs}::BIGINT)`).join(', ')}) AS t(source, role, from_ms, to_ms)`,
  );
  await connection.run(`CREATE OR REPLACE TABLE windows AS SELECT w.source, epoch_ms(w.start_ms) AS window_start, epoch_ms(w.end_ms) AS window_end, w.samples, g.role, w.label_share >= 0.5 AS label, ${featureNames(
    definition,
  )
    .map((name) => `w.${quoteIdentifier(name)}`)
    .join(', ')}
    FROM (${renderFeatureSql(definition, 'samples')}) w JOIN segments g ON g.source = w.source AND w.start_ms >= g.from_ms AND w.end_ms <= g.to_ms`);
  if (recycled) await connection.run('INSERT INTO windows BY NAME SELECT * FROM recycled');
  const counted = (
    await connection.runAndReadAll('SELECT source, role, count(*) AS windows, count(label) AS labels FROM windows GROUP BY ALL')
  ).getRowObjects();
  const sum = (rows: typeof counted) => rows.reduce((total, row) => total + Number(row.windows), 0);
  const byRole = Object.fromEntries(windowRoles.map((role) => [role, sum(counted.filter((row) => row.role === role))])) as Record<
    WindowRole,
    number
  >;
  if (byRole.train < 10 || byRole.calibrate < 2 || byRole['held-out'] < 2) {
    throw new NotEnoughData(
      `expected at least 10 windows to train, 2 to calibrate and 2 to hold out, got ${byRole.train}, ${byRole.calibrate} and ${byRole['held-out']} windows of ${definition.windowSeconds} s from ${sources.length} files: deliver longer recordings of normal operation, or shorten WINDOW_SECONDS`,
    );
  }
  await connection.run(
    `COPY (SELECT * FROM windows ORDER BY source, window_start) TO ${quoteLiteral(file)} (FORMAT parquet, COMPRESSION zstd)`,
  );
  return {
    count: sum(counted),
    byRole,
    bySource: new Map(
      [...new Set(counted.map((row) => String(row.source)))].map((name) => [name, sum(counted.filter((row) => row.source === name))]),
    ),
    labelled: counted.some((row) => Number(row.labels) > 0),
  };
}
