import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inferenceResult } from '../../../../contracts/databus';
import { type RunningComponent } from '../../../../edge-sim/inference-server/component';
import { extractZip } from '../../../../edge-sim/inference-server/extractZip';
import { parsePipelineConfiguration } from '../../../../edge-sim/inference-server/pipelineConfiguration';
import { startPythonComponent } from '../../../../edge-sim/inference-server/pythonComponent';
import { buildEdgePackage } from '../../../../pipeline-code/validate-and-package/edgePackage';
import { description, onnx } from '../../support/examplePackage';

const limits = { maxEntries: 100, maxTotalBytes: 1e7, maxRatio: 100 };
let directory: string;
const started: RunningComponent[] = [];

/** A component of the built package, run as the inference server runs it. */
async function start(name: string, parameters: Record<string, string> = {}): Promise<RunningComponent> {
  const configuration = parsePipelineConfiguration(readFileSync(join(directory, 'package', 'pipeline_config.yml'), 'utf8'));
  const component = configuration.dataFlowPipeline.components.find((one) => one.name === name);
  if (!component) throw new Error(`no component ${name}`);
  const running = await startPythonComponent('python3', component, join(directory, name), () => undefined);
  started.push(running);
  await running.setParameters({
    ...Object.fromEntries((configuration.dataFlowPipeline.pipelineParameters ?? []).map((one) => [one.name, one.defaultValue])),
    ...parameters,
  });
  return running;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'python-components-'));
  writeFileSync(join(directory, 'package.zip'), (await buildEdgePackage(description, onnx)).zip);
  await extractZip(join(directory, 'package.zip'), join(directory, 'package'), limits);
  for (const name of ['preprocess', 'postprocess'])
    await extractZip(join(directory, 'package', 'components', `${name}_1.0.0.zip`), join(directory, name), limits);
});
afterAll(async () => {
  await Promise.all(started.map((one) => one.close()));
  rmSync(directory, { recursive: true, force: true });
});

const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const sample = (second: number, change: Record<string, unknown> = {}) => ({
  timestamp: at(second),
  'Volume Flow RateRMS': 2,
  'pressure.bar': 3 * second,
  ...change,
});

test('preprocess gives one feature vector per window, in the order of the model input, and says when a window is uncertain', async () => {
  const preprocess = await start('preprocess');
  const { outputs, errors } = await preprocess.process(
    Array.from({ length: 32 }, (_, second) => (second === 22 ? sample(second, { 'pressure.bar': null }) : sample(second))),
  );
  expect(errors).toEqual([]);
  const windows = outputs.filter((one) => one !== undefined);
  expect(windows.map((one) => [one.window_start, one.window_end, one.window_quality])).toEqual([
    [at(0), at(10), 'good'],
    [at(5), at(15), 'good'],
    [at(10), at(20), 'good'],
    [at(15), at(25), 'uncertain'],
    [at(20), at(30), 'uncertain'],
  ]);
  const [mean, deviation, slope] = windows[0]?.features as number[];
  expect(mean).toBeCloseTo(2, 12);
  expect(deviation).toBeCloseTo(0, 12);
  expect(slope).toBeCloseTo(3, 9);
});

test('a package with an end of its own gives no window after it, whatever time the samples tell', async () => {
  const samples = Array.from({ length: 32 }, (_, second) => sample(second));
  const windowsUntil = async (quietAfter: Date) =>
    (await (await start('preprocess', { quiet_after: quietAfter.toISOString() })).process(samples)).outputs.filter(
      (one) => one !== undefined,
    ).length;
  expect(await windowsUntil(new Date(Date.now() + 3_600_000))).toBe(5);
  expect(await windowsUntil(new Date(Date.now() - 1_000))).toBe(0);
});

test('preprocess refuses a payload without a time and goes on with the next', async () => {
  const preprocess = await start('preprocess');
  const { outputs, errors } = await preprocess.process([
    { 'Volume Flow RateRMS': 1, 'pressure.bar': 1 },
    ...Array.from({ length: 11 }, (_, second) => sample(second)),
  ]);
  expect(errors).toHaveLength(1);
  expect(errors[0]?.error).toMatch(/expected a 'timestamp' in the payload/);
  expect(outputs.filter((one) => one !== undefined)).toHaveLength(1);
});

const window = { window_start: at(0), window_end: at(10), window_quality: 'good' };

test('postprocess gives the result of the databus contract and the metric, with the parameters of the package', async () => {
  const postprocess = await start('postprocess');
  const { outputs } = await postprocess.process([{ ...window, score: [2.5], alarm: [true] }]);
  expect(inferenceResult.parse(JSON.parse(outputs[0]?.result as string))).toEqual({
    windowStart: at(0),
    windowEnd: at(10),
    score: 2.5,
    threshold: 1.5,
    alarm: true,
    packageId: description.packageId,
    packageVersion: '12',
    quality: 'good',
  });
  expect(JSON.parse(outputs[0]?.model_score as string)).toEqual({ value: 2.5 });
});

test('postprocess joins window and score also when they arrive one by one, and in their order', async () => {
  const postprocess = await start('postprocess');
  const { outputs } = await postprocess.process([
    window,
    { ...window, window_start: at(5), window_end: at(15) },
    { score: [0.1], alarm: [false] },
    { score: [9], alarm: [true] },
    { score: [0.2], alarm: [false] },
    { score: [8], alarm: [true] },
    { ...window, window_start: at(10), window_end: at(20) },
    { ...window, window_start: at(15), window_end: at(25) },
  ]);
  expect(
    outputs
      .map((one) => (one ? (JSON.parse(one.result as string) as { windowStart: string; score: number }) : undefined))
      .map((one) => one && [one.windowStart, one.score]),
  ).toEqual([undefined, undefined, [at(0), 0.1], [at(5), 9], undefined, undefined, [at(10), 0.2], [at(15), 8]]);
});

test('a score that is no number is not published', async () => {
  const postprocess = await start('postprocess');
  const { outputs } = await postprocess.process([{ ...window, score: ['nan'], alarm: [true] }]);
  expect(outputs).toEqual([undefined]);
});
