import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { TokenCredential } from '@azure/identity';
import { LogsQueryClient, LogsQueryResultStatus } from '@azure/monitor-query-logs';
import { Writer } from 'protobufjs/minimal';
import { compress } from 'snappyjs';
import { MonitorReader } from '../../commands/loop/monitorReader';
import { itemIdAttribute } from '../../contracts/telemetry';
import type { Principal } from '../../local-azure/entra/tokenAuthority';
import { Monitor } from '../../local-azure/monitor/monitor';
import { monitorTypes } from '../../local-azure/provider/monitorTypes';
import type { Properties, ProviderPart } from '../../local-azure/provider/resourceType';
import { createRegionContext, subscriptionId } from '../../local-azure/region/regionContext';

const group = { resourceGroupName: 'rg', location: 'westeurope' };
const roles = {
  publisher: '3913510d-42f4-4e42-8a64-420c390055eb',
  monitoringReader: '43d0d8ad-25c7-4714-9337-8ba259a9fe05',
  dataReader: 'b0d8363b-8ddd-447d-831f-62ca05bff136',
  contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
};
const principal = (displayName: string): Principal => ({ objectId: randomUUID(), clientId: randomUUID(), displayName });
const [site, reader, stranger, owner] = [principal('site'), principal('reader'), principal('stranger'), principal('owner')];

const directory = mkdtempSync(join(tmpdir(), 'monitor-'));
let context: Awaited<ReturnType<typeof createRegionContext>>;
let monitor: Monitor;
let types: ProviderPart;
let insights: { id: string; outputs: Properties };
let workspace: { id: string; outputs: Properties };
let ruleId: string;

const create = async (token: string, inputs: Properties) => {
  const type = types.resources.find((one) => one.token === `azure-native:${token}`);
  if (!type) throw new Error(`no type ${token}`);
  return type.create({ name: 'one', urn: 'urn', inputs: { ...group, ...inputs } });
};
const lookUp = async (token: string, args: Properties) =>
  types.functions.find((one) => one.token === `azure-native:${token}`)?.invoke(args);
const credential = (who: Principal): TokenCredential => ({
  getToken: async (scopes) => {
    const { token, expiresOn } = context.authority.issue(who, String(scopes).replace(/\/\.default$/, ''));
    return { token, expiresOnTimestamp: expiresOn * 1_000 };
  },
});
const token = async (who: Principal, audience = 'https://monitor.azure.com') =>
  (await credential(who).getToken(`${audience}/.default`))?.token ?? '';
function assign(who: Principal, role: keyof typeof roles, scope: string) {
  context.roles.assign({
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`,
    scope,
    roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`,
    principalId: who.objectId,
    principalType: 'ServicePrincipal',
  });
}

async function startRegion() {
  context = await createRegionContext({ directory });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
  monitor = new Monitor(context);
  await monitor.start();
  types = monitorTypes(monitor, context.clock);
}
async function stopRegion() {
  await monitor.stop();
  context.close();
}
beforeAll(async () => {
  await startRegion();
  const logs = await create('operationalinsights:Workspace', { workspaceName: 'logs' });
  insights = await create('applicationinsights:Component', {
    resourceName: 'insights',
    kind: 'web',
    applicationType: 'web',
    workspaceResourceId: logs.id,
    disableLocalAuth: true,
  });
  workspace = await create('monitor:AzureMonitorWorkspace', { azureMonitorWorkspaceName: 'metrics' });
  ruleId = (workspace.outputs['defaultIngestionSettings'] as { dataCollectionRuleResourceId: string }).dataCollectionRuleResourceId;
  assign(site, 'publisher', insights.id);
  assign(site, 'publisher', ruleId);
  assign(reader, 'monitoringReader', insights.id);
  assign(reader, 'dataReader', workspace.id);
  assign(owner, 'contributor', `/subscriptions/${subscriptionId}`);
});
afterAll(async () => {
  await stopRegion();
  rmSync(directory, { recursive: true });
});

