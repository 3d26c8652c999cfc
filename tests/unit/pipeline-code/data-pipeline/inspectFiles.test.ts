import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type ColumnOptions } from '../../../../pipeline-code/data-pipeline/columnRoles';
import { inspectFiles, type Inspection } from '../../../../pipeline-code/data-pipeline/inspectFiles';

const directory = mkdtempSync(join(tmpdir(), 'inspect-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function inspect(contents: Readonly<Record<string, string | Buffer>>, options: ColumnOptions = {}): Promise<Inspection> {
  const files = Object.entries(contents).map(([name, content]) => {
    const file = join(directory, name);
    writeFileSync(file, content);
    return { name, etag: '"0x1"', file, sizeBytes: Buffer.byteLength(content), sha256: createHash('sha256').update(content).digest('hex') };
  });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run("SET TimeZone='UTC'");
  try {
    return await inspectFiles(connection, files, options);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
const at = (second: number) => new Date(Date.UTC(2024, 4, 1) + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
const rows = (count: number, row: (second: number) => string) => Array.from({ length: count }, (_, second) => row(second));
const good = (offset = 0) => ['time;flow;pressure', ...rows(20, (second) => `${at(second)};${second + offset};${1.5 * second}`)];
const replaceLine = (lines: readonly string[], index: number, line: string) =>
  lines.map((one, position) => (position === index ? line : one)).join('\n');
const refusalOf = async (content: string | Buffer) => (await inspect({ 'a.csv': content })).bad[0]?.refusal;

describe('files that are read', () => {
  test.each<[string, string, readonly string[]]>([
    ['commas', ['timestamp,value', ...rows(9, (s) => `${at(s)},${s}`)].join('\n'), ['value']],
    [
      'tabs, carriage returns, quotes',
      ['"Date Time"\t"Flow, main"\tno', ...rows(9, (s) => `"${at(s)}"\t"${s}.5"\t${s}`)].join('\r\n'),
      ['Flow, main'],
    ],
    ['mixed line ends', `t;a\r\n${rows(9, (s) => `${at(s)};${s}`).join('\r\n')}\n${at(10)};3\n`, ['a']],
    ['decimal commas and German time', ['Zeit;Druck', ...rows(9, (s) => `01.05.2024 10:00:0${s};${s},25`)].join('\n'), ['Druck']],
    ['seconds of the epoch', ['ts|x', ...rows(9, (s) => `${1_700_000_000 + s}|${s}`)].join('\n'), ['x']],
    ['no header', rows(9, (s) => `${at(s)},${s},7`).join('\n'), ['column2', 'column3']],
    [
      'byte order mark, text column and missing values',
      `\uFEFFtime,machine,a,b\n${rows(9, (s) => `${at(s)},pump,${s % 4 === 0 ? '' : s},${s === 3 ? 'NaN' : s}`).join('\n')}`,
      ['a', 'b'],
    ],
    ['Latin-1', Buffer.from(`time;T [°C]\n${rows(9, (s) => `${at(s)};${s}`).join('\n')}`, 'latin1').toString('latin1'), ['T [°C]']],
  ])('%s', async (_, content, sensors) => {
    const { good: read, bad } = await inspect({ 'a.csv': content });
    expect(bad).toEqual([]);
    expect(read[0]?.samples).toMatchObject({ sensors, medianStepMs: 1000 });
  });

  test('Latin-1 bytes', async () => {
    const { good: read } = await inspect({ 'a.csv': Buffer.from(`time;T [°C]\n${rows(9, (s) => `${at(s)};${s}`).join('\n')}`, 'latin1') });
    expect(read[0]?.samples.sensors).toEqual(['T [°C]']);
  });

  test('labels judge and are never sensors, change points neither', async () => {
    const content = [
      'datetime;flow;anomaly;changepoint',
      ...rows(20, (s) => `${at(s)};${s};${s > 10 ? '1.0' : '0.0'};${s === 11 ? 1 : 0}`),
    ].join('\n');
    const { good: read } = await inspect({ 'a.csv': content });
    expect(read[0]?.samples).toMatchObject({ sensors: ['flow'], labelled: true });
    const { good: named } = await inspect(
      { 'a.csv': content.replaceAll('anomaly', 'state') },
      { labels: ['state', 'changepoint'], ignored: [] },
    );
    expect(named[0]?.samples).toMatchObject({ sensors: ['flow'], labelled: true });
  });

  test('named time and ignored columns win over detection', async () => {
    const content = ['time;measured;flow;setpoint', ...rows(9, (s) => `${at(0)};${at(2 * s)};${s};4`)].join('\n');
    const { good: read } = await inspect({ 'a.csv': content }, { time: 'measured', ignored: ['setpoint'] });
    expect(read[0]?.samples).toMatchObject({ sensors: ['flow'], medianStepMs: 2000 });
  });
});

describe('files that are refused', () => {
  test.each<[string, string | Buffer, object]>([
    ['empty', '', { row: null, found: 'an empty file' }],
    ['blank lines', '\n\n', { found: 'only blank lines' }],
    ['header only', 'time;flow', { found: 'none' }],
    ['random bytes', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0xff]), { expected: 'text' }],
    ['prose', 'this is\nno table\n', { row: 1 }],
    [
      'no numbers',
      'time;name\n2024-05-01 00:00:00;a\n2024-05-01 00:00:01;b',
      { row: 1, expected: 'at least one column of numbers besides time and labels' },
    ],
    ['no time', 'a;b\n1;2\n3;4', { row: 1 }],
    ['one column twice', 'time;a;A\n2024-05-01;1;2', { row: 1, column: 'A' }],
    [
      'a word among numbers',
      replaceLine(good(), 7, `${at(6)};broken;1`),
      { row: 8, column: 'flow', expected: 'a number', found: '"broken"' },
    ],
    ['a time that is none', replaceLine(good(), 5, 'yesterday;1;2'), { row: 6, column: 'time', expected: 'a time', found: '"yesterday"' }],
    ['too few fields', replaceLine(good(), 9, `${at(8)};1`), { row: 10, expected: '3 fields' }],
    ['too many fields', replaceLine(good(), 9, `${at(8)};1;2;3`), { row: 10, expected: '3 fields' }],
    ['cut off in the middle', good().join('\n').slice(0, -6), { row: 21 }],
    [
      'time backwards',
      replaceLine(good(), 12, `${at(3)};1;2`),
      { row: 13, column: 'time', expected: 'a time not before 2024-05-01T00:00:10.000Z', found: '2024-05-01T00:00:03.000Z' },
    ],
    ['time at rest', ['time;a', ...rows(9, (s) => `${at(0)};${s}`)].join('\n'), { column: 'time' }],
  ])('%s', async (_, content, refusal) => {
    expect(await refusalOf(content)).toMatchObject(refusal);
  });

  test('the rest goes on: a twin, a stranger and a broken file do not harm the others', async () => {
    const { good: read, bad } = await inspect({
      'a.csv': good().join('\n'),
      'b.csv': good(3).join('\n'),
      'broken.csv': 'x',
      'twin.csv': good().join('\n'),
      'stranger.csv': ['time;torque', ...rows(9, (s) => `${at(s)};${s}`)].join('\n'),
    });
    expect(read.map(({ name }) => name)).toEqual(['a.csv', 'b.csv']);
    expect(Object.fromEntries(bad.map(({ raw, refusal }) => [raw.name, refusal.found]))).toMatchObject({
      'broken.csv': '"x"',
      'twin.csv': 'the content of a.csv',
      'stranger.csv': 'no column "flow"',
    });
  });
});

describe('labels judge and never train', () => {
  const labelled = [
    'time;flow;pressure;anomaly;changepoint',
    ...rows(20, (second) => `${at(second)};${second};${1.5 * second};${second > 12 ? 1 : 0};0`),
  ].join('\n');

  it.each([[undefined], [['anomaly']], [['changepoint']], [['flow']]])(
    'with the labels %j no column that looks like one is a sensor',
    async (labels) => {
      const { good: read } = await inspect({ 'a.csv': labelled }, labels === undefined ? {} : { labels });
      expect(read[0]?.samples.sensors).toEqual(['flow', 'pressure'].filter((name) => !(labels ?? []).includes(name)));
      expect(read[0]?.samples.labelled).toBe(true);
    },
  );

  it('refuses the whole delivery when a named column is in no file, and lets a file be without it when another has it', async () => {
    const mistyped = await inspect({ 'a.csv': labelled }, { labels: ['anomly'] });
    expect(mistyped.good).toEqual([]);
    expect(mistyped.bad[0]?.refusal).toMatchObject({ column: 'anomly', expected: 'a column "anomly" in at least one file' });
    expect((await inspect({ 'a.csv': labelled }, { ignored: ['presure'] })).good).toEqual([]);
    const partly = await inspect({ 'a.csv': labelled, 'b.csv': good(100).join('\n') }, { labels: ['anomaly'] });
    expect(partly.good.map(({ name, samples }) => [name, samples.labelled])).toEqual([
      ['a.csv', true],
      ['b.csv', false],
    ]);
  });
});
