import { type DuckDBConnection } from '@duckdb/node-api';
import { quoteIdentifier, quoteLiteral } from '../../contracts/features/renderSql';
import { missingWords, type TimeKind } from './cells';
import { type ColumnRoles } from './columnRoles';
import { refuse, type CsvLayout } from './csvLayout';

/** A table with row, time_ms, label and one DOUBLE per sensor. */
export interface SamplesTable {
  readonly table: string;
  readonly rows: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly medianStepMs: number;
  readonly sensors: readonly string[];
  readonly labelled: boolean;
}

const timeSql: Record<TimeKind, (cell: string) => string> = {
  iso: (cell) => `epoch_ms(try_cast(${cell} AS TIMESTAMPTZ))`,
  german: (cell) => `epoch_ms(coalesce(try_strptime(${cell}, '%d.%m.%Y %H:%M:%S'), try_strptime(${cell}, '%d.%m.%Y %H:%M:%S.%g')))`,
  'epoch-s': (cell) => `CAST(round(try_cast(${cell} AS DOUBLE) * 1000) AS BIGINT)`,
  'epoch-ms': (cell) => `CAST(round(try_cast(${cell} AS DOUBLE)) AS BIGINT)`,
  'epoch-us': (cell) => `try_cast(${cell} AS BIGINT) // 1000`,
  'epoch-ns': (cell) => `try_cast(${cell} AS BIGINT) // 1000000`,
};
const words = missingWords.map(quoteLiteral).join(', ');
const missing = (cell: string) => `(${cell} IS NULL OR lower(trim(${cell})) IN (${words}))`;
const normalWords = ['false', 'no', 'n', 'normal', 'ok', 'good', 'healthy', 'benign'].map(quoteLiteral).join(', ');

async function firstRow(connection: DuckDBConnection, sql: string): Promise<Record<string, unknown>> {
  return (await connection.runAndReadAll(sql)).getRowObjects()[0] ?? {};
}
const number = (value: unknown) => (value === null || value === undefined ? undefined : Number(value));

/** Reads a whole file with explicit types into `table` and refuses it at its first wrong row. */
export async function loadSamples(
  connection: DuckDBConnection,
  file: string,
  table: string,
  layout: CsvLayout,
  roles: ColumnRoles,
): Promise<SamplesTable> {
  const cell = (name: string) => `c${layout.columns.indexOf(name)}`;
  const line = (row: number) => row + (layout.header ? 1 : 0);
  const cells = quoteIdentifier(`${table}_cells`);
  const rejects = `${table}_rejects`;
  const columns = `{${layout.columns.map((_, index) => `'c${index}': 'VARCHAR'`).join(', ')}}`;
  try {
    await connection.run(
      `CREATE TABLE ${cells} AS SELECT row_number() OVER () AS row, * FROM read_csv(${quoteLiteral(file)}, auto_detect=false, columns=${columns}, delim=${quoteLiteral(layout.delimiter)}, quote='"', escape='"', header=${layout.header}, encoding=${quoteLiteral(layout.encoding)}, strict_mode=true, null_padding=false, store_rejects=true, rejects_table=${quoteLiteral(rejects)}, rejects_scan=${quoteLiteral(`${table}_scan`)})`,
    );
  } catch (error) {
    refuse(
      'a readable CSV file',
      String(error instanceof Error ? error.message : error)
        .split('\n')[0]
        ?.slice(0, 300) ?? '',
    );
  }
  const reject = await firstRow(
    connection,
    `SELECT line, column_name, column_idx, error_type, csv_line FROM ${quoteIdentifier(rejects)} ORDER BY line LIMIT 1`,
  );
  if (reject.line !== undefined) {
    const found = String(reject.csv_line ?? '')
      .trim()
      .slice(0, 200);
    refuse(`${layout.columns.length} fields`, `${String(reject.error_type).toLowerCase()} in "${found}"`, { row: Number(reject.line) });
  }

  const time = cell(roles.time.name);
  const value = (name: string) => {
    const plain = layout.decimal === ',' ? `replace(${cell(name)}, ',', '.')` : cell(name);
    return `CASE WHEN ${missing(cell(name))} THEN NULL ELSE try_cast(trim(${plain}) AS DOUBLE) END`;
  };
  const label =
    roles.label === undefined
      ? 'NULL::DOUBLE'
      : `CASE WHEN ${missing(cell(roles.label))} THEN NULL ELSE coalesce(try_cast(trim(${cell(roles.label)}) AS DOUBLE) <> 0, lower(trim(${cell(roles.label)})) NOT IN (${normalWords}))::DOUBLE END`;
  await connection.run(
    `CREATE TABLE ${quoteIdentifier(table)} AS SELECT row, ${timeSql[roles.time.kind](time)} AS time_ms, ${label} AS label, ${roles.sensors.map((name) => `${value(name)} AS ${quoteIdentifier(name)}`).join(', ')} FROM ${cells}`,
  );

  const wrongCells = await firstRow(
    connection,
    `SELECT min(s.row) FILTER (WHERE time_ms IS NULL) AS t, ${roles.sensors.map((name, index) => `min(s.row) FILTER (WHERE ${quoteIdentifier(name)} IS NULL AND NOT ${missing(cell(name))}) AS s${index}`).join(', ')} FROM ${quoteIdentifier(table)} s JOIN ${cells} c ON s.row = c.row`,
  );
  const wrong = [
    { name: roles.time.name, row: number(wrongCells.t), expected: 'a time' },
    ...roles.sensors.map((name, index) => ({ name, row: number(wrongCells[`s${index}`]), expected: 'a number' })),
  ]
    .flatMap(({ name, row, expected }) => (row === undefined ? [] : [{ name, row, expected }]))
    .sort((a, b) => a.row - b.row)[0];
  if (wrong !== undefined) {
    const { found } = await firstRow(connection, `SELECT ${cell(wrong.name)} AS found FROM ${cells} WHERE row = ${wrong.row}`);
    refuse(wrong.expected, `"${String(found ?? '').slice(0, 100)}"`, { row: line(wrong.row), column: wrong.name });
  }
  await connection.run(`DROP TABLE ${cells}`);

  const backwards = await firstRow(
    connection,
    `SELECT row, time_ms, before FROM (SELECT row, time_ms, lag(time_ms) OVER (ORDER BY row) AS before FROM ${quoteIdentifier(table)}) WHERE time_ms < before ORDER BY row LIMIT 1`,
  );
  if (backwards.row !== undefined)
    refuse(`a time not before ${new Date(Number(backwards.before)).toISOString()}`, new Date(Number(backwards.time_ms)).toISOString(), {
      row: line(Number(backwards.row)),
      column: roles.time.name,
    });

  const facts = await firstRow(
    connection,
    `SELECT count(*) AS rows, min(time_ms) AS first, max(time_ms) AS last, count(label) AS labels FROM ${quoteIdentifier(table)}`,
  );
  if (Number(facts.rows) < 2) refuse('at least two rows', String(facts.rows));
  const pace = await firstRow(
    connection,
    `SELECT median(step) AS step FROM (SELECT time_ms - lag(time_ms) OVER (ORDER BY row) AS step FROM ${quoteIdentifier(table)}) WHERE step > 0`,
  );
  return {
    table,
    rows: Number(facts.rows),
    firstMs: Number(facts.first),
    lastMs: Number(facts.last),
    sensors: roles.sensors,
    labelled: Number(facts.labels) > 0,
    medianStepMs: number(pace.step) ?? refuse('times that go on', 'the same time in every row', { column: roles.time.name }),
  };
}
