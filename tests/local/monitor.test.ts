import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { LogsQueryClient, LogsQueryResultStatus } from '@azure/monitor-query-logs';
import { itemIdAttribute } from '../../contracts/telemetry';
import type { Principal } from '../../local-azure/region/tokenAuthority';
import { monitorRegion, type MonitorRegion, nowSeconds, owner, reader, site, stranger, writeRequest } from './support/monitorRegion';

let region: MonitorRegion;
beforeAll(async () => {
  region = await monitorRegion();
});
afterAll(() => region.stop());

const iKey = () => String(region.insights.outputs['instrumentationKey']);
const ingestion = () => /IngestionEndpoint=([^;]+)\//.exec(String(region.insights.outputs['connectionString']))?.[1] ?? '';
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
      authorization: `Bearer ${options.bearer ?? (await region.token(options.who ?? site))}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    body: Buffer.from(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
}
const query = async (kql: string, who = reader) => {
  const client = new LogsQueryClient(region.credential(who), { endpoint: region.logsQueryEndpoint(), retryOptions: { maxRetries: 0 } });
  const result = await client.queryResource(region.insights.id, kql, { duration: 'PT1H' });
  if (result.status !== LogsQueryResultStatus.Success) throw new Error('a part only');
  return result.tables[0];
};
const everything = async () => ({
  traces: await region.askedBy(reader).traces({}),
  customMetrics: await region.askedBy(reader).customMetrics({}),
});

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
    const rows = await region.askedBy(reader).traces(same);
    expect(rows.map(({ message }) => message).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(rows[0]).toMatchObject({ severityLevel: 1, labels: same });
    expect(await region.askedBy(reader).customMetrics(same)).toMatchObject([
      { name: 'm', value: 1, at: expect.any(Date) as Date, labels: same },
    ]);
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
    expect(await track(body, { bearer: await region.token(site, 'https://storage.azure.com') })).toMatchObject({ status: 401 });
    expect(await track(body, { who: stranger })).toMatchObject({
      status: 403,
      errors: [{ message: expect.stringContaining('Monitoring Metrics Publisher') as string }],
    });
    expect(await track(body, { who: owner })).toMatchObject({ status: 403 });
    expect(region.denials().at(-1)).toMatchObject({
      identity: 'owner',
      action: 'Microsoft.Insights/Telemetry/Write',
      scope: region.insights.id.toLowerCase(),
      rolesThatGrant: ['Monitoring Metrics Publisher'],
    });
    expect(await everything()).toEqual(before);
  });

  it('keeps what is sent twice twice, so that it can be counted', async () => {
    const items = ['1', '2', '3'].map((id) => log('counted', { round: 'twice', [itemIdAttribute]: `stream/${id}` }));
    await track(JSON.stringify(items));
    await track(JSON.stringify(items.slice(1)));
    await track(JSON.stringify([log('of another', { [itemIdAttribute]: 'streams/1' })]));
    expect(await region.askedBy(reader).idsOf('stream')).toEqual({
      logs: ['1', '2', '3', '2', '3'].map((id) => `stream/${id}`),
      metrics: [],
    });
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
    expect(await region.askedBy(reader).customMetrics({ line: 'a"b\\' }, { name: 'heat' })).toHaveLength(1);
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
    await expect(region.askedBy(stranger).traces({})).rejects.toMatchObject({ code: 'InsufficientAccessError' });
    const old = { ...log('long ago', { age: 'old' }), time: new Date(Date.now() - 3 * 3_600_000).toISOString() };
    await track(JSON.stringify([old]));
    expect((await query('traces | where customDimensions["age"] == "old" | summarize count()'))?.rows).toEqual([[0]]);
    expect(await region.askedBy(reader).traces({ age: 'old' }, new Date(Date.now() - 4 * 3_600_000))).toHaveLength(1);
  });
});

it('has everything again after each restart', async () => {
  await track(JSON.stringify([log('kept', { restart: 'yes' })]));
  await region.remoteWrite(writeRequest([{ labels: { __name__: 'kept' }, points: [[nowSeconds(), 4.5]] }]));
  const before = await everything();
  await region.restart();
  expect(await everything()).toEqual(before);
  expect(await region.askedBy(reader).series('kept', {})).toMatchObject([{ value: 4.5 }]);
  expect(await track(JSON.stringify([log('more', { restart: 'yes' })]))).toMatchObject({ status: 200 });
  await region.restart();
  expect((await region.askedBy(reader).traces({ restart: 'yes' })).map(({ message }) => message)).toEqual(['kept', 'more']);
  expect((await everything()).traces).toHaveLength(before.traces.length + 1);
});
