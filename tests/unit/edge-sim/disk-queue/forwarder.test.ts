import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskQueue } from '../../../../edge-sim/disk-queue/diskQueue';
import { RefusedError, startForwarder, type Forwarder } from '../../../../edge-sim/disk-queue/forwarder';

let directory: string;
let queue: DiskQueue<number>;
let forwarder: Forwarder | undefined;
const lines: string[] = [];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'forwarder-'));
  queue = await DiskQueue.open<number>(directory, { maxBytes: 1e6 });
  lines.length = 0;
});
afterEach(async () => {
  await forwarder?.stop();
  await queue.close();
  await rm(directory, { recursive: true, force: true });
});
const start = (send: (items: number[], signal: AbortSignal) => Promise<void>, maxItems = 8) => {
  forwarder = startForwarder(queue, send, {
    name: 'test',
    maxItems,
    firstPauseMs: 1,
    longestPauseMs: 4,
    log: (level, message) => void lines.push(`${level} ${message}`),
  });
};
const drained = async () => {
  for (let attempt = 0; queue.size > 0 && attempt < 500; attempt += 1) await new Promise((resolve) => setTimeout(resolve, 5));
};
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);

it('sends in order, and the same batch again after a failure', async () => {
  await queue.append(numbers(20));
  const batches: number[][] = [];
  const sent: number[] = [];
  start(async (items) => {
    batches.push(items);
    if (batches.length <= 3) throw new Error('away');
    sent.push(...items);
  });
  await drained();
  expect(batches.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => numbers(8)));
  expect(sent).toEqual(numbers(20));
  expect(lines).toEqual(['warn could not send, trying again', 'info sending again']);
});

it('finds the one item that is refused, drops and tells it, and sends all others once', async () => {
  await queue.append(numbers(40));
  const sent: number[] = [];
  start(async (items) => {
    if (items.includes(13)) throw new RefusedError('not that one');
    sent.push(...items);
  });
  await drained();
  expect(sent).toEqual(numbers(40).filter((number) => number !== 13));
  expect(lines).toEqual(['error dropped an item that the receiver refuses']);
});

it('ends at once though a send hangs, and keeps what was not taken', async () => {
  await queue.append([1, 2]);
  start((_, signal) => new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))));
  await new Promise((resolve) => setTimeout(resolve, 20));
  const before = performance.now();
  await forwarder?.stop();
  expect(performance.now() - before).toBeLessThan(500);
  expect(queue.size).toBe(2);
});