const iKey = () => String(insights.outputs['instrumentationKey']);
const ingestion = () => /IngestionEndpoint=([^;]+)\//.exec(String(insights.outputs['connectionString']))?.[1] ?? '';
const common = (properties: Record<string, string>) => ({
  time: new Date().toISOString(),
  iKey: iKey(),
  tags: { 'ai.cloud.role': 'inference-server' },
  properties,
});
function log(message: string, given: Record<string, string> = {}) {
  const { properties, ...rest } = common(given);
  return {
    name: 'Microsoft.ApplicationInsights.Message',
    ...rest,
    data: { baseType: 'MessageData', baseData: { ver: 2, message, severityLevel: 'Information', properties } },
  };
}
function metric(name: string, value: number, given: Record<string, string> = {}) {
  const { properties, ...rest } = common(given);
  return {
    name: 'Microsoft.ApplicationInsights.Metric',
    ...rest,
    data: { baseType: 'MetricData', baseData: { ver: 2, metrics: [{ name, value, count: 1 }], properties } },
  };
}
interface Answer {
  status: number;
  itemsReceived: number;
  itemsAccepted: number;
  errors: { index: number; statusCode: number; message: string }[];
}
async function track(
  body: string | Buffer,
  options: { who?: Principal; path?: string; headers?: Record<string, string>; bearer?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${ingestion()}${options.path ?? '/v2.1/track'}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.bearer ?? (await token(options.who ?? site))}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}
const query = async (kql: string, who = reader) => {
  const client = new LogsQueryClient(credential(who), { endpoint: `${monitor.endpoint}/v1`, retryOptions: { maxRetries: 0 } });
  const result = await client.queryResource(insights.id, kql, { duration: 'PT1H' });
  if (result.status !== LogsQueryResultStatus.Success) throw new Error('a part only');
  return result.tables[0];
};
const askedBy = (who: Principal) =>
  new MonitorReader(
    {
      applicationInsightsId: insights.id,
      logsQueryEndpoint: `${monitor.endpoint}/v1`,
      metricsQueryEndpoint: String((workspace.outputs['metrics'] as Properties)['prometheusQueryEndpoint']),
    },
    credential(who),
  );
const everything = async () => ({ traces: await askedBy(reader).traces({}), customMetrics: await askedBy(reader).customMetrics({}) });

