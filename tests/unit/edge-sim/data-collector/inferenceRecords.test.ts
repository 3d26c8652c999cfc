import { inferenceDataTopic, lineDataTopic } from '../../../../contracts/databus';
import { inferenceRecord } from '../../../../contracts/landingZone';
import { recordsOf } from '../../../../edge-sim/data-collector/inferenceRecords';

const origin = { factory: 'plant-one', device: 'aimm-1' };
const ts = '2026-05-01T00:00:00.000Z';
const message = (seq: number, vals: unknown) => Buffer.from(JSON.stringify({ seq, vals }));
const result = {
  windowStart: ts,
  windowEnd: ts,
  score: 3,
  threshold: 2,
  alarm: true,
  packageId: '0f4e2c6a-1111-5000-8000-000000000001',
  packageVersion: '3',
  quality: 'good',
};

it('makes one record of a sample: numbers, null for what the source calls bad, the worst quality, no texts', () => {
  const [record] =
    recordsOf(
      lineDataTopic,
      message(1, [
        { id: 'flow', qc: 3, ts, val: 2.5 },
        { id: 'valve', qc: 2, ts, val: true },
        { id: 'temperature', qc: 0, ts, val: 99 },
        { id: 'mode', qc: 3, ts, val: 'run' },
      ]),
      origin,
    ) ?? [];
  expect(record).toMatchObject({ kind: 'sample', ts, qc: 0, ...origin, input: { flow: 2.5, valve: 1, temperature: null } });
  expect(inferenceRecord.safeParse(record).success).toBe(true);
});

it('makes a record of each result that is one, and names the pipeline', () => {
  const values = [
    { id: 'result', qc: 3, ts, val: JSON.stringify(result) },
    { id: 'result', qc: 3, ts, val: '{"alarm":' },
    { id: 'other', qc: 3, ts, val: 1 },
  ];
  expect(recordsOf(inferenceDataTopic('line-anomaly'), message(1, values), origin)).toMatchObject([
    { kind: 'result', pipeline: 'line-anomaly', result },
  ]);
});

it('gives a message the same id whenever it comes, and another message another one', () => {
  const id = (seq: number, val: number) => recordsOf(lineDataTopic, message(seq, [{ id: 'flow', qc: 3, ts, val }]), origin)?.[0]?.recordId;
  expect(id(1, 5)).toBe(id(1, 5));
  expect(new Set([id(1, 5), id(2, 5), id(1, 6)]).size).toBe(3);
});

it.each([
  ['no JSON', Buffer.from('{')],
  ['another form', Buffer.from('{"seq":-1,"vals":[]}')],
  ['nothing measured', message(1, [])],
  ['texts only', message(1, [{ id: 'mode', qc: 3, ts, val: 'run' }])],
])('makes nothing of %s', (_, payload) => {
  expect(recordsOf(lineDataTopic, payload, origin)).toBeUndefined();
});
