import { type PartitionContext, type ReceivedEventData } from '@azure/event-hubs';
import { deviceEventHandlers } from '../../../../pipeline-code/delivery/delivery';
import { record } from '../../support/exampleDeliveryRecord';

const state = (sequenceNumber: number, deliveryId: string) =>
  ({
    sequenceNumber,
    body: { state: 'Assessing' },
    properties: { type: 'state', deliveryId },
    systemProperties: { 'iothub-connection-device-id': record.deviceId },
  }) as unknown as ReceivedEventData;

function build(handle: () => Promise<void>) {
  const checkpoints: number[] = [];
  const failures: unknown[] = [];
  const lines: string[] = [];
  let nowMs = 0;
  const contextOf = (partitionId: string) =>
    ({
      partitionId,
      updateCheckpoint: async (event: ReceivedEventData) => void checkpoints.push(event.sequenceNumber),
    }) as unknown as PartitionContext;
  const handlers = deviceEventHandlers(
    { handle },
    (level, message) => void (level === 'warn' && lines.push(message)),
    (error) => failures.push(error),
    () => nowMs,
  );
  return {
    checkpoints,
    failures,
    lines,
    pass: (ms: number) => void (nowMs += ms),
    take: (...events: ReceivedEventData[]) => handlers.processEvents(events, contextOf('0')),
    takeOf: (partition: string, ...events: ReceivedEventData[]) => handlers.processEvents(events, contextOf(partition)),
  };
}
const nobodys = (sequenceNumber: number) => state(sequenceNumber, 'no delivery id');

test('a batch is checkpointed at its last event, also when that one is ignored', async () => {
  const { checkpoints, failures, take } = build(async () => undefined);
  await take(state(1, record.deliveryId), state(2, 'no delivery id'));
  await take();
  expect(checkpoints).toEqual([2]);
  expect(failures).toEqual([]);
});

test('an event that cannot be handled is not passed over: no checkpoint, and the application hears of it', async () => {
  const away = new Error('storage is away');
  const { checkpoints, failures, take } = build(() => Promise.reject(away));
  await take(state(1, record.deliveryId), state(2, record.deliveryId));
  expect(checkpoints).toEqual([]);
  expect(failures).toEqual([away]);
});

test('messages that belong to no delivery are checkpointed once a minute and partition, and those of a delivery at once', async () => {
  const { checkpoints, take, takeOf, pass } = build(async () => undefined);
  await take(nobodys(1));
  await take(nobodys(2));
  await takeOf('1', nobodys(3));
  pass(59_999);
  await take(nobodys(4));
  await take(nobodys(5), state(6, record.deliveryId));
  pass(60_000);
  await take(nobodys(7));
  expect(checkpoints).toEqual([1, 3, 6, 7]);
});

test('a hub full of other messages does not fill the log', async () => {
  const { lines, take } = build(async () => undefined);
  for (let sequenceNumber = 0; sequenceNumber < 1_000; sequenceNumber++) await take(nobodys(sequenceNumber));
  expect(lines).toHaveLength(10);
});
