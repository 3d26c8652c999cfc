import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { z } from 'zod';
import {
  inferenceDataTopic,
  lineCommandTopic,
  lineDataTopic,
  lineStateTopic,
  simaticData,
  type LineCommand,
  type LineState,
} from '../../contracts/databus';
import { connectDatabus, type Databus } from '../../edge-sim/databus/databusClient';
import { inferenceClient } from '../../edge-sim/model-manager/inferenceClient';
import { machineSensors, simulateRecord } from '../../edge-sim/production-line/machine';
import { leaveInInbox, samplePackage, siteDirectory } from '../unit/support/samplePackage';
import { exitOf, freePort, inferenceServerAnswers, siteProcesses, type SiteProcesses } from './support/siteProcesses';

const packageId = '0f4e2c6a-1111-5000-8000-000000000001';
const directory = siteDirectory();
const lineState = z.custom<LineState>((value) => typeof value === 'object');
let port: number;
let broker: ChildProcess;
let databus: Databus;
let programs: SiteProcesses;

async function command(content: LineCommand): Promise<LineState> {
  const client = await connectDatabus({ port }, 'operator', () => undefined);
  try {
    const finished = new Promise<LineState>(
      (resolve) =>
        void client.subscribeJson(lineStateTopic, lineState, (state) => {
          if (state.id === content.id && state.finished) resolve(state);
        }),
    );
    await client.publishJson(lineCommandTopic, content);
    return await finished;
  } finally {
    await client.close();
  }
}

beforeAll(async () => {
  programs = await siteProcesses(['databus', 'production-line', 'inference-server']);
  port = await freePort();
  const site = { FACTORY: 'test', DEVICE_ID: 'aimm-test', DATABUS_PORT: String(port) };
  // The broker comes last: programs of a site start in any order.
  programs.run('production-line', { ...site, LINE_MODE: 'idle', SAMPLE_INTERVAL_MS: '1000' });
  programs.run('inference-server', {
    ...site,
    SITE_DIRECTORY: directory,
    PYTHON: 'python3',
    MAX_ACTIVE_PIPELINES: '2',
    OTLP_PORT: '9',
    TELEMETRY_INTERVAL_MS: '1000',
  });
  broker = programs.run('databus', { DATABUS_PORT: String(port) });
  databus = await connectDatabus({ port }, 'test', () => undefined);
  await inferenceServerAnswers(port, programs);
});

afterAll(async () => {
  await databus.close();
  const codes = await programs.stop();
  rmSync(directory, { recursive: true, force: true });
  expect(codes.slice(0, 3)).toEqual([0, 0, 0]);
});

it('answers every sample of a fast replay with a result of the delivered package', async () => {
  const inference = await inferenceClient(databus);
  const archive = leaveInInbox(directory, await samplePackage(packageId, '1'));
  expect(await inference.ask({ kind: 'import', ...archive }, 20)).toMatchObject({ ok: true });
  expect(await inference.ask({ kind: 'activate', packageId, packageVersion: '1' }, 20)).toMatchObject({ ok: true });

  const count = 20_000;
  const columns = [...machineSensors];
  const record = simulateRecord({ seed: 7, startTime: new Date('2026-01-01T00:00:00Z'), periodMs: 1000, samples: count });
  const times: string[] = [];
  const all = new Promise<void>(
    (resolve) =>
      void databus.subscribeJson(inferenceDataTopic('Pump Watch'), simaticData, ({ vals }) => {
        times.push(vals[0]?.ts as string);
        if (times.length === count) resolve();
      }),
  );
  const startedAt = performance.now();
  const state = await command({
    kind: 'replay',
    id: randomUUID(),
    intervalMs: 0,
    columns,
    rows: record.map(({ time, values }) => [time.toISOString(), ...columns.map((name) => values[name] as number)]),
  });
  const sentMs = performance.now() - startedAt;
  await all;
  const doneMs = performance.now() - startedAt;
  expect(state).toMatchObject({ kind: 'replay', samplesSent: count, finished: true });
  expect(times).toEqual(record.map(({ time }) => time.toISOString()));
  expect((await inference.ask({ kind: 'status' }, 20)).pipelines).toMatchObject([{ state: 'RUNNING', samplesIn: count, results: count }]);
  process.stdout.write(
    `replay of ${count} samples: sent ${Math.round((count / sentMs) * 1000)}/s, answered ${Math.round((count / doneMs) * 1000)}/s\n`,
  );
});

