import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { inspectFiles } from '../../../../pipeline-code/data-pipeline/inspectFiles';
import { defineFeatures, shapeWindows } from '../../../../pipeline-code/data-pipeline/shapeWindows';
import { trainModel } from '../../../../pipeline-code/train/train';
import { readWindows } from '../../../../pipeline-code/train/windowsFile';
import { evaluateModel } from '../../../../pipeline-code/validate-and-package/gateFigures';
import { decideGate, type GateDecision } from '../../../../pipeline-code/validate-and-package/gate';
import { projectRoot } from '../../../support/projectRoot';

/** The valve experiments of the Skoltech Anomaly Benchmark; not part of this project. */
const recordings = process.env.VALVE_RECORDINGS ?? join(projectRoot, '..', 'shared/data/skab/valve1');
const present = existsSync(recordings);
if (!present) console.info(`skipped: no recordings in ${recordings}; VALVE_RECORDINGS may name their folder`);
const limits = { maxFalseAlarmRate: 0.15, minFaultDetection: 0.8, minLabelAuc: 0.7 };

const directory = mkdtempSync(join(tmpdir(), 'recordings-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function random(seed: number) {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
/** Each sensor column in an order of its own; time and labels stay. */
function shuffleSensors(text: string, seed: number): string {
  const [header = '', ...lines] = text.trim().split(/\r?\n/);
  const rows = lines.map((line) => line.split(';'));
  const next = random(seed);
  for (let column = 1; column <= 8; column += 1) {
    for (let index = rows.length - 1; index > 0; index -= 1) {
      const [a, b] = [rows[index], rows[Math.floor(next() * (index + 1))]];
      if (a === undefined || b === undefined) continue;
      [a[column], b[column]] = [b[column] ?? '', a[column] ?? ''];
    }
  }
  return [header, ...rows.map((row) => row.join(';'))].join('\n');
}

async function judge(name: string, change: (text: string, index: number) => string): Promise<GateDecision> {
  const files = readdirSync(recordings)
    .filter((file) => file.endsWith('.csv'))
    .map((file, index) => {
      const content = change(readFileSync(join(recordings, file), 'utf8'), index);
      const path = join(directory, `${name}-${file}`);
      writeFileSync(path, content);
      return {
        name: file,
        etag: '"0x1"',
        file: path,
        sizeBytes: content.length,
        sha256: createHash('sha256').update(content).digest('hex'),
      };
    });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone='UTC'");
    const { good, bad } = await inspectFiles(connection, files, {});
    expect(bad).toEqual([]);
    const shape = { windowSeconds: 30, strideSeconds: 10, referenceFraction: 'auto' as const };
    const { definition } = defineFeatures(good, shape);
    const parquet = join(directory, `${name}.parquet`);
    await shapeWindows(connection, good, definition, shape, parquet);
    const { onnx, signature } = await trainModel(
      'valve',
      'valve/manifest.json',
      { dataVersion: '0123456789abcdef', features: definition },
      await readWindows(parquet, definition),
    );
    return decideGate(await evaluateModel(onnx, signature, parquet), limits);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

(present ? describe : describe.skip)('recorded valve experiments', () => {
  test('a model trained on the first 40 % of each passes the gate with a wide margin', async () => {
    const { passed, figures } = await judge('real', (text) => text);
    expect(passed).toBe(true);
    expect(figures.labelAuc).toBeGreaterThan(0.85);
    expect(figures.falseAlarmRate).toBeLessThan(0.15);
    expect(figures.faultDetection).toBeGreaterThan(0.95);
  });

  test('with every sensor column shuffled the gate refuses because of the labels', async () => {
    const { passed, failed, figures } = await judge('shuffled', (text, index) => shuffleSensors(text, index + 1));
    expect(passed).toBe(false);
    expect(failed.map(({ figure }) => figure)).toEqual(['labelAuc']);
    expect(figures.labelAuc).toBeLessThan(0.6);
  });
});
