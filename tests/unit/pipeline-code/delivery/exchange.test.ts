import fc from 'fast-check';
import { simulatorStates } from '../../../../contracts/aimmMessages';
import { deliveryRecord, type DeliveryRecord } from '../../../../contracts/deliveryRecord';
import {
  decideExchange,
  type ExchangeAction,
  type ExchangeEvent,
  isOpen,
  maximumProbes,
  nextDueMs,
} from '../../../../pipeline-code/delivery/exchange';
import { openedAt, record } from '../../support/exampleDeliveryRecord';

const deadlines = { stepMs: 60_000, deliveryMs: 24 * 3_600_000 };
const after = (durationMs: number) => new Date(openedAt.getTime() + durationMs);
const run = (events: readonly [ExchangeEvent, number][], start: DeliveryRecord = record) => {
  const actions: ExchangeAction[] = [];
  const last = events.reduce((current, [event, durationMs]) => {
    const decision = decideExchange(current, event, after(durationMs), deadlines);
    actions.push(...decision.actions);
    return decision.record;
  }, start);
  return { record: last, actions };
};
const reported = (state: string, reason?: string): ExchangeEvent => ({
  kind: 'reported',
  body: { state, ...(reason === undefined ? {} : { reason }) },
});
const [opened, due, urlRequested, urlSent]: ExchangeEvent[] = [
  { kind: 'opened' },
  { kind: 'due' },
  { kind: 'urlRequested' },
  { kind: 'urlSent' },
];

describe('a delivery', () => {
  test('goes from its announcement over link and progress to Success', () => {
    const done = run([
      [opened, 0],
      [reported('Received'), 1_000],
      [urlRequested, 2_000],
      [urlSent, 3_000],
      [reported('Downloading'), 4_000],
      [reported('Success'), 5_000],
    ]);
    expect(done.actions).toEqual(['announce', 'sendUrl']);
    expect(done.record).toMatchObject({
      state: 'Success',
      reportedState: 'Success',
      announcements: 1,
      updatedAt: after(5_000).toISOString(),
    });
    expect(done.record.history.map(({ event, detail }) => [event, detail])).toEqual([
      ['opened', 'announcement 1'],
      ['reported', 'Received'],
      ['urlRequested', undefined],
      ['urlSent', undefined],
      ['reported', 'Downloading'],
      ['reported', 'Success'],
    ]);
  });

  test('keeps the reason of an Error', () => {
    const done = run([
      [opened, 0],
      [reported('Error', 'digest differs'), 1_000],
    ]);
    expect(done.record.state).toBe('Error');
    expect(done.record.history.at(-1)?.detail).toBe('Error: digest differs');
  });

  test('a redelivered queue message announces nothing twice', () => {
    expect(
      run([
        [opened, 0],
        [opened, 10],
        [opened, 90_000],
      ]).actions,
    ).toEqual(['announce']);
  });

  test('each request for a link is answered, also a second and a late one', () => {
    expect(
      run([
        [opened, 0],
        [urlRequested, 1_000],
        [urlSent, 1_500],
        [urlRequested, 2_000],
        [urlSent, 2_500],
        [urlRequested, 3_600_000],
      ]).actions,
    ).toEqual(['announce', 'sendUrl', 'sendUrl', 'sendUrl']);
  });
});

