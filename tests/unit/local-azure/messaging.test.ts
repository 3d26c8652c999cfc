import { appendFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { bareToken } from '../../../local-azure/amqp/bareToken';
import { parseEventPosition } from '../../../local-azure/event-hubs/eventPosition';
import { PartitionLog } from '../../../local-azure/event-hubs/partitionLog';
import { durationMs } from '../../../local-azure/iot-hub/hubRecord';
import { formatPropertyBag, parsePropertyBag } from '../../../local-azure/iot-hub/propertyBag';
import { c2dErrorName } from '../../../pipeline-code/clients/iotHub';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'partition-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));
const event = (text: string, enqueuedMs: number) => ({
  body: Buffer.from(text),
  enqueuedMs,
  applicationProperties: {},
  systemProperties: {},
});

describe('property bag', () => {
  test('any property survives its way through a topic', () => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }).filter((text) => !text.startsWith('$.'));
    const properties = fc.dictionary(name, fc.string({ maxLength: 20, unit: 'grapheme' }), { maxKeys: 10, noNullPrototype: true });
    fc.assert(
      fc.property(properties, properties, (application, system) => {
        expect(parsePropertyBag(formatPropertyBag({ application, system }))).toEqual({ application, system });
      }),
    );
  });
  test.each(['a=%', 'a=%E0%A4%A'])('the unreadable bag %s is not guessed at', (bag) => {
    expect(parsePropertyBag(bag)).toBeUndefined();
  });
});

describe('partition log', () => {
  test('a line that a crash cut short is dropped, and the next event takes its number', () => {
    const log = new PartitionLog(directory, 1e9);
    log.append(event('whole', 1));
    log.close();
    appendFileSync(join(directory, String(readdirSync(directory)[0])), '{"sequenceNumber":1,"off');
    const again = new PartitionLog(directory, 1e9);
    expect(again.last?.sequenceNumber).toBe(0);
    expect(again.append(event('next', 2)).sequenceNumber).toBe(1);
    again.close();
    const third = new PartitionLog(directory, 1e9);
    expect([third.read(0)?.body.toString(), third.read(1)?.body.toString(), third.read(2)]).toEqual(['whole', 'next', undefined]);
    third.close();
  });

  test('full segments go when all of them is older than the retention; numbers and offsets go on', () => {
    const log = new PartitionLog(directory, 1_000);
    const large = 'x'.repeat(3 * 1024 * 1024);
    for (let n = 0; n < 4; n++) log.append(event(large, n));
    const offsetBefore = log.last?.offset ?? 0;
    log.dropExpired(5_000);
    expect([log.beginSequenceNumber, log.lastSequenceNumber, log.read(0)]).toEqual([2, 3, undefined]);
    log.close();
    const again = new PartitionLog(directory, 1_000);
    expect([again.beginSequenceNumber, again.lastSequenceNumber]).toEqual([2, 3]);
    expect(again.append(event('small', 6_000)).offset).toBeGreaterThan(offsetBefore);
    expect(again.sequenceNumberAt({ kind: 'offset', value: -1, inclusive: false })).toBe(4);
    again.close();
  });
});

test.each([
  ["amqp.annotation.x-opt-offset > '-1'", { kind: 'offset', value: -1, inclusive: false }],
  ["amqp.annotation.x-opt-offset > '@latest'", { kind: 'latest' }],
  ["amqp.annotation.x-opt-sequence-number >= '7'", { kind: 'sequenceNumber', value: 7, inclusive: true }],
  ["amqp.annotation.x-opt-enqueued-time > '1700000000000'", { kind: 'enqueuedTime', afterMs: 1_700_000_000_000 }],
  ["amqp.annotation.x-opt-offset > ''", undefined],
  ["amqp.annotation.x-opt-publisher = 'a'", undefined],
])('the filter %s', (filter, position) => {
  expect(parseEventPosition(filter)).toEqual(position);
});

test.each([
  ['PT1H', 3_600_000],
  ['PT60S', 60_000],
  ['P2D', 172_800_000],
  ['P1DT1M', 86_460_000],
  ['1 hour', undefined],
  ['P', undefined],
  ['PT', undefined],
])('the duration %s', (iso, ms) => {
  expect(durationMs(iso)).toBe(ms);
});

test.each([
  ['jwt', 'a.b.c', 'a.b.c'],
  ['servicebus.windows.net:sastoken', 'Bearer a.b.c', 'a.b.c'],
  ['servicebus.windows.net:sastoken', 'SharedAccessSignature sr=x&sig=y', undefined],
  ['jwt', undefined, undefined],
])('a %s with the body %s', (type, body, token) => {
  expect(bareToken(type, body)).toBe(token);
});

test('the name of an SDK error is the one that tells what the hub answered', () => {
  const named = (name: string) => Object.assign(new Error(name), { name });
  expect(c2dErrorName(Object.assign(named('Error'), { amqpError: named('UnauthorizedError') }))).toBe('UnauthorizedError');
  expect(c2dErrorName(Object.assign(named('DeviceMaximumQueueDepthExceededError'), { amqpError: named('Error') }))).toBe(
    'DeviceMaximumQueueDepthExceededError',
  );
});
