import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { arrivals } from '../../../../loop/telemetryReturn';
import { senderDirectory, TelemetryEmitter } from '../../../../edge-sim/telemetry/emitter';
import { stateOnDisk } from '../../../../edge-sim/telemetry/sentItem';

let site: string;
beforeEach(async () => {
  site = await mkdtemp(join(tmpdir(), 'emitter-'));
});
afterEach(() => rm(site, { recursive: true, force: true }));

const open = (send: (ids: string[]) => Promise<void>) =>
  TelemetryEmitter.open(
    'pump',
    { FACTORY: 'plant', DEVICE_ID: 'device', SITE_DIRECTORY: site, OTLP_PORT: 1 },
    () => undefined,
    (items) => send(items.map(({ itemId }) => itemId)),
  );
const state = () => stateOnDisk(senderDirectory(site, 'pump'));

it('numbers what it sends over restarts, whether the next hop has taken it or not, and its disk tells how much that was', async () => {
  const taken: string[] = [];
  const away = await open(() => Promise.reject(new Error('away')));
  away.gauge('pressure', 1);
  away.log('info', 'started');
  away.gauge('not a number', Number.NaN);
  await away.close();
  const stream = (await state())?.stream as string;
  expect(await state()).toEqual({ stream, sent: { logs: 1, metrics: 1 } });

  const back = await open(async (ids) => {
    taken.push(...ids);
  });
  back.gauge('pressure', 2);
  while (taken.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await back.close();
  const again = await open(async (ids) => {
    taken.push(...ids);
  });
  again.log('warn', 'alarm');
  while (taken.length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  await again.close();
  expect(taken).toEqual([1, 2, 3, 4].map((number) => `${stream}/${number}`));
  expect(await state()).toEqual({ stream, sent: { logs: 2, metrics: 2 } });
});

it('counts of what arrived only what was sent up to the moment of the count, each once', () => {
  const senders = [
    { stream: 'a', sent: { logs: 1, metrics: 2 } },
    { stream: 'b', sent: { logs: 1, metrics: 0 } },
  ];
  const arrived = new Map([['a', { logs: ['a/2', 'a/2'], metrics: ['a/1', 'a/4', 'a/5'] }]]);
  expect(arrivals(senders, arrived)).toEqual({ logs: { sent: 2, arrived: 2, distinct: 1 }, metrics: { sent: 2, arrived: 1, distinct: 1 } });
});
