import fc from 'fast-check';
import { logsRequest, metricsRequest } from '../../../../contracts/telemetry';
import { envelopeOf } from '../../../../edge-sim/model-monitor/applicationInsights';
import { seriesOf } from '../../../../edge-sim/model-monitor/remoteWrite';
import {
  itemsOfLogs,
  itemsOfMetrics,
  logsRequestOf,
  metricsRequestOf,
  type LogItem,
  type MetricItem,
} from '../../../../edge-sim/telemetry/telemetryItem';

const common = {
  itemId: fc.oneof(
    fc.uuid(),
    fc.tuple(fc.uuid(), fc.integer({ min: 1 })).map(([stream, number]) => `${stream}/${number}`),
  ),
  time: fc.integer({ min: 0, max: 4e12 }).map((time) => `${time}123456`),
  labels: fc.dictionary(
    fc.string({ minLength: 1, maxLength: 20 }).filter((key) => key !== '__proto__' && key !== 'factoryloop.item_id'),
    fc.string({ maxLength: 20 }),
    { maxKeys: 5, noNullPrototype: true },
  ),
};
const metric: fc.Arbitrary<MetricItem> = fc.record({
  ...common,
  kind: fc.constant('metric' as const),
  name: fc.constantFrom('a', 'b', 'c'),
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
});
const log: fc.Arbitrary<LogItem> = fc.record({
  ...common,
  kind: fc.constant('log' as const),
  severity: fc.integer({ min: 1, max: 24 }),
  body: fc.string(),
});
const byId = <T extends { itemId: string }>(items: readonly T[]) =>
  [...items].sort((left, right) => left.itemId.localeCompare(right.itemId));

it('carries items through a hop unchanged, ids included', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(metric, { selector: ({ itemId }) => itemId }),
      fc.uniqueArray(log, { selector: ({ itemId }) => itemId }),
      (metrics, logs) => {
        const hop = <T>(body: T): unknown => JSON.parse(JSON.stringify(body));
        expect(byId(itemsOfMetrics(metricsRequest.parse(hop(metricsRequestOf(metrics)))))).toEqual(byId(metrics));
        expect(itemsOfLogs(logsRequest.parse(hop(logsRequestOf(logs))))).toEqual(logs);
      },
    ),
  );
});

it('gives an item of a sender without ids an id of its own, and takes the labels of the resource', () => {
  const request = logsRequest.parse({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'component', value: { stringValue: 'other' } }] },
        scopeLogs: [{ logRecords: [1, 2].map((line) => ({ timeUnixNano: '1000000', severityNumber: 9, body: { intValue: line } })) }],
      },
    ],
  });
  const [first, second] = itemsOfLogs(request);
  expect(first).toMatchObject({ body: '1', labels: { component: 'other' }, itemId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(second?.itemId).not.toBe(first?.itemId);
});

it('writes one sorted series for each set of labels, with names that Prometheus takes', () => {
  const item = (time: number, value: number, name = 'pipeline_Pump Watch-1_inputs'): MetricItem => ({
    kind: 'metric',
    itemId: 'i',
    time: `${time}000000`,
    name,
    value,
    labels: { version: '1', 'delivery-id': 'd', empty: '', Zone: 'z'.repeat(2_000) },
  });
  const [series, ...others] = seriesOf([item(2, 20), item(1, 10), item(2, 21)]);
  expect(others).toEqual([]);
  expect(series?.labels).toEqual([
    ['Zone', 'z'.repeat(1_023)],
    ['__name__', 'pipeline_Pump_Watch_1_inputs'],
    ['delivery_id', 'd'],
    ['version', '1'],
  ]);
  expect([...(series?.samples ?? [])]).toEqual([
    [2, 21],
    [1, 10],
  ]);
  expect(seriesOf([item(1, 1), item(1, 1, 'other')])).toHaveLength(2);
});

it.each([
  [1, 'Verbose'],
  [5, 'Verbose'],
  [9, 'Information'],
  [13, 'Warning'],
  [17, 'Error'],
  [21, 'Critical'],
  [24, 'Critical'],
])('maps the severity %d to %s', (severity, level) => {
  const envelope = envelopeOf({ kind: 'log', itemId: 'i', time: '1000000', labels: {}, severity, body: '' }, 'key');
  expect(envelope).toMatchObject({ time: '1970-01-01T00:00:00.001Z', data: { baseData: { severityLevel: level, message: '-' } } });
});