it('keeps a fault on until it is switched off', async () => {
  const pressures: number[] = [];
  let heard = () => undefined as void;
  await databus.subscribeJson(lineDataTopic, simaticData, ({ vals }) => {
    pressures.push(Number(vals.find(({ id }) => id === 'Discharge Pressure')?.val));
    heard();
  });
  const next = async (count: number) => {
    pressures.length = 0;
    await new Promise<void>((resolve) => {
      heard = () => {
        if (pressures.length >= count) resolve();
      };
    });
    return pressures.slice(0, count);
  };
  const run1 = randomUUID();
  await databus.publishJson(lineCommandTopic, { kind: 'simulate', id: run1, intervalMs: 5, fault: 'none' });
  await next(10);
  await command({ kind: 'fault', id: randomUUID(), fault: 'stuck' });
  expect(new Set(await next(20)).size).toBe(1);
  await command({ kind: 'fault', id: randomUUID(), fault: 'none' });
  expect(new Set(await next(20)).size).toBeGreaterThan(10);
  expect(await command({ kind: 'stop', id: randomUUID() })).toMatchObject({ kind: 'idle', finished: true });
});

it('refuses a replay whose rows do not fit its columns', async () => {
  const state = await command({
    kind: 'replay',
    id: randomUUID(),
    intervalMs: 0,
    columns: ['a', 'b'],
    rows: [
      ['2026-01-01T00:00:00Z', 1, 2],
      ['2026-01-01T00:00:01Z', 1],
    ],
  });
  expect(state).toMatchObject({ finished: true, samplesSent: 0, error: 'row 1: expected 2 values after the time, got 1' });
});

it('ends a connection that announces a packet above the limit, and serves the others', async () => {
  const socket = connect(port, '127.0.0.1');
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.write(Buffer.concat([Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f]), Buffer.alloc(100)]));
  await closed;
  expect(await command({ kind: 'simulate', id: randomUUID(), samples: 10, intervalMs: 0, fault: 'none' })).toMatchObject({
    samplesSent: 10,
  });
});

it('stops with code 2 and the names of what is missing when its settings are wrong', async () => {
  const before = programs.output().length;
  expect(await exitOf(programs.run('production-line', { DATABUS_PORT: 'none' }))).toBe(2);
  expect(programs.output().slice(before)).toContain('LINE_MODE is missing');
});

it('finds its databus again after the broker has been replaced', async () => {
  const inference = await inferenceClient(databus);
  const before = (await inference.ask({ kind: 'status' }, 5)).pipelines[0]?.samplesIn ?? 0;
  broker.kill('SIGTERM');
  expect(await exitOf(broker)).toBe(0);
  programs.run('databus', { DATABUS_PORT: String(port) });
  await inferenceServerAnswers(port, programs);
  let state: LineState | undefined;
  for (let attempt = 0; state === undefined && attempt < 10; attempt += 1) {
    const answered = command({ kind: 'simulate', id: randomUUID(), samples: 20, intervalMs: 0, fault: 'none' });
    state = await Promise.race([answered, new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 1_000).unref())]);
  }
  expect(state).toMatchObject({ samplesSent: 20, finished: true });
  let after = before;
  for (let attempt = 0; after < before + 20 && attempt < 100; attempt += 1) {
    after = (await inference.ask({ kind: 'status' }, 5)).pipelines[0]?.samplesIn ?? 0;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(after).toBeGreaterThanOrEqual(before + 20);
});