describe('Application Insights', () => {
  it('takes items as an array, one a line, one alone, and gzipped, on both paths', async () => {
    const same = { version: 'forms' };
    expect(await track(JSON.stringify([log('a', same), metric('m', 1, same)]))).toEqual({
      status: 200,
      itemsReceived: 2,
      itemsAccepted: 2,
      errors: [],
    });
    expect(
      await track([log('b', same), log('c', same)].map((one) => JSON.stringify(one)).join('\n'), {
        headers: { 'content-type': 'application/x-json-stream' },
      }),
    ).toMatchObject({ status: 200, itemsAccepted: 2 });
    expect(await track(JSON.stringify(log('d', same)), { path: '/v2/track' })).toMatchObject({ status: 200, itemsAccepted: 1 });
    expect(await track(gzipSync(JSON.stringify([log('e', same)])), { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 200,
      itemsAccepted: 1,
    });
    const rows = await askedBy(reader).traces(same);
    expect(rows.map(({ message }) => message).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(rows[0]).toMatchObject({ severityLevel: 1, labels: same });
    expect(await askedBy(reader).customMetrics(same)).toMatchObject([{ name: 'm', value: 1, at: expect.any(Date) as Date, labels: same }]);
  });

  it('takes the good items of a request with bad ones and says which were bad', async () => {
    const answer = await track(
      JSON.stringify([log('good'), { ...log('no time'), time: 'today' }, log('good too'), { ...log('other'), iKey: randomUUID() }]),
    );
    expect(answer).toMatchObject({
      status: 206,
      itemsReceived: 4,
      itemsAccepted: 2,
      errors: [
        { index: 1, statusCode: 400, message: expect.stringContaining('time') as string },
        { index: 3, statusCode: 400, message: 'Invalid instrumentation key' },
      ],
    });
    expect(await track(JSON.stringify([{ nothing: 1 }]))).toMatchObject({ status: 400, itemsAccepted: 0 });
  });

  it('refuses what is no telemetry at all and what is too large', async () => {
    expect(await track('')).toMatchObject({ status: 400 });
    expect(await track('[{')).toMatchObject({ status: 400 });
    expect(await track(gzipSync('[]').subarray(0, 8), { headers: { 'content-encoding': 'gzip' } })).toMatchObject({ status: 400 });
    expect(await track(gzipSync(Buffer.alloc(65 * 2 ** 20, 32)), { headers: { 'content-encoding': 'gzip' } })).toMatchObject({
      status: 400,
    });
  });

  it('takes nothing without a token, with one for another audience, or from an identity without the role', async () => {
    const before = await everything();
    const body = JSON.stringify([log('intruder')]);
    expect(await track(body, { bearer: '' })).toMatchObject({ status: 401, itemsAccepted: 0 });
    expect(await track(body, { bearer: await token(site, 'https://storage.azure.com') })).toMatchObject({ status: 401 });
    expect(await track(body, { who: stranger })).toMatchObject({
      status: 403,
      errors: [{ message: expect.stringContaining('Monitoring Metrics Publisher') as string }],
    });
    expect(await track(body, { who: owner })).toMatchObject({ status: 403 });
    expect(context.gate.denials.at(-1)).toMatchObject({
      identity: 'owner',
      action: 'Microsoft.Insights/Telemetry/Write',
      scope: insights.id.toLowerCase(),
      rolesThatGrant: ['Monitoring Metrics Publisher'],
    });
    expect(await everything()).toEqual(before);
  });

  it('keeps what is sent twice twice, so that it can be counted', async () => {
    const items = ['1', '2', '3'].map((id) => log('counted', { round: 'twice', [itemIdAttribute]: `stream/${id}` }));
    await track(JSON.stringify(items));
    await track(JSON.stringify(items.slice(1)));
    await track(JSON.stringify([log('of another', { [itemIdAttribute]: 'streams/1' })]));
    expect(await askedBy(reader).idsOf('stream')).toEqual({ logs: ['1', '2', '3', '2', '3'].map((id) => `stream/${id}`), metrics: [] });
  });
});

describe('queries of logs through the genuine client', () => {
  beforeAll(() =>
    track(
      JSON.stringify([
        metric('speed', 3, { q: 'yes', line: 'a' }),
        metric('speed', 5, { q: 'yes', line: 'b' }),
        metric('speed', 7, { q: 'yes', line: 'a' }),
        metric('heat', 1, { q: 'yes', line: 'a"b\\' }),
      ]),
    ),
  );

  it('filter, group, order and project', async () => {
    const grouped = await query(
      'customMetrics | where customDimensions["q"] == "yes" and name == "speed" | summarize n = count(), max(value), count_distinct(tostring(customDimensions.line)) by line = tostring(customDimensions["line"]) | order by line asc',
    );
    expect(grouped?.columnDescriptors.map(({ name, type }) => `${name ?? ''}:${String(type)}`)).toEqual([
      'line:string',
      'n:long',
      'max_value:real',
      'count_distinct_customDimensions_line:long',
    ]);
    expect(grouped?.rows).toEqual([
      ['a', 2, 7, 1],
      ['b', 1, 5, 1],
    ]);
    expect(
      (
        await query(
          `customMetrics | where tostring(customDimensions['q']) == 'yes' and name startswith "SP" and value >= 5 | sort by value | take 1 | project value, customDimensions`,
        )
      )?.rows,
    ).toEqual([[7, { q: 'yes', line: 'a' }]]);
    expect((await query('traces | where message == "nobody said that" | summarize count()'))?.rows).toEqual([[0]]);
    expect(await askedBy(reader).customMetrics({ line: 'a"b\\' }, { name: 'heat' })).toHaveLength(1);
  });

  it('answer what the region does not know with the reason, as Azure does', async () => {
    const fault = (kql: string) =>
      query(kql).then(
        () => 'answered',
        (error: { statusCode?: number; details?: { error?: { innererror?: { code?: string; message?: string } } } }) =>
          `${String(error.statusCode)} ${error.details?.error?.innererror?.code ?? ''} ${error.details?.error?.innererror?.message ?? ''}`,
      );
    expect(await fault('traces | join kind=inner customMetrics on iKey')).toMatch(/^400 SyntaxError The operator 'join'/);
    expect(await fault('traces | where message == ')).toMatch(/^400 SyntaxError .*expected a string or a number/);
    expect(await fault('traces | where message == "open')).toMatch(/^400 SyntaxError .*could not be parsed/);
    expect(await fault('traces | project colour')).toMatch(/^400 SemanticError .*'colour'/);
    expect(await fault('requests | take 1')).toMatch(/^400 SemanticError .*'requests'/);
    expect(await fault('customMetrics | summarize count() by customDimensions["line"]')).toMatch(/^400 SemanticError .*explicit cast/);
    expect(await fault('customMetrics | where value == "3"')).toMatch(/^400 SemanticError/);
  });

  it('are for readers of the component only, and only within the time asked', async () => {
    await expect(query('traces | take 1', stranger)).rejects.toMatchObject({ statusCode: 403 });
    await expect(query('traces | take 1', site)).rejects.toMatchObject({ code: 'InsufficientAccessError' });
    await expect(askedBy(stranger).traces({})).rejects.toMatchObject({ code: 'InsufficientAccessError' });
    const old = { ...log('long ago', { age: 'old' }), time: new Date(Date.now() - 3 * 3_600_000).toISOString() };
    await track(JSON.stringify([old]));
    expect((await query('traces | where customDimensions["age"] == "old" | summarize count()'))?.rows).toEqual([[0]]);
    expect(await askedBy(reader).traces({ age: 'old' }, new Date(Date.now() - 4 * 3_600_000))).toHaveLength(1);
  });
});

type Point = readonly [seconds: number, value: number];
function writeRequest(series: readonly { labels: Readonly<Record<string, string>>; points: readonly Point[] }[]): Uint8Array {
  const writer = Writer.create();
  for (const { labels, points } of series) {
    writer.uint32(10).fork();
    for (const [name, value] of Object.entries(labels)) writer.uint32(10).fork().uint32(10).string(name).uint32(18).string(value).ldelim();
    for (const [seconds, value] of points)
      writer
        .uint32(18)
        .fork()
        .uint32(9)
        .double(value)
        .uint32(16)
        .int64(Math.round(seconds * 1_000))
        .ldelim();
    writer.ldelim();
  }
  return compress(writer.finish());
}
async function write(
  body: Uint8Array,
  options: { who?: Principal; rule?: string; stream?: string; headers?: Record<string, string> } = {},
) {
  const [, , , , groupName, , , , name] = ruleId.split('/');
  const rule = await lookUp('monitor:getDataCollectionRule', { resourceGroupName: groupName, dataCollectionRuleName: name });
  const endpoint = await lookUp('monitor:getDataCollectionEndpoint', { resourceGroupName: groupName, dataCollectionEndpointName: name });
  const host = (endpoint?.['metricsIngestion'] as { endpoint: string }).endpoint;
  const path = `/dataCollectionRules/${options.rule ?? String(rule?.['immutableId'])}/streams/${options.stream ?? 'Microsoft-PrometheusMetrics'}/api/v1/write?api-version=2023-04-24`;
  const response = await fetch(`${host}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await token(options.who ?? site)}`,
      'content-type': 'application/x-protobuf',
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': '0.1.0',
      ...options.headers,
    },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: await response.text() };
}
const now = () => Math.floor(Date.now() / 1_000);
async function prometheus(
  path: string,
  who = reader,
): Promise<{ status: number; body: { data?: { result: unknown[] } & unknown[]; error?: string } }> {
  const base = String((workspace.outputs['metrics'] as Properties)['prometheusQueryEndpoint']);
  const response = await fetch(`${base}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${await token(who, 'https://prometheus.monitor.azure.com')}` },
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, body: (await response.json()) as { data?: { result: unknown[] } & unknown[]; error?: string } };
}

