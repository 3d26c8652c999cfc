import { type DeliveryRecord } from '../../../../contracts/deliveryRecord';
import { type C2dMessage } from '../../../../pipeline-code/clients/iotHub';
import { type DeliveryRecords } from '../../../../pipeline-code/delivery/deliveryRecords';
import { DeliveryService } from '../../../../pipeline-code/delivery/deliveryService';
import { openedAt, record } from '../../support/exampleDeliveryRecord';

/** Records under ETags, as blobs have them. */
class Records implements DeliveryRecords {
  readonly blobs = new Map<string, { record: DeliveryRecord; etag: string }>();
  private revision = 0;
  constructor(...records: DeliveryRecord[]) {
    for (const one of records) this.put(one);
  }
  put(one: DeliveryRecord) {
    const stored = { record: one, etag: String(++this.revision) };
    this.blobs.set(one.deliveryId, stored);
    return stored;
  }
  async read(deliveryId: string) {
    return this.blobs.get(deliveryId);
  }
  async replace(one: DeliveryRecord, etag: string) {
    return this.blobs.get(one.deliveryId)?.etag === etag ? this.put(one) : undefined;
  }
  async *ids() {
    yield* this.blobs.keys();
  }
  get state() {
    return this.blobs.get(record.deliveryId)?.record.state;
  }
}

function build(records: Records, options: { sendFails?: () => boolean; deliveryMs?: number } = {}) {
  const lines: { readonly message: string; readonly fields?: Readonly<Record<string, unknown>> | undefined }[] = [];
  const sent: { deviceId: string; message: C2dMessage }[] = [];
  let now = openedAt.getTime();
  const service = new DeliveryService({
    records,
    now: () => new Date(now),
    deadlines: { stepMs: 60_000, deliveryMs: options.deliveryMs ?? 3_600_000 * 24 },
    log: (level, message, fields) => void (level === 'info' && lines.push({ message, fields })),
    sign: async (blobName) => ({ url: `https://edge/${blobName}?sig=1`, expiresAt: new Date(now + 1_000) }),
    sender: {
      async send(deviceId, message) {
        if (options.sendFails?.()) throw new Error('the hub is away');
        sent.push({ deviceId, message });
      },
    },
  });
  return {
    service,
    sent,
    lines,
    kinds: () => sent.map(({ message }) => message.properties.kind),
    pass: (durationMs: number) => (now += durationMs),
  };
}
const { deliveryId, deviceId } = record;
const success = { kind: 'reported', body: { state: 'Success' } } as const;

test('announces, sends the link for the package of its own record, and ends', async () => {
  const records = new Records(record);
  const { service, sent, kinds } = build(records);
  await service.handle(deliveryId, { kind: 'opened' });
  expect(records.state).toBe('NewDelivery');
  await service.handle(deliveryId, { kind: 'urlRequested' }, deviceId);
  expect(records.state).toBe('PresignedUrlCreated');
  await service.handle(deliveryId, success, deviceId);
  expect(records.state).toBe('Success');
  expect(kinds()).toEqual(['newDelivery', 'presignedUrlResponse']);
  expect(sent.map((one) => one.deviceId)).toEqual([deviceId, deviceId]);
  expect(sent[1]?.message.body.toString()).toContain(record.packageBlob);
});

test('another device can neither get the link nor end the delivery', async () => {
  const records = new Records(record);
  const { service, kinds } = build(records);
  await service.handle(deliveryId, { kind: 'opened' });
  await service.handle(deliveryId, { kind: 'urlRequested' }, 'aimm-of-another-plant');
  await service.handle(deliveryId, success, 'aimm-of-another-plant');
  expect(kinds()).toEqual(['newDelivery']);
  expect(records.state).toBe('NewDelivery');
});

test('events for a delivery that does not exist are ignored', async () => {
  const { service, sent } = build(new Records());
  await service.handle(deliveryId, { kind: 'urlRequested' }, deviceId);
  expect(sent).toEqual([]);
});

