import fc from 'fast-check';
import { isTerminal, type NewDeliveryBody } from '../../../../contracts/aimmMessages';
import {
  decide,
  maximumAttempts,
  maximumLinkRequests,
  receive,
  type Delivery,
  type DeliveryAction,
  type DeliveryEvent,
} from '../../../../edge-sim/model-manager/deliveryMachine';

const now = new Date('2026-11-22T12:00:00Z');
const sha256 = 'a'.repeat(64);
const body = {
  packageId: '0f4e2c6a-1111-5000-8000-000000000001',
  packageVersion: '10',
  eventId: 'e',
  timestamp: now.toISOString(),
  attributes: { sha256, sizeBytes: 5 },
};
const opened = (attributes: NewDeliveryBody['attributes'] = body.attributes) => receive('d1', 'p1', { ...body, attributes }, 1_000, now);
const link: DeliveryEvent = { kind: 'linkReceived', url: 'https://account/container/blob?sas' };
const downloaded: DeliveryEvent = { kind: 'downloaded', sha256, sizeBytes: 5 };

function play(events: readonly DeliveryEvent[], first = opened()): { delivery: Delivery; actions: DeliveryAction[]; states: string[] } {
  let { delivery } = first;
  const actions = [...first.actions];
  for (const event of events) {
    const decision = decide(delivery, event, now);
    delivery = decision.delivery;
    actions.push(...decision.actions);
  }
  return { delivery, actions, states: actions.flatMap((action) => (action.kind === 'report' ? [action.state] : [])) };
}
const happy: readonly DeliveryEvent[] = [{ kind: 'assessed' }, link, downloaded, { kind: 'imported' }, { kind: 'activated' }];

it('goes from Received to Success, one import and one activation', () => {
  const { states, actions, delivery } = play(happy);
  expect(states).toEqual(['Received', 'Assessing', 'UrlRequested', 'Downloading', 'Verifying', 'Importing', 'Activating', 'Success']);
  expect(actions.filter(({ kind }) => ['import', 'activate', 'download'].includes(kind)).map(({ kind }) => kind)).toEqual([
    'download',
    'import',
    'activate',
  ]);
  expect(JSON.stringify(delivery)).not.toContain('sas');
});

it('works with a cloud that says nothing of digest and size', () => {
  expect(play(happy, receive('d1', 'p1', { ...body, attributes: undefined }, 1_000, now)).states.at(-1)).toBe('Success');
});

it('refuses what is not the announced package', () => {
  const wrong = play([{ kind: 'assessed' }, link, { kind: 'downloaded', sha256: 'b'.repeat(64), sizeBytes: 5 }]);
  expect(wrong.delivery).toMatchObject({ state: 'Error', reason: expect.stringContaining('SHA-256') });
  expect(wrong.actions.map(({ kind }) => kind)).not.toContain('import');
  expect(wrong.actions.at(-1)).toEqual({ kind: 'discardFile' });
  expect(play([{ kind: 'assessed' }, { ...link, sha256: 'b'.repeat(64) }]).delivery.state).toBe('Error');
  expect(receive('d', undefined, { ...body, packageId: '../x' }, 1_000, now).delivery.state).toBe('Error');
  expect(receive('d', undefined, { ...body, packageVersion: '1.0' }, 1_000, now).delivery.state).toBe('Error');
  expect(receive('d', undefined, body, 4, now).delivery).toMatchObject({
    state: 'Error',
    reason: expect.stringContaining('at most 4 bytes'),
  });
});

it('asks for another link when one has run out, but not for ever', () => {
  const expired: DeliveryEvent[] = [link, { kind: 'failed', reason: '403', transient: true }];
  const again = play([{ kind: 'assessed' }, ...expired, link, downloaded]);
  expect(again.delivery.state).toBe('Importing');
  expect(again.actions.filter(({ kind }) => kind === 'requestLink')).toHaveLength(2);
  const never = play([{ kind: 'assessed' }, ...Array.from({ length: 20 }, () => expired).flat()]);
  expect(never.delivery).toMatchObject({ state: 'Error', linkRequests: maximumLinkRequests, reason: expect.stringContaining('403') });
});

