import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { inferenceResult, type InferenceResult } from '../../../../contracts/databus';
import { type FeatureDefinition, featureNames } from '../../../../contracts/features/featureDefinition';
import { quoteIdentifier, renderFeatureSql } from '../../../../contracts/features/renderSql';
import { ActivePipeline } from '../../../../edge-sim/inference-server/activePipeline';
import { PackageStore } from '../../../../edge-sim/inference-server/packageStore';
import { machineSensors, type MachineSample, simulateRecord } from '../../../../edge-sim/production-line/machine';
import { scoreWindows } from '../../../../pipeline-code/train/onnxScores';
import { trainModel } from '../../../../pipeline-code/train/train';
import { type Window } from '../../../../pipeline-code/train/windowsFile';
import { buildEdgePackage } from '../../../../pipeline-code/validate-and-package/edgePackage';
import { description } from '../../support/examplePackage';

const features: FeatureDefinition = {
  schemaVersion: '1',
  windowSeconds: 30,
  strideSeconds: 10,
  minSamples: 5,
  sensors: machineSensors.map((name) => ({ name, aggregates: ['mean', 'std', 'slope'] })),
};
const startTime = new Date('2026-01-01T00:00:00.000Z');
const timeOf = (sample: number) => startTime.getTime() + sample * 1_000;
const dataVersion = '0123456789abcdef';

/** The windows of the cloud: the data pipeline's SQL over the same samples. */
async function cloudWindows(samples: readonly MachineSample[]): Promise<{ startMs: number; features: number[] }[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `CREATE TABLE samples (source VARCHAR, row BIGINT, time_ms BIGINT, label DOUBLE, ${machineSensors.map((name) => `${quoteIdentifier(name)} DOUBLE`).join(', ')})`,
  );
  await connection.run(
    `INSERT INTO samples VALUES ${samples.map(({ time, values }, row) => `('a', ${row}, ${time.getTime()}, NULL, ${machineSensors.map((name) => values[name]).join(', ')})`).join(', ')}`,
  );
  const result = await connection.runAndReadAll(renderFeatureSql(features, 'samples'));
  const windows = result
    .getRowObjects()
    .map((row) => ({ startMs: Number(row.start_ms), features: featureNames(features).map((name) => Number(row[name])) }));
  connection.closeSync();
  instance.closeSync();
  return windows;
}

test('the delivered package scores live samples as the cloud scored their windows', async () => {
  const samples = simulateRecord({
    seed: 7,
    startTime,
    periodMs: 1_000,
    samples: 2_400,
    faults: [{ kind: 'step', from: 1_800, to: 2_100 }],
  });
  const cloud = await cloudWindows(samples);
  const role = (index: number): Window['role'] =>
    index < 80 ? 'train' : index < 130 ? 'calibrate' : index < 170 ? 'held-out' : 'evaluate';
  const { onnx, signature } = await trainModel(
    'anomaly',
    'm',
    { dataVersion, features },
    cloud.map((window, index) => ({ source: 'a', label: null, role: role(index), features: window.features })),
  );
  const expected = await scoreWindows(
    onnx,
    cloud.map((window) => window.features),
  );

  const site = mkdtempSync(join(tmpdir(), 'edge-parity-'));
  const log = () => undefined;
  try {
    const store = await PackageStore.open(site, log);
    const built = await buildEdgePackage({ ...description, signature }, onnx);
    writeFileSync(join(site, 'inbox', 'package.zip'), built.zip);
    const pipeline = await ActivePipeline.start(await store.import('package.zip', built.sha256), 'python3', log);
    const results: InferenceResult[] = [];
    for (let from = 0; from < samples.length; from += 400) {
      const outputs = await pipeline.process(
        samples.slice(from, from + 400).map(({ time, values }) => ({ time: time.toISOString(), values, uncertain: false })),
      );
      results.push(...outputs.map(({ values }) => inferenceResult.parse(JSON.parse(values.result as string))));
    }
    expect(pipeline.error).toBeUndefined();
    await pipeline.close();

    expect(results.map(({ windowStart }) => Date.parse(windowStart))).toEqual(cloud.map(({ startMs }) => startMs));
    const worst = Math.max(
      ...results.map(({ score }, index) => Math.abs(score - (expected[index]?.score ?? NaN)) / Math.max(1, Math.abs(score))),
    );
    expect(worst).toBeLessThan(1e-4);
    expect(results.map(({ alarm }) => alarm)).toEqual(expected.map(({ alarm }) => alarm));
    const during = results.filter(
      ({ windowStart, windowEnd }) => Date.parse(windowStart) >= timeOf(1_800) && Date.parse(windowEnd) <= timeOf(2_100),
    );
    expect(during.filter(({ alarm }) => alarm).length / during.length).toBeGreaterThan(0.8);
    expect(new Set(results.map(({ packageId, packageVersion }) => `${packageId} ${packageVersion}`))).toEqual(
      new Set([`${description.packageId} ${description.packageVersion}`]),
    );
  } finally {
    rmSync(site, { recursive: true, force: true });
  }
});
