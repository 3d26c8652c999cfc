import { newDeliveryBody, presignedUrlResponseBody } from '../../../../contracts/aimmMessages';
import { readDeviceEvent } from '../../../../pipeline-code/delivery/deviceEvent';
import { newDelivery, presignedUrlResponse } from '../../../../pipeline-code/delivery/messages';
import { record } from '../../support/exampleDeliveryRecord';

const now = new Date('2026-11-22T12:00:05.000Z');
const messageId = '7f9c24e8-3b12-4fef-91d0-56a2d5a3c0a1';
const url = 'https://edge.blob.core.windows.net/packaged-models/x.zip?sv=1&sig=2';
const body = (message: { body: Buffer }) => JSON.parse(message.body.toString('utf8')) as Record<string, unknown>;

/** The public reference code of the AI Model Manager's counterpart: names and fields below must not change. */
describe('the wire towards the AI Model Manager', () => {
  test('newDelivery: properties, content type and fields of the reference; ours only under attributes', () => {
    const message = newDelivery(record, messageId, now, 1_000);
    expect(message.properties).toEqual({ type: 'event', kind: 'newDelivery', deliveryId: record.deliveryId, projectId: record.projectId });
    expect(message).toMatchObject({ contentType: 'application/json', messageId, expiryTimeMs: 1_000 });
    const { attributes, ...fields } = body(message);
    expect(fields).toEqual({
      packageId: record.packageId,
      packageVersion: '12',
      eventId: messageId,
      timestamp: '2026-11-22T12:00:05.000Z',
    });
    expect(attributes).toEqual({
      schemaVersion: '1',
      sha256: record.sha256,
      sizeBytes: 12_345,
      packageName: 'Pump Watch',
      factory: 'plant-1',
    });
    expect(newDeliveryBody.safeParse(body(message)).success).toBe(true);
  });

  test('presignedUrlResponse: properties and fields of the reference; it expires with its link', () => {
    const message = presignedUrlResponse(record, messageId, now, { url, expiresAt: new Date('2026-11-22T13:00:00.000Z') });
    expect(message.properties).toEqual({
      type: 'data',
      kind: 'presignedUrlResponse',
      deliveryId: record.deliveryId,
      projectId: record.projectId,
    });
    expect(message).toMatchObject({ contentType: 'application/json', expiryTimeMs: Date.parse('2026-11-22T13:00:00.000Z') });
    expect(body(message)).toEqual({
      timestamp: '2026-11-22T12:00:05.000Z',
      attributes: { presignedUrl: url, sha256: record.sha256, sizeBytes: 12_345, expiresAt: '2026-11-22T13:00:00.000Z' },
    });
    expect(presignedUrlResponseBody.safeParse(body(message)).success).toBe(true);
  });

  test('the expiry is a number, because the SDK breaks on a date', () => {
    expect(typeof newDelivery(record, messageId, now, 1_000).expiryTimeMs).toBe('number');
  });
});

describe('the wire from the AI Model Manager', () => {
  const systemProperties = { 'iothub-connection-device-id': record.deviceId };
  const { deliveryId } = record;
  const read = (properties: Record<string, unknown>, content: unknown) => readDeviceEvent({ properties, body: content, systemProperties });
  const forDelivery = (event: unknown) => ({ kind: 'event', deliveryId, deviceId: record.deviceId, event });

  test.each([{}, 'anything', null, Buffer.from('{"x":1}')])('presignedUrlRequest with the body %p: the body is not read', (content) => {
    expect(read({ type: 'event', kind: 'presignedUrlRequest', deliveryId }, content)).toEqual(forDelivery({ kind: 'urlRequested' }));
  });

  test.each([
    ['an object', { state: 'Success' }],
    ['text', '{"state":"Success"}'],
    ['bytes', Buffer.from('{"state":"Success"}')],
  ])('state as %s', (_, content) => {
    expect(read({ type: 'state', deliveryId }, content)).toEqual(forDelivery({ kind: 'reported', body: { state: 'Success' } }));
  });

  test('unknown states and fields are kept', () => {
    expect(read({ type: 'state', deliveryId }, { state: 'InMaintenanceWindow', shift: 3 })).toEqual(
      forDelivery({ kind: 'reported', body: { state: 'InMaintenanceWindow', shift: 3 } }),
    );
  });

  test.each([
    ['no delivery id', { type: 'state' }, { state: 'Success' }],
    ['a delivery id that could be a path', { type: 'state', deliveryId: '../../raw/x' }, { state: 'Success' }],
    ['another type', { type: 'telemetry', deliveryId }, { state: 'Success' }],
    ['broken JSON', { type: 'state', deliveryId }, '{"state":'],
    ['a state that is no text', { type: 'state', deliveryId }, { state: 7 }],
    ['a body without end', { type: 'state', deliveryId }, `{"state":"${'x'.repeat(300_000)}"}`],
  ])('%s is ignored', (_, properties, content) => {
    expect(read(properties, content)).toMatchObject({ kind: 'ignored' });
  });

  test('a message for which the hub names no device is ignored', () => {
    expect(readDeviceEvent({ properties: { type: 'state', deliveryId }, body: { state: 'Success' } })).toMatchObject({
      kind: 'ignored',
      reason: 'the hub named no device',
    });
  });
});
