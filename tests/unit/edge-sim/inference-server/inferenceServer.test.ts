import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  inferenceAnswerTopic,
  inferenceDataTopic,
  inferenceRequestTopic,
  lineDataTopic,
  metricTopic,
  simaticData,
  type InferenceAnswer,
  type InferenceRequest,
} from '../../../../contracts/databus';
import { InferenceServer } from '../../../../edge-sim/inference-server/inferenceServer';
import type { Labels, Telemetry } from '../../../../edge-sim/telemetry/emitter';
import { MemoryDatabus } from '../../support/memoryDatabus';
import { leaveInInbox, samplePackage, siteDirectory } from '../../support/samplePackage';

type Question = InferenceRequest extends infer T ? (T extends unknown ? Omit<T, 'id'> : never) : never;
const packageId = '0f4e2c6a-1111-5000-8000-000000000001';
const resultTopic = inferenceDataTopic('Pump Watch');
const open: InferenceServer[] = [];
const directories: string[] = [];

async function site(directory = siteDirectory(), maxActivePipelines = 3) {
  directories.push(directory);
  const databus = new MemoryDatabus();
  const gauges: { name: string; value: number; labels: Labels }[] = [];
  const lines: { level: string; message: string; labels: Labels }[] = [];
  const telemetry: Telemetry = {
    gauge: (name, value, labels = {}) => void gauges.push({ name, value, labels }),
    log: (level, message, labels = {}) => void lines.push({ level, message, labels }),
  };
  const server = await InferenceServer.start(
    { siteDirectory: directory, python: 'python3', maxActivePipelines, telemetryIntervalMs: 50 },
    { input: databus, output: databus },
    telemetry,
    () => undefined,
  );
  open.push(server);
  const ask = async (question: Question): Promise<InferenceAnswer> => {
    const id = randomUUID();
    await databus.publishJson(inferenceRequestTopic, { ...question, id });
    const [answer] = await databus.until(inferenceAnswerTopic, 1, (text) => (JSON.parse(text) as InferenceAnswer).id === id);
    return JSON.parse(answer as string) as InferenceAnswer;
  };
  const deliver = async (version: string, changes: Parameters<typeof samplePackage>[2] = {}, id = packageId): Promise<InferenceAnswer> => {
    const imported = await ask({ kind: 'import', ...leaveInInbox(directory, await samplePackage(id, version, changes)) });
    return imported.ok ? ask({ kind: 'activate', packageId: id, packageVersion: version }) : imported;
  };
  let sequence = 0;
  const feed = (current: number, flow = 1, qc = 3) =>
    databus.publishJson(lineDataTopic, {
      seq: ++sequence,
      vals: [
        ['Motor Current', current],
        ['Flow Rate', flow],
      ].map(([id, val]) => ({ id, qc, ts: `2026-11-22T13:00:${String(sequence % 60).padStart(2, '0')}.000Z`, val })),
    });
  return { directory, databus, server, ask, deliver, feed, gauges, lines };
}
const resultsOf = (texts: string[]) =>
  texts.map((text) => JSON.parse(String(simaticData.parse(JSON.parse(text)).vals[0]?.val)) as Record<string, unknown>);

afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

it('runs the Python and ONNX components of a delivered package on samples of the line', async () => {
  const { databus, deliver, feed, ask } = await site();
  const answer = await deliver('1');
  expect(answer).toMatchObject({ ok: true, pipelines: [{ packageId, packageVersion: '1', projectName: 'Pump Watch', state: 'RUNNING' }] });
  await feed(3, 4);
  await feed(30, 4);
  await feed(3, 4, 1);
  const texts = await databus.until(resultTopic, 3);
  expect(resultsOf(texts)).toEqual([
    { score: 7, alarm: false, time: '2026-11-22T13:00:01.000Z', quality: 'good', package: `${packageId}/1`, scale: 3 },
    { score: 34, alarm: true, time: '2026-11-22T13:00:02.000Z', quality: 'good', package: `${packageId}/1`, scale: 3 },
    { score: 7, alarm: false, time: '2026-11-22T13:00:03.000Z', quality: 'uncertain', package: `${packageId}/1`, scale: 3 },
  ]);
  expect(texts.map((text) => simaticData.parse(JSON.parse(text)).vals[0]?.qc)).toEqual([3, 3, 1]);
  expect(databus.texts(metricTopic('Pump Watch', '1', 'postprocess', 'model_score'))).toEqual([
    '{"value": 7}',
    '{"value": 34}',
    '{"value": 7}',
  ]);
  expect((await ask({ kind: 'status' })).pipelines[0]).toMatchObject({ samplesIn: 3, results: 3 });
});

