import type { ChildProcess } from 'node:child_process';
import { randomUUID, X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { TelemetryEmitter } from '../../edge-sim/telemetry/emitter';
import { tenantId } from '../../local-azure/region/regionContext';
import { until } from './support/testRegion';
import { platformRegion, type PlatformRegion } from './support/platformRegion';
import type { ProgramName } from '../../contracts/programs';
import { exitOf, freePort, siteProcesses, type SiteProcesses } from './support/siteProcesses';
import { TelemetryReceivers } from './support/telemetryTargets';

const instrumentationKey = randomUUID();
const remoteWritePath = '/dataCollectionRules/dcr-1/streams/Microsoft-PrometheusMetrics/api/v1/write?api-version=2023-04-24';
const certificateOf = (pem: string) => new X509Certificate(pem).toString();
let region: PlatformRegion;
let targets: TelemetryReceivers;
let programs: SiteProcesses;
let directory: string;
let certificatePath: string;
let application: { objectId: string; clientId: string };
let ports: Record<'otlp' | 'monitor' | 'ingestion' | 'metrics', number>;
const running = new Map<string, ChildProcess>();

function settingsOf(name: string): [ProgramName, Record<string, string>] {
  const site = { FACTORY: 'plant', DEVICE_ID: 'device-1', DATABUS_PORT: '1' };
  const proxy = (port: number) => ({
    TARGET_HOST: targets.host,
    LISTENING_PORT: String(port),
    AUDIENCE: 'https://monitor.azure.com',
    IDENTITY_TYPE: 'aadApplication',
    AAD_CLIENT_ID: application.clientId,
    AAD_TENANT_ID: tenantId,
    AAD_CLIENT_CERTIFICATE_PATH: certificatePath,
    AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: '10',
    AZURE_AUTHORITY_HOST: region.entra.authorityHost,
    DISABLE_INSTANCE_DISCOVERY: 'true',
    NODE_EXTRA_CA_CERTS: region.context.tls.caFile,
  });
  if (name === 'ingestion-proxy') return ['auth-proxy', proxy(ports.ingestion)];
  if (name === 'metrics-proxy') return ['auth-proxy', proxy(ports.metrics)];
  if (name === 'otel-collector')
    return [
      'otel-collector',
      {
        ...site,
        SITE_DIRECTORY: directory,
        OTLP_PORT: String(ports.otlp),
        MODEL_MONITOR_PORT: String(ports.monitor),
        TELEMETRY_INTERVAL_MS: '200',
      },
    ];
  return [
    'model-monitor',
    {
      ...site,
      SITE_DIRECTORY: directory,
      MODEL_MONITOR_PORT: String(ports.monitor),
      INSTRUMENTATION_KEY: instrumentationKey,
      INGESTION_PROXY_PORT: String(ports.ingestion),
      METRICS_PROXY_PORT: String(ports.metrics),
      REMOTE_WRITE_PATH: remoteWritePath,
    },
  ];
}
const start = (name: string) => running.set(name, programs.run(...settingsOf(name)));
async function kill(name: string): Promise<void> {
  running.get(name)?.kill('SIGKILL');
  await exitOf(running.get(name) as ChildProcess);
}
const emitters: TelemetryEmitter[] = [];
async function emitter(): Promise<TelemetryEmitter> {
  const telemetry = await TelemetryEmitter.open(
    'test-program',
    { FACTORY: 'plant', DEVICE_ID: 'device-1', SITE_DIRECTORY: directory, OTLP_PORT: ports.otlp },
    () => undefined,
  );
  emitters.push(telemetry);
  return telemetry;
}
const messages = () => new Set(targets.envelopes.flatMap(({ data }) => data.baseData.message ?? []));
const get = (port: number, path: string) => fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(5_000) });

beforeAll(async () => {
  region = await platformRegion();
  directory = join(region.directory, 'site');
  mkdirSync(directory);
  certificatePath = join(directory, 'device.pem');
  const pem = await makeKeyAndCertificate('site', new Date());
  writeFileSync(certificatePath, pem);
  application = region.entra.applications.register('site');
  region.entra.applications.addServicePrincipal(application.clientId);
  region.entra.applications.addCertificate(application.objectId, certificateOf(pem));
  targets = await TelemetryReceivers.open(region.context.tls);
  ports = { otlp: await freePort(), monitor: await freePort(), ingestion: await freePort(), metrics: await freePort() };
  programs = await siteProcesses(['otel-collector', 'model-monitor', 'auth-proxy']);
  for (const name of ['otel-collector', 'model-monitor', 'ingestion-proxy', 'metrics-proxy']) start(name);
});
afterAll(async () => {
  const codes = await programs.stop();
  targets.close();
  await region.stop();
  expect(codes.slice(-4)).toEqual([0, 0, 0, 0]);
});
afterEach(async () => {
  for (const telemetry of emitters.splice(0)) await telemetry.close();
  targets.refuse = () => undefined;
  targets.refuseMetrics = () => undefined;
});

