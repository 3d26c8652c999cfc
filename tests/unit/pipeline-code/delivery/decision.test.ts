import fc from 'fast-check';
import { deliveryRecord, type DeliveryRecord } from '../../../../contracts/deliveryRecord';
import { DecidedAlready, decideRelease, type Verdict } from '../../../../pipeline-code/delivery/decision';
import { decideExchange } from '../../../../pipeline-code/delivery/exchange';
import { openedAt, record } from '../../support/exampleDeliveryRecord';

const waiting: DeliveryRecord = { ...record, state: 'AwaitingApproval' };
const later = new Date(openedAt.getTime() + 5 * 86_400_000);
const approve: Verdict = { approved: true, by: 'ada@example.com' };
const reject: Verdict = { approved: false, by: 'ada@example.com', reason: 'the line is being rebuilt' };
const deadlines = { stepMs: 60_000, deliveryMs: 86_400_000 };

test("an approved delivery begins now: the days that it waited are not the device's", () => {
  const approved = decideRelease(waiting, approve, later);
  expect(approved).toMatchObject({
    state: 'Opened',
    openedAt: later.toISOString(),
    decision: { by: 'ada@example.com', at: later.toISOString(), approved: true },
  });
  expect(approved.history.at(-1)).toEqual({ at: later.toISOString(), event: 'approved', detail: 'by ada@example.com' });
  expect(decideExchange(approved, { kind: 'opened' }, later, deadlines)).toMatchObject({
    record: { state: 'NewDelivery' },
    actions: ['announce'],
  });
});

test('a rejected delivery keeps who and why, and nothing moves it any more', () => {
  const rejected = decideRelease(waiting, reject, later);
  expect(rejected).toMatchObject({
    state: 'Rejected',
    openedAt: waiting.openedAt,
    decision: { approved: false, reason: 'the line is being rebuilt' },
  });
  for (const event of [{ kind: 'opened' }, { kind: 'due' }, { kind: 'urlRequested' }] as const)
    expect(decideExchange(rejected, event, new Date(later.getTime() + 1e10), deadlines)).toEqual({ record: rejected, actions: [] });
});

test('the same verdict again changes nothing, the contrary is refused with who decided', () => {
  const approved = decideRelease(waiting, approve, later);
  expect(decideRelease(approved, { ...approve, by: 'bob@example.com' }, later)).toBe(approved);
  expect(decideRelease({ ...approved, state: 'Success' }, approve, later).state).toBe('Success');
  expect(() => decideRelease(approved, reject, later)).toThrow(
    new DecidedAlready(`delivery ${record.deliveryId} is Opened: ada@example.com approved it at ${later.toISOString()}.`),
  );
  expect(() => decideRelease(decideRelease(waiting, reject, later), approve, later)).toThrow(
    /rejected it .* The next model version is another delivery\./,
  );
});

test('where nobody has to approve, nobody can', () => {
  expect(() => decideRelease(record, approve, later)).toThrow(`delivery ${record.deliveryId} is Opened: nobody had to approve it.`);
});

test('law: whatever the verdict, the record stays one that every program can read, and what is delivered stays the same', () => {
  const verdict = fc.record({
    approved: fc.boolean(),
    by: fc.string({ minLength: 1, maxLength: 300 }),
    reason: fc.string({ maxLength: 1_000 }),
  });
  fc.assert(
    fc.property(verdict, (given) => {
      const decided = decideRelease(waiting, given, later);
      expect(deliveryRecord.safeParse(decided).success).toBe(true);
      const { packageBlob, sha256, deviceId, packageVersion } = waiting;
      expect(decided).toMatchObject({ packageBlob, sha256, deviceId, packageVersion });
    }),
  );
});
