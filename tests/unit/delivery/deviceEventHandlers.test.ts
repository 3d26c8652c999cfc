import { type PartitionContext, type ReceivedEventData } from '@azure/event-hubs';
import { deviceEventHandlers } from '../../../pipeline-code/delivery/delivery';
import { record } from './exampleRecord';

const state = (sequenceNumber: number, deliveryId: string) => ({ sequenceNumber, body: { state: 'Assessing' }, properties: { type: 'state', deliveryId }, systemProperties: { 'iothub-connection-device-id': record.deviceId } }) as unknown as ReceivedEventData;

function build(handle: () => Promise<void>) {
  const checkpoints: number[] = [];
  const failures: unknown[] = [];
  const context = { partitionId: '0', updateCheckpoint: async (event: ReceivedEventData) => void checkpoints.push(event.sequenceNumber) } as unknown as PartitionContext;
  const handlers = deviceEventHandlers({ handle }, { info: () => undefined, warn: () => undefined, error: () => undefined }, (error) => failures.push(error));
  return { checkpoints, failures, take: (...events: ReceivedEventData[]) => handlers.processEvents(events, context) };
}

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
