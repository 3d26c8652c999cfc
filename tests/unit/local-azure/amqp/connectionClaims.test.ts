import { ConnectionClaims, covers, entityOf } from '../../../../local-azure/amqp/connectionClaims';
import type { Clock } from '../../../../local-azure/region/clock';

const partition = 'device-messages/ConsumerGroups/delivery/Partitions/0';
it.each([
  ['sb://localhost:1/device-messages/ConsumerGroups/delivery/Partitions/0', partition, true],
  ['sb://localhost:1/device-messages/ConsumerGroups/delivery/Partitions/0', 'device-messages/ConsumerGroups/delivery/Partitions/1', false],
  ['sb://localhost:1/device-messages', partition, true],
  ['sb://localhost:1/device', partition, false],
  ['sb://localhost:1/device-messages/$management', '$management', true],
  ['sb://localhost:1/device-messages/$management', partition, false],
  ['https://iothubs.azure.net/.default', '/messages/devicebound', true],
])('a token for %s counts for the link at %s: %s', (name, address, counts) => {
  expect(covers(entityOf(name), address)).toBe(counts);
});

it('a claim ends with its token unless a newer one has taken its place, and with it what was at its entity only', () => {
  let now = 0;
  const timers: { at: number; run: () => void }[] = [];
  const clock: Clock = {
    now: () => new Date(now),
    after: (durationMs, run) => {
      const timer = { at: now + durationMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  };
  const advance = (to: number) => {
    now = to;
    for (const timer of timers.filter(({ at }) => at <= to)) timer.run();
  };
  const ended: string[] = [];
  const claims = new ConnectionClaims(clock, (entity) => void ended.push(entity));
  const claim = (who: string, expiresMs: number) => ({
    principal: { objectId: who, clientId: who, displayName: who },
    expiresAt: new Date(expiresMs),
  });
  claims.put(entityOf(`sb://x/${partition}`), claim('first', 100));
  claims.put(entityOf('sb://x/device-messages/$management'), claim('other', 300));
  claims.put(entityOf(`sb://x/${partition}`), claim('second', 200));
  advance(150);
  expect([ended, claims.at(partition)?.principal.displayName]).toEqual([[], 'second']);
  advance(250);
  expect([ended, claims.at(partition), claims.at('$management')?.principal.displayName]).toEqual([
    [partition.toLowerCase()],
    undefined,
    'other',
  ]);
});