test('two replicas that get the same message announce once', async () => {
  const records = new Records(record);
  const [one, other] = [build(records), build(records)];
  await Promise.all([one.service.handle(deliveryId, { kind: 'opened' }), other.service.handle(deliveryId, { kind: 'opened' })]);
  expect([...one.kinds(), ...other.kinds()]).toEqual(['newDelivery']);
});

test('a replica with an old copy of the record reads it again before it acts', async () => {
  const records = new Records(record);
  const { service, kinds, pass } = build(records);
  await service.handle(deliveryId, { kind: 'opened' });
  const stored = records.blobs.get(deliveryId)?.record;
  if (!stored) throw new Error('the record is there');
  records.put({ ...stored, state: 'Success' });
  pass(3_600_000);
  await service.tick();
  expect(kinds()).toEqual(['newDelivery']);
  expect(records.state).toBe('Success');
});

test('an event is not lost when another replica changed the record in between', async () => {
  const records = new Records(record);
  const [one, other] = [build(records), build(records)];
  await one.service.handle(deliveryId, { kind: 'opened' });
  await other.service.handle(deliveryId, { kind: 'reported', body: { state: 'Downloading' } }, deviceId);
  await one.service.handle(deliveryId, success, deviceId);
  expect(records.blobs.get(deliveryId)?.record.history.map(({ detail }) => detail)).toEqual(['announcement 1', 'Downloading', 'Success']);
});

test('after a restart an open delivery goes on: what was owed is sent when its step is due', async () => {
  const records = new Records(record);
  let away = true;
  const first = build(records, { sendFails: () => away });
  await first.service.handle(deliveryId, { kind: 'opened' });
  await first.service.handle(deliveryId, { kind: 'urlRequested' }, deviceId);
  expect(records.state).toBe('PresignedUrlRequested');
  expect(first.sent).toEqual([]);
  away = false;
  const second = build(records);
  expect(await second.service.resume()).toBe(1);
  second.pass(30_000);
  await second.service.tick();
  expect(second.kinds()).toEqual([]);
  second.pass(31_000);
  await second.service.tick();
  expect(second.kinds()).toEqual(['presignedUrlResponse']);
  expect(records.state).toBe('PresignedUrlCreated');
});

test('an announcement expires when the next one is due', async () => {
  const { service, sent } = build(new Records(record));
  await service.handle(deliveryId, { kind: 'opened' });
  expect(sent[0]?.message.expiryTimeMs).toBe(openedAt.getTime() + 60_000);
});

test('a delivery that may take a week and does not move is told of every hour, until it has ended: an alert looks back two days only', async () => {
  const records = new Records(record);
  const { service, lines, pass } = build(records, { deliveryMs: 7 * 24 * 3_600_000 });
  const other = build(records, { deliveryMs: 7 * 24 * 3_600_000 });
  await service.handle(deliveryId, { kind: 'opened' });
  const told: number[] = [];
  for (let hour = 1; hour <= 6 * 24; hour++) {
    pass(3_600_000);
    const before = lines.length;
    await service.tick();
    if (lines.slice(before).some(({ message }) => message === 'delivery waits' || message === 'delivery moved')) told.push(hour);
  }
  expect(told).toHaveLength(6 * 24);
  expect(lines.at(-1)).toMatchObject({
    message: 'delivery waits',
    fields: { deliveryId, state: 'NewDelivery', updatedAt: records.blobs.get(deliveryId)?.record.updatedAt },
  });
  // Another replica hears the end.
  await other.service.resume();
  await other.service.handle(deliveryId, success, deviceId);
  const before = lines.length;
  for (let hour = 0; hour < 3; hour++) {
    pass(3_600_000);
    await service.tick();
  }
  expect(lines.slice(before).map(({ message }) => message)).not.toContain('delivery waits');
});