describe('the Azure Monitor workspace', () => {
  it('takes series by remote write and finds them by their labels', async () => {
    const at = now();
    const labels = { __name__: 'pipeline_global_inputs', package_id: 'p', version: '1' };
    expect(
      await write(
        writeRequest([
          {
            labels,
            points: [
              [at - 60, 10],
              [at, 12],
            ],
          },
          { labels: { ...labels, version: '2' }, points: [[at - 1_000, 99]] },
        ]),
      ),
    ).toEqual({ status: 200, text: '' });
    expect((await prometheus(`query?query=${encodeURIComponent('pipeline_global_inputs{package_id="p"}')}`)).body.data?.result).toEqual([
      { metric: labels, value: [expect.any(Number) as number, '12'] },
    ]);
    const points = await askedBy(reader).series('pipeline_global_inputs', { package_id: 'p', version: '1' });
    expect(points.map(({ at: time, value }) => [time.getTime() / 1_000, value])).toEqual([
      [at - 60, 10],
      [at, 12],
    ]);
    expect((await prometheus(`series?match[]=${encodeURIComponent('{version="2"}')}`)).body.data).toEqual([{ ...labels, version: '2' }]);
    const range = await prometheus(
      `query_range?query=${encodeURIComponent('pipeline_global_inputs{version="1"}')}&start=${at - 60}&end=${at}&step=30`,
    );
    expect(range.body.data?.result).toEqual([
      {
        metric: labels,
        values: [
          [at - 60, '10'],
          [at - 30, '10'],
          [at, '12'],
        ],
      },
    ]);
  });

  it('knows a sample by its series and time: sent again it changes nothing', async () => {
    const at = now();
    const again = (value: number) => writeRequest([{ labels: { __name__: 'again' }, points: [[at, value]] }]);
    await write(again(1));
    await write(again(1));
    await write(again(2));
    expect(await askedBy(reader).series('again', {})).toMatchObject([{ value: 1 }]);
  });

  it('refuses writers without the role, other rules, other streams and what is no write request', async () => {
    const body = writeRequest([{ labels: { __name__: 'refused' }, points: [[now(), 1]] }]);
    expect(await write(body, { who: stranger })).toMatchObject({ status: 403 });
    expect(await write(body, { who: owner })).toMatchObject({ status: 403 });
    expect(await write(body, { headers: { authorization: 'none' } })).toMatchObject({ status: 401 });
    expect(await write(body, { rule: 'dcr-0' })).toMatchObject({ status: 404 });
    expect(await write(body, { stream: 'Microsoft-Perf' })).toMatchObject({ status: 404 });
    expect(await write(Buffer.from('text'))).toMatchObject({ status: 400 });
    expect(await write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))).toMatchObject({ status: 400 });
    expect((await write(writeRequest([{ labels: { zone: 'a', __name__: 'unsorted' }, points: [] }]))).text).toContain('sorted by name');
    expect((await write(writeRequest([{ labels: { zone: 'a' }, points: [] }]))).text).toContain('__name__');
    expect((await prometheus('series?match[]=refused')).body.data).toEqual([]);
  });

  it('answers readers of its data only, and no PromQL that it does not know', async () => {
    expect(await prometheus('query?query=up', site)).toMatchObject({
      status: 403,
      body: { error: expect.stringContaining('Monitoring Data Reader') as string },
    });
    expect(await prometheus('query?query=up', owner)).toMatchObject({ status: 403 });
    for (const unknown of ['rate(up[5m])', 'up{a=~"b"}', 'up{', '{a=""}', 'up{a="b" c="d"}', ''])
      expect(await prometheus(`query?query=${encodeURIComponent(unknown)}`)).toMatchObject({
        status: 400,
        body: { error: expect.stringContaining('parse error') as string },
      });
    expect(await prometheus('query_range?query=up&start=1&end=0&step=1')).toMatchObject({ status: 400 });
    await expect(askedBy(stranger).series('up', {})).rejects.toThrow('403');
  });
});

it('has everything again after each restart', async () => {
  await track(JSON.stringify([log('kept', { restart: 'yes' })]));
  await write(writeRequest([{ labels: { __name__: 'kept' }, points: [[now(), 4.5]] }]));
  const before = await everything();
  await stopRegion();
  await startRegion();
  expect(await everything()).toEqual(before);
  expect(await askedBy(reader).series('kept', {})).toMatchObject([{ value: 4.5 }]);
  expect(await track(JSON.stringify([log('more', { restart: 'yes' })]))).toMatchObject({ status: 200 });
  await stopRegion();
  await startRegion();
  expect((await askedBy(reader).traces({ restart: 'yes' })).map(({ message }) => message)).toEqual(['kept', 'more']);
  expect((await everything()).traces).toHaveLength(before.traces.length + 1);
});