it('waits while the site is not ready and reports a reason once', () => {
  const problem = 'the inference server does not answer';
  const waiting = play(Array.from({ length: 5 }, () => [{ kind: 'assessed', problem }, { kind: 'due' }] as DeliveryEvent[]).flat());
  expect(waiting.states).toEqual(['Received', 'Assessing', 'Assessing']);
  expect(waiting.actions.filter(({ kind }) => kind === 'assess')).toHaveLength(6);
  const never = play(Array.from({ length: maximumAttempts + 2 }, (): DeliveryEvent => ({ kind: 'assessed', problem })));
  expect(never.delivery).toMatchObject({ state: 'Error', reason: expect.stringContaining('given up') });
});

it('repeats its last state for a delivery that it knows', () => {
  expect(decide(play(happy).delivery, { kind: 'announced' }, now).actions).toEqual([{ kind: 'report', state: 'Success' }]);
  expect(decide(play([{ kind: 'assessed' }]).delivery, { kind: 'announced' }, now).actions.map(({ kind }) => kind)).toEqual([
    'report',
    'requestLink',
  ]);
});

it('takes up an import after a restart when the file is there, and starts over when it is not', () => {
  const { delivery } = play(happy.slice(0, 4));
  expect(decide(delivery, { kind: 'resumed', filePresent: true }, now).actions.at(-1)).toEqual({ kind: 'import' });
  expect(decide(delivery, { kind: 'resumed', filePresent: false }, now).actions.at(-1)).toEqual({ kind: 'assess' });
});

const anyEvent: fc.Arbitrary<DeliveryEvent> = fc.oneof(
  fc.constantFrom<DeliveryEvent>(
    { kind: 'announced' },
    { kind: 'due' },
    { kind: 'assessed' },
    { kind: 'assessed', problem: 'full' },
    link,
    { ...link, sha256, sizeBytes: 5 },
    downloaded,
    { kind: 'imported' },
    { kind: 'activated' },
    { kind: 'resumed', filePresent: false },
    { kind: 'resumed', filePresent: true },
  ),
  fc.record({ kind: fc.constant('failed' as const), reason: fc.constantFrom('a', 'b'), transient: fc.boolean() }),
  fc.record({
    kind: fc.constant('downloaded' as const),
    sha256: fc.constantFrom(sha256, 'b'.repeat(64)),
    sizeBytes: fc.constantFrom(5, 6),
  }),
);

/** What must hold of every step, as words for the one that does not. */
function brokenLaw(before: Delivery, event: DeliveryEvent): string | undefined {
  const { delivery, actions } = decide(before, event, now);
  const kinds = new Set(actions.map(({ kind }) => kind));
  if (isTerminal(before.state) && (delivery !== before || [...kinds].some((kind) => kind !== 'report')))
    return 'an ended delivery stays as it is';
  if (kinds.has('import') && (delivery.downloaded?.sha256 !== sha256 || delivery.downloaded.sizeBytes !== 5))
    return 'only what was announced is imported';
  if (delivery.state === 'Success' && before.state !== 'Success' && before.state !== 'Activating')
    return 'only an activation ends with success';
  if (delivery.linkRequests > maximumLinkRequests) return 'links are not asked for without end';
  const goesOn = ['assess', 'requestLink', 'download', 'import', 'activate', 'wakeUp'] as const;
  if (delivery.state !== before.state && !isTerminal(delivery.state) && !goesOn.some((kind) => kinds.has(kind)))
    return 'an open delivery has something to wait for';
  return undefined;
}

it('keeps its laws whatever happens in whatever order', () => {
  fc.assert(
    fc.property(fc.array(anyEvent, { maxLength: 80 }), (events) => {
      let { delivery } = opened();
      for (const event of events) {
        expect(brokenLaw(delivery, event)).toBeUndefined();
        ({ delivery } = decide(delivery, event, now));
      }
    }),
    { numRuns: 500 },
  );
});
