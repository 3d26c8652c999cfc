import type { DeliveryRecord } from '../../../contracts/deliveryRecord';
import { deliveryMeant, Releases } from '../../../loop/releases';
import { record } from '../support/exampleDeliveryRecord';

const waiting: DeliveryRecord = { ...record, state: 'AwaitingApproval' };
const other: DeliveryRecord = { ...waiting, deliveryId: '0b7e6b0e-7a43-5d3c-9a53-1f2e3d4c5b6b', openedAt: '2026-11-23T12:00:00.000Z' };
const now = new Date('2026-11-24T12:00:00.000Z');
const approve = { approved: true, by: 'ada@example.com' };

/** Records in memory; the first `conflicts` writes find that somebody else was faster. */
function store(records: readonly DeliveryRecord[], conflicts = 0) {
  const kept = new Map(records.map((one) => [one.deliveryId, { record: one, etag: '1' }]));
  const told: string[] = [];
  let left = conflicts;
  const releases = new Releases(
    {
      read: async (id) => kept.get(id),
      replace: async (changed) => {
        if (left-- > 0) return undefined;
        const stored = { record: changed, etag: '2' };
        kept.set(changed.deliveryId, stored);
        return stored;
      },
      async *ids() {
        yield* kept.keys();
      },
    },
    async (id) => void told.push(id),
  );
  return { releases, told, state: (id: string) => kept.get(id)?.record.state };
}

test('those that wait are listed, the newest first', async () => {
  const { releases } = store([waiting, other, { ...record, deliveryId: '1b7e6b0e-7a43-5d3c-9a53-1f2e3d4c5b6c' }]);
  expect((await releases.waiting()).map(({ deliveryId }) => deliveryId)).toEqual([other.deliveryId, waiting.deliveryId]);
  expect(await releases.all()).toHaveLength(3);
});

test('a decision is written, then told; told again when the command is repeated', async () => {
  const { releases, told, state } = store([waiting], 2);
  await releases.decide(waiting.deliveryId, approve, now);
  expect([state(waiting.deliveryId), told]).toEqual(['Opened', [waiting.deliveryId]]);
  await releases.decide(waiting.deliveryId, approve, now);
  expect(told).toHaveLength(2);
});

test('what cannot be decided is told nobody', async () => {
  const { releases, told } = store([record]);
  await expect(releases.decide(record.deliveryId, approve, now)).rejects.toThrow('nobody had to approve it');
  await expect(releases.decide(other.deliveryId, approve, now)).rejects.toThrow(`there is no delivery ${other.deliveryId}`);
  const contested = store([waiting], 100);
  await expect(contested.releases.decide(waiting.deliveryId, approve, now)).rejects.toThrow('is being changed by others');
  expect([told, contested.told]).toEqual([[], []]);
});

test("a delivery is meant by its id, or by a beginning that is no other's", () => {
  expect(deliveryMeant([waiting, other], waiting.deliveryId.toUpperCase())).toBe(waiting);
  expect(deliveryMeant([waiting], '0b7e6b0e')).toBe(waiting);
  expect(() => deliveryMeant([waiting, other], '0b7e6b0e')).toThrow('several deliveries begin like this');
  expect(() => deliveryMeant([waiting], '1b7e6b0e')).toThrow('there is no delivery 1b7e6b0e');
  expect(() => deliveryMeant([waiting], '0b7')).toThrow('expected the id of a delivery');
});