it('brings logs and metrics of a program to both targets, with labels, item ids and the certificate identity', async () => {
  const telemetry = await emitter();
  telemetry.log('warn', 'alarm started', { version: '7' });
  telemetry.gauge('pipeline_global_inputs', 41.5, { version: '7', pipeline: 'Pump Watch' });
  await until(
    () => messages().has('alarm started') && targets.samples.some(({ labels }) => labels['__name__'] === 'pipeline_global_inputs'),
    'both targets',
  );
  await until(
    () => targets.envelopes.some(({ data }) => data.baseData.metrics?.[0]?.name === 'pipeline_global_inputs'),
    'the metric in Application Insights',
  );
  const common = { factory: 'plant', device: 'device-1', component: 'test-program', version: '7' };
  const log = targets.envelopes.find(({ data }) => data.baseData.message === 'alarm started');
  expect(log).toMatchObject({
    iKey: instrumentationKey,
    name: 'Microsoft.ApplicationInsights.Message',
    data: {
      baseType: 'MessageData',
      baseData: {
        severityLevel: 'Warning',
        properties: { ...common, 'factoryloop.item_id': expect.stringMatching(/^[0-9a-f-]{36}\/\d+$/) },
      },
    },
  });
  const metric = targets.envelopes.find(({ data }) => data.baseData.metrics?.[0]?.name === 'pipeline_global_inputs');
  expect(metric).toMatchObject({ data: { baseType: 'MetricData', baseData: { metrics: [{ value: 41.5 }], properties: common } } });
  const sample = targets.samples.find(({ labels }) => labels['__name__'] === 'pipeline_global_inputs');
  expect(sample).toEqual({
    value: 41.5,
    timestamp: new Date(String(metric?.time)).getTime(),
    labels: { __name__: 'pipeline_global_inputs', ...common, pipeline: 'Pump Watch' },
  });
  await until(
    () => targets.samples.some(({ labels, value }) => labels['__name__'] === 'host_box_running_application_count' && value === 1),
    'the host metrics',
  );
  const [track] = targets.requests.filter(({ url }) => url === '/v2.1/track');
  expect(region.context.authority.verify(track?.authorization.replace('Bearer ', '') ?? '', ['https://monitor.azure.com'])).toMatchObject({
    ok: true,
    principal: { clientId: application.clientId },
  });
  const write = targets.requests.find(({ url }) => url === remoteWritePath);
  expect(write?.headers).toMatchObject({
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
  });
});

