import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseModelServerConfiguration } from '../../../../edge-sim/inference-server/modelServerConfiguration';
import { executionOrder, parsePipelineConfiguration } from '../../../../edge-sim/inference-server/pipelineConfiguration';
import { extractZip } from '../../../../edge-sim/inference-server/extractZip';
import { buildEdgePackage } from '../../../../pipeline-code/validate-and-package/edgePackage';
import { packagingProblem, samplePeriodMs } from '../../../../pipeline-code/validate-and-package/packageConfiguration';
import { description, onnx } from '../../support/examplePackage';

const limits = { maxEntries: 100, maxTotalBytes: 1e7, maxRatio: 100 };
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'edge-package-'));
  const { zip } = await buildEdgePackage(description, onnx);
  writeFileSync(join(directory, 'package.zip'), zip);
  await extractZip(join(directory, 'package.zip'), join(directory, 'package'), limits);
  for (const name of ['preprocess', 'model', 'postprocess'])
    await extractZip(join(directory, 'package', 'components', `${name}_1.0.0.zip`), join(directory, name), limits);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const text = (...path: string[]) => readFileSync(join(directory, ...path), 'utf8');

describe('the edge configuration package', () => {
  test('has the files of an edge configuration package, without a top directory', () => {
    expect(readdirSync(join(directory, 'package')).sort()).toEqual([
      'README.html',
      'components',
      'datalink_metadata.yml',
      'pipeline_config.yml',
      'runtime_config.yml',
      'telemetry_data.yml',
    ]);
    expect(readdirSync(join(directory, 'package', 'components')).sort()).toEqual([
      'model_1.0.0.zip',
      'postprocess_1.0.0.zip',
      'preprocess_1.0.0.zip',
    ]);
    expect(readdirSync(join(directory, 'model'), { recursive: true }).sort()).toEqual(['1', join('1', 'model.onnx'), 'config.pbtxt']);
    expect(text('preprocess', 'requirements.txt')).toMatch(/^# Runtime dependencies\n/);
    expect(text('model', '1', 'model.onnx')).toBe(onnx.toString());
  });

  test('is accepted by the reader of the inference server, in the order preprocess, model, postprocess', () => {
    const configuration = parsePipelineConfiguration(text('package', 'pipeline_config.yml'));
    expect(executionOrder(configuration)).toEqual(['preprocess', 'model', 'postprocess']);
    expect(configuration.dataFlowPipelineInfo).toMatchObject({
      packageId: description.packageId,
      dataFlowPipelineVersion: '12',
      projectName: 'Pump Watch',
    });
    expect(configuration.dataFlowPipeline.pipelineInputs).toEqual([
      { name: 'Volume Flow RateRMS', type: 'Double' },
      { name: 'pressure.bar', type: 'Double' },
    ]);
    const wires = configuration.dataFlowPipeline.pipelineDag.map(({ source, target }) => `${source} > ${target}`);
    expect(wires).toEqual([
      'Databus.Volume Flow RateRMS > preprocess.Volume Flow RateRMS',
      'Databus.pressure.bar > preprocess.pressure.bar',
      'preprocess.features > model.features',
      'model.score > postprocess.score',
      'model.alarm > postprocess.alarm',
      ...['window_start', 'window_end', 'window_quality'].map((name) => `preprocess.${name} > postprocess.${name}`),
      'postprocess.result > Databus.result',
      'postprocess.model_score > Databus.model_score',
    ]);
    expect(configuration.dataFlowPipeline.pipelineOutputs).toContainEqual({
      name: 'model_score',
      type: 'String',
      metric: true,
      topic: '/siemens/edge/aiinference/Pump Watch/12/metrics/postprocess/model_score',
    });
    expect(parseModelServerConfiguration(text('model', 'config.pbtxt'))).toMatchObject({
      platform: 'onnxruntime_onnx',
      input: [{ name: 'features', dims: [1, 3] }],
      output: [{ name: 'score' }, { name: 'alarm', dataType: 'TYPE_BOOL' }],
    });
  });

  test('gives a YAML 1.1 reader strings where it expects strings, keys sorted', () => {
    const pipeline = text('package', 'pipeline_config.yml');
    expect(pipeline).toContain('dataFlowPipelineVersion: "12"');
    expect(pipeline).toContain('version: "3.11"');
    expect(pipeline).toContain('inputBatch: "No"');
    expect(pipeline).toMatch(/createdOn: "2026-11-22T17:27:25\.431Z"/);
    expect(Object.keys(parse(pipeline) as object)).toEqual([
      'dataFlowPipeline',
      'dataFlowPipelineInfo',
      'fileFormatVersion',
      'packageType',
    ]);
    expect(parse(text('package', 'runtime_config.yml'))).toMatchObject({
      fileFormatVersion: '1',
      runtimeInfo: { createdOn: '2026-11-22T17:27:25Z', projectName: 'Pump Watch' },
    });
    expect(parse(text('package', 'datalink_metadata.yml'))).toMatchObject({
      fileFormatVersion: '1.0.0',
      id: null,
      timeShifting: { enabled: true, periodicity: 1000, startingPoint: 'First timestamp' },
      inputs: [{ name: 'Volume Flow RateRMS', mapping: null }, {}],
    });
  });
});

describe('the file of the package', () => {
  test('has the name and digest file of the format', async () => {
    const built = await buildEdgePackage(description, onnx);
    expect(built.zipBlob).toBe(`${description.packageId}/12/Pump-Watch-edge_12.zip`);
    expect(built.digestBlob).toBe(`${description.packageId}/12/Pump-Watch-edge_12.sha256`);
    expect(built.digest).toBe(`${createHash('sha256').update(built.zip).digest('hex')}  Pump-Watch-edge_12.zip`);
  });

  test('is the same bytes when built again, other bytes for another model', async () => {
    const [first, second, other] = await Promise.all([
      buildEdgePackage(description, onnx),
      buildEdgePackage(description, onnx),
      buildEdgePackage(description, Buffer.from('another graph')),
    ]);
    expect(second.sha256).toBe(first.sha256);
    expect(other.sha256).not.toBe(first.sha256);
  });

  test('names from data are escaped in the README', async () => {
    const { zip } = await buildEdgePackage({ ...description, factory: '<script>alert(1)</script>' }, onnx);
    expect(zip.toString('latin1')).not.toContain('<td><script>');
  });
});

test('a sensor that the inference server reserves, or a signature that contradicts itself, cannot become a package', () => {
  const { signature } = description;
  expect(packagingProblem(signature)).toBeUndefined();
  expect(
    packagingProblem({
      ...signature,
      features: { ...signature.features, sensors: [{ name: 'Timestamp', aggregates: ['mean', 'std', 'min'] }] },
    }),
  ).toMatch(/"Timestamp" is reserved/);
  expect(packagingProblem({ ...signature, input: { name: 'features', size: 4 } })).toMatch(/takes 4 features.*gives 3/);
});

test('the sample period is the mean over all files, within the limits of the inference server', () => {
  const source = description.manifest.sources[0];
  if (!source) throw new Error('the example has a source');
  expect(samplePeriodMs([source, { ...source, rows: 201 }])).toBe(667);
  expect(samplePeriodMs([{ ...source, rows: 1_000_000 }])).toBe(10);
  expect(samplePeriodMs([{ ...source, rows: 1 }])).toBe(1000);
});