describe('a delivery that waits', () => {
  test('silence is answered with further announcements, each after twice the wait, and no more than the ceiling', () => {
    let current = run([[opened, 0]]).record;
    const waits: number[] = [];
    for (let probe = 0; probe < maximumProbes; probe++) {
      const at = nextDueMs(current, deadlines);
      waits.push((at - Date.parse(current.updatedAt)) / deadlines.stepMs);
      expect(decideExchange(current, due, new Date(at - 1), deadlines).record).toBe(current);
      const next = decideExchange(current, due, new Date(at), deadlines);
      expect(next.actions).toEqual(['announce']);
      current = next.record;
    }
    expect(waits).toEqual([1, 2, 4, 8, 16]);
    expect(nextDueMs(current, deadlines)).toBe(openedAt.getTime() + deadlines.deliveryMs);
    expect(decideExchange(current, due, after(12 * 3_600_000), deadlines).actions).toEqual([]);
  });

  test('whatever the AIMM says ends the silence', () => {
    const quiet = run([
      [opened, 0],
      [due, 60_000],
      [due, 180_000],
    ]).record;
    const heard = decideExchange(quiet, reported('some state of tomorrow'), after(200_000), deadlines).record;
    expect(nextDueMs(heard, deadlines)).toBe(after(260_000).getTime());
    expect(heard).toMatchObject({ state: 'NewDelivery', reportedState: 'some state of tomorrow' });
  });

  test('a link that was owed when the application died is sent when the step is due', () => {
    const owed = run([
      [opened, 0],
      [urlRequested, 1_000],
    ]).record;
    expect(decideExchange(owed, due, after(30_000), deadlines).actions).toEqual([]);
    expect(decideExchange(owed, due, after(61_000), deadlines)).toMatchObject({
      actions: ['sendUrl'],
      record: { state: 'PresignedUrlRequested', announcements: 1 },
    });
  });

  test('it ends as TimedOut at its deadline; what the AIMM says later is kept beside it', () => {
    const timedOut = run([
      [opened, 0],
      [due, deadlines.deliveryMs],
    ]).record;
    expect(timedOut.state).toBe('TimedOut');
    const late = decideExchange(timedOut, reported('Success'), after(deadlines.deliveryMs + 1), deadlines);
    expect(late.record).toMatchObject({ state: 'TimedOut', reportedState: 'Success' });
    expect(decideExchange(late.record, reported('Success'), after(deadlines.deliveryMs + 2), deadlines).record).toBe(late.record);
  });

  test('an AIMM that never stops talking does not fill the record', () => {
    const talk = run(Array.from({ length: 1_200 }, (_, index) => [reported(`part ${index}`), index]));
    expect(talk.record.history).toHaveLength(1_000);
    expect(talk.record.history.at(-1)?.detail).toBe('part 1199');
  });

  test('nothing is sent before it is approved', () => {
    const waiting: DeliveryRecord = { ...record, state: 'AwaitingApproval' };
    for (const event of [opened, due, urlRequested, urlSent, reported('Success')])
      expect(decideExchange(waiting, event, after(deadlines.deliveryMs * 2), deadlines)).toEqual({ record: waiting, actions: [] });
  });
});

const anyEvent: fc.Arbitrary<ExchangeEvent> = fc.oneof(
  fc.constantFrom(opened, due, urlRequested, urlSent),
  fc.constantFrom(...simulatorStates, 'Paused', 'success').map((state) => reported(state)),
);
const story = fc.array(fc.tuple(anyEvent, fc.integer({ min: 0, max: 3_600_000 })), { maxLength: 60 });

describe('laws of the exchange', () => {
  /** The moments at which a record may change, in the order of the story. */
  const replay = (steps: readonly (readonly [ExchangeEvent, number])[]) => {
    let at = 0;
    let current = record;
    return steps.map(([event, waitMs]) => {
      at += waitMs;
      const before = current;
      const decision = decideExchange(before, event, after(at), deadlines);
      current = decision.record;
      return { before, event, at, decision };
    });
  };

  test('an ended delivery stays as it ended and sends nothing', () => {
    fc.assert(
      fc.property(story, (steps) => {
        for (const { before, decision } of replay(steps).filter((step) => !isOpen(step.before))) {
          expect(decision.record.state).toBe(before.state);
          expect(decision.actions).toEqual([]);
        }
      }),
    );
  });

  test('links go out only for a request that was made, and an event that comes twice at once moves nothing twice', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const moves = replay(steps);
        for (const { before, event } of moves.filter(({ decision }) => decision.actions.includes('sendUrl')))
          expect([event.kind, before.state]).toContain(event.kind === 'urlRequested' ? 'urlRequested' : 'PresignedUrlRequested');
        for (const { event, at, decision } of moves.filter((move) => move.event.kind !== 'urlRequested')) {
          expect(decideExchange(decision.record, event, after(at), deadlines)).toMatchObject({
            record: { state: decision.record.state },
            actions: [],
          });
        }
      }),
    );
  });

  test('records keep their schema, their identity and a bounded history', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const last = replay([...steps, ...steps]).at(-1)?.decision.record ?? record;
        expect(deliveryRecord.safeParse(last).success).toBe(true);
        expect({ ...last, state: 0, updatedAt: 0, announcements: 0, history: 0, reportedState: 0 }).toEqual({
          ...record,
          state: 0,
          updatedAt: 0,
          announcements: 0,
          history: 0,
          reportedState: 0,
        });
      }),
      { numRuns: 30 },
    );
  });
});