it('loses nothing when every hop is killed while items flow and the targets fail in turn', async () => {
  let request = 0;
  targets.refuse = () =>
    (
      [
        { status: 503 },
        undefined,
        { partial: (_: unknown, index: number) => (index % 2 === 1 ? 429 : undefined) },
        undefined,
        { status: 500 },
      ] as const
    )[request++ % 5];
  let telemetry = await emitter();
  const sent: string[] = [];
  const flow = async (count: number) => {
    for (let index = 0; index < count; index += 1) {
      sent.push(`line ${sent.length}`);
      telemetry.log('info', sent.at(-1) as string);
      if (index % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  for (const name of ['otel-collector', 'model-monitor', 'ingestion-proxy', 'metrics-proxy']) {
    const flowing = flow(400);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await kill(name);
    await flowing;
    await telemetry.close();
    telemetry = await emitter();
    start(name);
  }
  await flow(100);
  await until(() => sent.every((line) => messages().has(line)), 'every line in Application Insights', 40_000);
  const once = targets.envelopes.filter(({ data }) => data.baseData.message?.startsWith('line '));
  expect(new Set(once.map(({ data }) => data.baseData.properties['factoryloop.item_id'])).size).toBe(sent.length);
  process.stdout.write(`${sent.length} lines, ${once.length - sent.length} of them twice\n`);
});

it('sends again what a partial answer left out, and only that', async () => {
  const refused = new Set<string>();
  targets.refuse = () => ({
    partial: ({ data }) => {
      const text = data.baseData.message ?? '';
      if (!text.startsWith('part ') || refused.has(text) || Number(text.slice(5)) % 3 > 0) return undefined;
      refused.add(text);
      return 429;
    },
  });
  const telemetry = await emitter();
  const parts = Array.from({ length: 30 }, (_, index) => `part ${index}`);
  for (const part of parts) telemetry.log('info', part);
  await until(() => parts.every((part) => messages().has(part)), 'all parts');
  expect(refused.size).toBe(10);
  expect(targets.envelopes.filter(({ data }) => data.baseData.message?.startsWith('part ')).length).toBe(30);
});

it('lets an item go that a target refuses for good, and a target that is away holds up only itself', async () => {
  targets.refuseMetrics = () => 503;
  targets.refuse = () => ({ partial: ({ data }) => (data.baseData.message === 'poison' ? 400 : undefined) });
  const telemetry = await emitter();
  telemetry.log('info', 'poison');
  telemetry.gauge('waiting_metric', 1);
  telemetry.log('info', 'after the poison');
  await until(
    () => messages().has('after the poison') && targets.envelopes.some(({ data }) => data.baseData.metrics?.[0]?.name === 'waiting_metric'),
    'the item behind the refused one',
  );
  expect(messages().has('poison')).toBe(false);
  expect(targets.samples.some(({ labels }) => labels['__name__'] === 'waiting_metric')).toBe(false);
  targets.refuseMetrics = () => undefined;
  await until(() => targets.samples.some(({ labels }) => labels['__name__'] === 'waiting_metric'), 'the metric that waited');
});

it('refuses what is not OTLP and says what was expected', async () => {
  const post = (path: string, body: string) =>
    fetch(`http://127.0.0.1:${ports.otlp}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const wrong = await post('/v1/metrics', '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"","gauge":{"dataPoints":[]}}]}]}]}');
  expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('resourceMetrics.0.scopeMetrics.0.metrics.0.name')]);
  expect((await post('/v1/logs', '{')).status).toBe(400);
  // The collector answers and closes before it has read all; whether the client still hears the answer is the system's affair.
  const tooLarge = await post('/v1/logs', `{"resourceLogs":[${' '.repeat(5 * 1024 * 1024)}]}`).then(
    ({ status }) => status,
    (error: Error) => (error.cause as NodeJS.ErrnoException).code,
  );
  expect([413, 'EPIPE', 'ECONNRESET', 'UND_ERR_SOCKET']).toContain(tooLarge);
});

describe('auth proxy', () => {
  it('is ready with a token, answers 503 without upstream, and passes paths, queries and bodies on', async () => {
    expect((await get(ports.ingestion, '/health')).status).toBe(200);
    await until(() => targets.requests.length > 0, 'a token');
    expect((await get(ports.ingestion, '/ready')).status).toBe(200);
    const lonely = await freePort();
    const [program, settings] = settingsOf('ingestion-proxy');
    const proxy = programs.run(program, { ...settings, LISTENING_PORT: String(lonely), TARGET_HOST: `localhost:${await freePort()}` });
    await until(() => programs.output().includes(`"auth proxy is ready","port":${lonely}`), 'the proxy');
    let answer = await get(lonely, '/anything');
    for (let attempt = 0; attempt < 100 && !(await get(lonely, '/ready')).ok; attempt += 1)
      await new Promise((resolve) => setTimeout(resolve, 50));
    answer = await get(lonely, '/anything');
    expect([answer.status, await answer.json()]).toEqual([
      503,
      { code: 'ServiceUnavailable', message: expect.stringContaining('ECONNREFUSED') },
    ]);
    proxy.kill('SIGTERM');
    expect(await exitOf(proxy)).toBe(0);
  });

  it('answers 503 while its certificate is not registered, and takes a renewed one without a restart', async () => {
    const own = join(directory, 'renewed.pem');
    writeFileSync(own, await makeKeyAndCertificate('stranger', new Date()));
    const port = await freePort();
    const [program, settings] = settingsOf('ingestion-proxy');
    const proxy = programs.run(program, { ...settings, LISTENING_PORT: String(port), AAD_CLIENT_CERTIFICATE_PATH: own });
    await until(() => programs.output().includes(`"auth proxy is ready","port":${port}`), 'the proxy');
    let refused = '';
    for (let attempt = 0; attempt < 100 && !refused.includes('AADSTS700027'); attempt += 1) {
      const answer = await get(port, '/v2.1/track');
      expect(answer.status).toBe(503);
      refused = await answer.text();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(refused).toContain('AADSTS700027');
    writeFileSync(own, readFileSync(certificatePath));
    let ready = false;
    for (let attempt = 0; attempt < 200 && !ready; attempt += 1) {
      ready = (await get(port, '/ready')).ok;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(ready).toBe(true);
    const renewals = () => programs.output().split('access token renewed').length;
    const before = renewals();
    const next = await makeKeyAndCertificate('site', new Date());
    region.entra.applications.addCertificate(application.objectId, certificateOf(next));
    writeFileSync(own, next);
    await until(() => renewals() > before, 'a token by the next certificate');
    proxy.kill('SIGTERM');
    await exitOf(proxy);
    rmSync(own);
  });
});
