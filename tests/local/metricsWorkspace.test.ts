import { monitorRegion, type MonitorRegion, nowSeconds, owner, reader, site, stranger, writeRequest } from './support/monitorRegion';

let region: MonitorRegion;
beforeAll(async () => {
  region = await monitorRegion();
});
afterAll(() => region.stop());

async function prometheus(
  path: string,
  who = reader,
): Promise<{ status: number; body: { data?: { result: unknown[] } & unknown[]; error?: string } }> {
  const response = await fetch(`${region.metricsQueryEndpoint}/api/v1/${path}`, {
    headers: { authorization: `Bearer ${await region.token(who, 'https://prometheus.monitor.azure.com')}` },
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, body: (await response.json()) as { data?: { result: unknown[] } & unknown[]; error?: string } };
}

describe('the Azure Monitor workspace', () => {
  it('takes series by remote write and finds them by their labels', async () => {
    const at = nowSeconds();
    const labels = { __name__: 'pipeline_global_inputs', package_id: 'p', version: '1' };
    expect(
      await region.remoteWrite(
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
    const points = await region.askedBy(reader).series('pipeline_global_inputs', { package_id: 'p', version: '1' });
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
    const at = nowSeconds();
    const again = (value: number) => writeRequest([{ labels: { __name__: 'again' }, points: [[at, value]] }]);
    await region.remoteWrite(again(1));
    await region.remoteWrite(again(1));
    await region.remoteWrite(again(2));
    expect(await region.askedBy(reader).series('again', {})).toMatchObject([{ value: 1 }]);
  });

  it('refuses writers without the role, other rules, other streams and what is no write request', async () => {
    const body = writeRequest([{ labels: { __name__: 'refused' }, points: [[nowSeconds(), 1]] }]);
    expect(await region.remoteWrite(body, { who: stranger })).toMatchObject({ status: 403 });
    expect(await region.remoteWrite(body, { who: owner })).toMatchObject({ status: 403 });
    expect(await region.remoteWrite(body, { headers: { authorization: 'none' } })).toMatchObject({ status: 401 });
    expect(await region.remoteWrite(body, { rule: 'dcr-0' })).toMatchObject({ status: 404 });
    expect(await region.remoteWrite(body, { stream: 'Microsoft-Perf' })).toMatchObject({ status: 404 });
    expect(await region.remoteWrite(Buffer.from('text'))).toMatchObject({ status: 400 });
    expect(await region.remoteWrite(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))).toMatchObject({ status: 400 });
    expect((await region.remoteWrite(writeRequest([{ labels: { zone: 'a', __name__: 'unsorted' }, points: [] }]))).text).toContain(
      'sorted by name',
    );
    expect((await region.remoteWrite(writeRequest([{ labels: { zone: 'a' }, points: [] }]))).text).toContain('__name__');
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
    await expect(region.askedBy(stranger).series('up', {})).rejects.toThrow('403');
  });
});
