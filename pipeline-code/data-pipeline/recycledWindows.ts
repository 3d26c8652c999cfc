import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection } from '@duckdb/node-api';
import { qualityCode } from '../../contracts/databus';
import { featureNames, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import {
  quoteIdentifier,
  quoteLiteral,
  renderFeatureSql,
  strideMilliseconds,
  windowMilliseconds,
} from '../../contracts/features/renderSql';
import { type InferenceRecord } from '../../contracts/landingZone';
import { type AcceptedBatch } from './landingBlobs';

/** A batch whose records are on the disk. */
export type RecycledBatch = Omit<AcceptedBatch, 'records'>;

/** Which records are of use: samples with these sensors, and what this pipeline said of them; other pipelines may run beside it. */
interface RecordsWanted {
  readonly sensors: readonly string[];
  readonly pipeline: string;
}

/** Writes records as numbers for DuckDB; nothing of them is ever part of a statement. */
export class RecordFiles {
  private readonly batchList: RecycledBatch[] = [];
  private readonly streams = new Map<string, number>();

  private constructor(
    readonly samplesFile: string,
    readonly resultsFile: string,
    private readonly wanted: RecordsWanted,
  ) {}

  static async create(directory: string, wanted: RecordsWanted): Promise<RecordFiles> {
    const files = new RecordFiles(join(directory, 'landing-samples.csv'), join(directory, 'landing-results.csv'), wanted);
    await writeFile(files.samplesFile, '');
    await writeFile(files.resultsFile, '');
    return files;
  }

  get batches(): readonly RecycledBatch[] {
    return this.batchList;
  }

  async add({ records, ...batch }: AcceptedBatch): Promise<void> {
    const number = this.batchList.length;
    this.batchList.push(batch);
    const stream = this.streams.get(batch.stream) ?? this.streams.size;
    this.streams.set(batch.stream, stream);
    const lines = { sample: [] as string[], result: [] as string[] };
    for (const [line, record] of records.entries()) {
      if (record.kind === 'sample' || record.pipeline === this.wanted.pipeline)
        lines[record.kind].push(`${this.row(record, number, line, stream)}\n`);
    }
    await appendFile(this.samplesFile, lines.sample.join(''));
    await appendFile(this.resultsFile, lines.result.join(''));
  }

  private row(record: InferenceRecord, batch: number, line: number, stream: number): string {
    if (record.kind === 'result') {
      const { windowStart, windowEnd, alarm, quality } = record.result;
      return [stream, Date.parse(windowStart), Date.parse(windowEnd), Number(alarm), Number(quality === 'good')].join(',');
    }
    const values = this.wanted.sensors.map((sensor) => (Object.hasOwn(record.input, sensor) ? (record.input[sensor] ?? '') : ''));
    return [
      batch,
      this.batchList[batch]?.batchId,
      line,
      record.recordId.toLowerCase(),
      stream,
      Date.parse(record.ts),
      record.qc,
      ...values,
    ].join(',');
  }
}

const columnsOf = (columns: Readonly<Record<string, string>>) =>
  `{${Object.entries(columns)
    .map(([name, type]) => `'${name}': '${type}'`)
    .join(', ')}}`;
const readNumbers = (file: string, columns: Readonly<Record<string, string>>) =>
  `read_csv(${quoteLiteral(file)}, auto_detect=false, header=false, delim=',', quote='"', escape='"', columns=${columnsOf(columns)})`;

/**
 * Makes the table `recycled`: windows of the landing zone that may be trained on. A record counts once, however often it was sent, and so does a
 * time. Of the windows those stay that are of good quality throughout, that the deployed package has judged and found below its
 * threshold, and that have no alarm within one window before or after. All of them are there to train: were the threshold also
 * calibrated on windows that lay below the last one, it would sink with every round.
 */
export async function recycledWindows(
  connection: DuckDBConnection,
  files: RecordFiles,
  definition: FeatureDefinition,
): Promise<{ readonly count: number }> {
  const sensors = definition.sensors.map(({ name }) => quoteIdentifier(name));
  const [windowMs, strideMs] = [windowMilliseconds(definition), strideMilliseconds(definition)];
  const sampleColumns = {
    batch: 'INTEGER',
    batch_id: 'VARCHAR',
    line: 'INTEGER',
    record_id: 'VARCHAR',
    stream: 'INTEGER',
    time_ms: 'BIGINT',
    qc: 'INTEGER',
    ...Object.fromEntries(sensors.map((_, index) => [`v${index}`, 'DOUBLE'])),
  };
  await connection.run(
    `CREATE OR REPLACE TABLE landing_records AS SELECT * FROM ${readNumbers(files.samplesFile, sampleColumns)} QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY batch_id, line) = 1`,
  );
  // The batches of a stream count as a whole here: windows go on over their borders. `label` carries what must not be in a window.
  await connection.run(`CREATE OR REPLACE TABLE landing_samples AS SELECT stream AS source, row_number() OVER (PARTITION BY stream ORDER BY time_ms) AS row, time_ms, (qc < ${qualityCode.lowestGood})::DOUBLE AS label, batch${sensors.map((name, index) => `, v${index} AS ${name}`).join('')}
    FROM (SELECT * FROM landing_records QUALIFY row_number() OVER (PARTITION BY stream, time_ms ORDER BY batch_id, line) = 1)`);
  await connection.run(
    `CREATE OR REPLACE TABLE landing_results AS SELECT * FROM ${readNumbers(files.resultsFile, { stream: 'INTEGER', start_ms: 'BIGINT', end_ms: 'BIGINT', alarm: 'INTEGER', good: 'INTEGER' })}`,
  );
  await connection.run(
    `CREATE OR REPLACE TABLE landing_blobs AS SELECT * FROM (VALUES ${files.batches.map(({ name }, batch) => `(${batch}, ${quoteLiteral(name)})`).join(', ') || "(-1, '')"}) AS t(batch, name)`,
  );
  const reach = (condition: string) =>
    `SELECT stream, start_ms, max(end_ms) OVER (PARTITION BY stream ORDER BY start_ms RANGE UNBOUNDED PRECEDING) AS reach_ms FROM landing_results WHERE ${condition}`;
  await connection.run(`CREATE OR REPLACE TABLE recycled AS
    WITH shaped AS (SELECT * FROM (${renderFeatureSql(definition, 'landing_samples')}) WHERE label_share = 0),
    judged AS (SELECT s.* FROM shaped s ASOF JOIN (${reach('alarm = 0 AND good = 1')}) r ON s.source = r.stream AND s.start_ms + ${strideMs} >= r.start_ms WHERE r.reach_ms >= s.end_ms - ${strideMs}),
    quiet AS (SELECT j.* FROM judged j ASOF LEFT JOIN (${reach('alarm = 1')}) r ON j.source = r.stream AND j.end_ms + ${windowMs} > r.start_ms WHERE coalesce(r.reach_ms <= j.start_ms - ${windowMs}, true))
    SELECT b.name AS source, epoch_ms(q.start_ms) AS window_start, epoch_ms(q.end_ms) AS window_end, q.samples, 'train' AS role, NULL::BOOLEAN AS label, ${featureNames(
      definition,
    )
      .map((name) => `q.${quoteIdentifier(name)}`)
      .join(', ')}
    FROM quiet q ASOF JOIN landing_samples f ON q.source = f.source AND q.start_ms >= f.time_ms JOIN landing_blobs b ON b.batch = f.batch`);
  const [row] = (await connection.runAndReadAll('SELECT count(*) FROM recycled')).getRows();
  return { count: Number(row?.[0] ?? 0) };
}
