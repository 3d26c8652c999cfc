import { deepStrictEqual } from 'node:assert';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { DiskQueue, QueueFullError } from '../../../../edge-sim/disk-queue/diskQueue';
import { newestItem } from '../../../../edge-sim/disk-queue/newestItem';

const directories: string[] = [];
async function freshDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'disk-queue-'));
  directories.push(directory);
  return directory;
}
afterAll(() => Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true }))));
const open = <T>(directory: string, maxBytes = 1e6, segmentBytes?: number) => DiskQueue.open<T>(directory, { maxBytes, segmentBytes });
const lastSegment = async (directory: string) =>
  join(
    directory,
    (await readdir(directory))
      .filter((name) => name.endsWith('.segment'))
      .sort()
      .at(-1) ?? 'none',
  );

const same = (found: unknown, wanted: unknown) => deepStrictEqual(found, wanted);

const step = fc.oneof(
  fc.record({ do: fc.constant('append' as const), items: fc.array(fc.string({ maxLength: 40, unit: 'grapheme' }), { maxLength: 5 }) }),
  fc.record({ do: fc.constant('take' as const), max: fc.integer({ min: 1, max: 7 }), ack: fc.boolean() }),
  fc.record({ do: fc.constant('reopen' as const), torn: fc.integer({ min: 0, max: 12 }) }),
);

describe('disk queue', () => {
  it('behaves as a list in memory, whatever is appended, taken, reopened or torn', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const directory = await freshDirectory();
        let queue = await open<string>(directory, 1e6, 100);
        let model: string[] = [];
        let newest: string | undefined;
        for (const action of steps) {
          if (action.do === 'append') {
            await queue.append(action.items);
            model = [...model, ...action.items];
            newest = action.items.at(-1) ?? newest;
          } else if (action.do === 'take') {
            const { items, ack } = await queue.peek(action.max);
            same(items, model.slice(0, action.max));
            if (action.ack) {
              await ack();
              model = model.slice(items.length);
            }
          } else {
            await queue.close();
            if (action.torn > 0 && (await readdir(directory)).some((name) => name.endsWith('.segment')))
              await writeFile(await lastSegment(directory), '0a1b2c3d "torn'.slice(0, action.torn), { flag: 'a' });
            queue = await open<string>(directory, 1e6, 100);
          }
          same(queue.size, model.length);
          same(await newestItem(directory), newest);
        }
        same((await queue.peek(1_000)).items, model);
        await queue.close();
      }),
      { numRuns: 60 },
    );
  });

  it('keeps every append that resolved, and a damaged line costs only itself', async () => {
    const directory = await freshDirectory();
    const queue = await open<number>(directory);
    await Promise.all([queue.append([1]), queue.append([2, 3]), queue.append([4])]);
    await queue.close();
    const path = await lastSegment(directory);
    const content = await readFile(path, 'utf8');
    await writeFile(path, content.replace(' 2\n', ' 7\n'));
    const again = await open<number>(directory);
    expect((await again.peek(10)).items).toEqual([1, 3, 4]);
    expect(again.size).toBe(3);
    await again.close();
  });
});

describe('the limits of a disk queue', () => {
  it('refuses more than it may hold, and takes again after an acknowledgement', async () => {
    const queue = await open<string>(await freshDirectory(), 1_000);
    const item = 'x'.repeat(289);
    await Promise.all([queue.append([item]), queue.append([item]), queue.append([item])]);
    await expect(queue.append([item])).rejects.toThrow(QueueFullError);
    const { ack } = await queue.peek(1);
    await ack();
    await queue.append([item]);
    expect(queue.size).toBe(3);
    await queue.close();
  });

  it('removes files whose items were all taken', async () => {
    const directory = await freshDirectory();
    const queue = await open<number>(directory, 1e6, 50);
    for (let item = 0; item < 50; item += 1) await queue.append([item]);
    const before = (await readdir(directory)).length;
    await (await queue.peek(49)).ack();
    expect(before).toBeGreaterThan(8);
    expect((await readdir(directory)).length).toBeLessThan(4);
    await queue.close();
    const again = await open<number>(directory);
    expect((await again.peek(10)).items).toEqual([49]);
    await again.close();
  });

  it('sends again rather than loses when the position is damaged, and an old acknowledgement does nothing', async () => {
    const directory = await freshDirectory();
    const queue = await open<number>(directory);
    await queue.append([1, 2, 3]);
    const first = await queue.peek(1);
    const second = await queue.peek(2);
    await second.ack();
    await first.ack();
    expect((await queue.peek(10)).items).toEqual([3]);
    await queue.close();
    await truncate(join(directory, 'position.json'), 0);
    const again = await open<number>(directory);
    expect((await again.peek(10)).items).toEqual([1, 2, 3]);
    await again.close();
  });

  it('limits a batch by bytes but always gives one item', async () => {
    const queue = await open<string>(await freshDirectory());
    await queue.append(['a'.repeat(500), 'b'.repeat(100), 'c'.repeat(100), 'd'.repeat(100)]);
    expect((await queue.peek(10, 200)).items).toHaveLength(1);
    await (await queue.peek(1)).ack();
    expect((await queue.peek(10, 250)).items).toHaveLength(2);
    await queue.close();
  });
});