it('tells the model monitor of samples, node times, custom metrics and of alarms that begin and end', async () => {
  const { databus, deliver, feed, gauges, lines } = await site();
  await deliver('1');
  for (const current of [3, 30, 30, 3]) await feed(current);
  await databus.until(resultTopic, 4);
  const labels = { pipeline: 'Pump Watch', package_id: packageId, version: '1' };
  const last = (name: string) => gauges.filter((gauge) => gauge.name === name).at(-1);
  for (let attempt = 0; attempt < 100 && (last('pipeline_global_outputs')?.value ?? 0) < 4; attempt += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(last('pipeline_global_inputs')).toEqual({ name: 'pipeline_global_inputs', value: 4, labels });
  expect(last('pipeline_global_outputs')).toEqual({ name: 'pipeline_global_outputs', value: 4, labels });
  expect(last('pipeline_preprocess_inputs')).toMatchObject({ value: 4, labels });
  const times = ['min', 'avg', 'max'].map((which) => last(`pipeline_preprocess_exec_${which}`)?.value ?? -1);
  expect(times).toEqual([...times].sort((left, right) => left - right));
  expect(times[0]).toBeGreaterThan(0);
  expect(last('model_score')?.labels).toEqual({ ...labels, component: 'postprocess' });
  expect(lines.map(({ level, message }) => `${level} ${message.split(',')[0]}`)).toEqual([
    'info package imported',
    'info package activated',
    'warn alarm started',
    'info alarm ended',
  ]);
  expect(lines.every((one) => one.labels['version'] === '1')).toBe(true);
});

it('treats a bad value as missing and goes on after a sample that a component refuses', async () => {
  const { databus, deliver, feed, ask } = await site();
  await deliver('1');
  await feed(1, 1, 0);
  await feed(13);
  await feed(2);
  expect(resultsOf(await databus.until(resultTopic, 1))).toMatchObject([{ score: 3 }]);
  const [pipeline] = (await ask({ kind: 'status' })).pipelines;
  expect(pipeline).toMatchObject({ state: 'RUNNING', samplesIn: 3, results: 1 });
  expect(pipeline?.error).toContain('unlucky');
});

it('replaces a version only after the new one runs, and keeps the earlier one when the new one cannot start', async () => {
  const { databus, deliver, feed } = await site();
  await deliver('1');
  const refused = await deliver('2', { preprocess: 'import sqlite3\ndef process_input(data):\n    return None\n' });
  expect(refused.ok).toBe(false);
  expect(refused.error).toContain('sqlite3');
  expect(refused.pipelines.map(({ packageVersion, state }) => [packageVersion, state])).toEqual([
    ['1', 'RUNNING'],
    ['2', 'ERROR'],
  ]);
  await feed(1);
  expect(resultsOf(await databus.until(resultTopic, 1))).toMatchObject([{ package: `${packageId}/1` }]);
  const answer = await deliver('10');
  expect(answer.pipelines.map(({ packageVersion, state }) => [packageVersion, state])).toEqual([
    ['1', 'AVAILABLE'],
    ['2', 'ERROR'],
    ['10', 'RUNNING'],
  ]);
  await feed(1);
  expect(resultsOf(await databus.until(resultTopic, 2))[1]).toMatchObject({ package: `${packageId}/10` });
});

it('brings the active pipeline back after a restart', async () => {
  const first = await site();
  await first.deliver('1');
  await first.server.close();
  const second = await site(first.directory);
  expect((await second.ask({ kind: 'status' })).pipelines).toMatchObject([{ packageVersion: '1', state: 'RUNNING' }]);
  await second.feed(5);
  expect(resultsOf(await second.databus.until(resultTopic, 1))).toMatchObject([{ score: 6 }]);
});

it('starts a crashed component again and reports the failure', async () => {
  const { databus, deliver, feed, ask } = await site();
  await deliver('1');
  await feed(666);
  const untilState = async (wanted: string) => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const [pipeline] = (await ask({ kind: 'status' })).pipelines;
      if (pipeline?.state === wanted) return pipeline;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the pipeline did not reach ${wanted}`);
  };
  expect((await untilState('ERROR')).error).toContain('code 3');
  await untilState('RUNNING');
  await feed(4);
  expect(resultsOf(await databus.until(resultTopic, 1))).toMatchObject([{ score: 5 }]);
});

it('imports the same package once, and refuses other content under a known version and a wrong digest', async () => {
  const { directory, ask, deliver } = await site();
  await deliver('1');
  const content = await samplePackage(packageId, '1');
  const other = leaveInInbox(directory, await samplePackage(packageId, '1', { files: { 'README.html': 'changed' } }));
  expect(await ask({ kind: 'import', ...leaveInInbox(directory, content) })).toMatchObject({ ok: true });
  expect(await ask({ kind: 'import', ...other })).toMatchObject({ ok: false, error: expect.stringContaining('has a version 1 already') });
  expect(await ask({ kind: 'import', ...leaveInInbox(directory, content), sha256: 'a'.repeat(64) })).toMatchObject({
    ok: false,
    error: expect.stringContaining('SHA-256'),
  });
  expect(readdirSync(join(directory, 'packages'))).toEqual([packageId]);
});

it('refuses more active pipelines than the site allows', async () => {
  const { deliver } = await site(undefined, 1);
  await deliver('1');
  const second = await deliver('1', {}, '0f4e2c6a-1111-5000-8000-000000000002');
  expect(second).toMatchObject({ ok: false, error: expect.stringContaining('at most 1 active'), maxActivePipelines: 1 });
});

it('leaves nothing behind of a package that is refused', async () => {
  const { directory, deliver } = await site();
  const refused = await deliver('1', { files: { 'components/model_1.0.0.zip': 'not a zip' } });
  expect(refused.ok).toBe(false);
  expect(existsSync(join(directory, 'packages', packageId))).toBe(false);
  expect(readdirSync(join(directory, 'packages'))).toEqual([]);
});

it('ends the work of a package that is deactivated, gives its place to another one, and does not bring it back at the next start', async () => {
  const other = '0f4e2c6a-1111-5000-8000-000000000002';
  const { directory, server, databus, deliver, ask, feed, lines } = await site(undefined, 1);
  await deliver('1');
  expect(await ask({ kind: 'deactivate', packageId: other })).toMatchObject({ ok: true, pipelines: [{ packageId, state: 'RUNNING' }] });
  expect(await ask({ kind: 'deactivate', packageId })).toMatchObject({
    ok: true,
    pipelines: [{ packageId, packageVersion: '1', state: 'AVAILABLE' }],
  });
  expect(lines.at(-1)?.message).toBe('package deactivated');
  expect((await deliver('1', {}, other)).pipelines.map(({ packageId: one, state }) => [one, state])).toEqual([
    [packageId, 'AVAILABLE'],
    [other, 'RUNNING'],
  ]);
  await feed(3);
  expect(resultsOf(await databus.until(resultTopic, 1)).map((one) => one.package)).toEqual([`${other}/1`]);
  await server.close();
  open.splice(open.indexOf(server), 1);
  const { ask: askAgain } = await site(directory, 1);
  expect((await askAgain({ kind: 'status' })).pipelines.map(({ packageId: one, state }) => [one, state])).toEqual([
    [packageId, 'AVAILABLE'],
    [other, 'RUNNING'],
  ]);
});
