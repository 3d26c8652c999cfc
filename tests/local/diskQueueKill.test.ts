import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { DiskQueue } from '../../edge-sim/disk-queue/diskQueue';
import { projectRoot } from '../support/projectRoot';

/** Appends numbers and tells each that is safe; takes some out and tells those too, before their acknowledgement. */
const program = `
import { writeSync } from 'node:fs';
import { DiskQueue } from './edge-sim/disk-queue/diskQueue';
const say = (what: string, value: number) => writeSync(1, what + ' ' + value + '\\n');
void (async () => {
  const queue = await DiskQueue.open<{ value: number; filler: string }>(process.argv[2] as string, { maxBytes: 1e8, segmentBytes: 3_000 });
  let value = Number(process.argv[3]);
  const write = async () => { for (;;) { const from = value; value += 5; await queue.append([0, 1, 2, 3, 4].map((more) => ({ value: from + more, filler: 'x'.repeat(200) }))); for (let more = 0; more < 5; more += 1) say('safe', from + more); } };
  const take = async () => { for (;;) { await queue.waitForItems(1000); const { items, ack } = await queue.peek(3); for (const item of items) say('taken', item.value); await ack(); } };
  await Promise.all([write(), write(), take()]);
})();`;
let directory: string;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'disk-queue-kill-'));
  await build({
    stdin: { contents: program, resolveDir: projectRoot, loader: 'ts' },
    outfile: join(directory, 'writer.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('keeps every item that was safe, over ten kills, and gives again only what was not acknowledged', async () => {
  const safe = new Set<number>();
  const taken = new Map<number, number>();
  const place = join(directory, 'queue');
  for (let run = 0; run < 10; run += 1) {
    const child = spawn(process.execPath, [join(directory, 'writer.js'), place, String(run * 1_000_000)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      if (output === '') setTimeout(() => child.kill('SIGKILL'), 20 + Math.random() * 80);
      output += chunk.toString('utf8');
    });
    await new Promise((resolve) => child.once('close', resolve));
    for (const [, what, value] of output.matchAll(/^(safe|taken) (\d+)\n/gm)) {
      if (what === 'safe') safe.add(Number(value));
      else taken.set(Number(value), (taken.get(Number(value)) ?? 0) + 1);
    }
  }
  const queue = await DiskQueue.open<{ value: number }>(place, { maxBytes: 1e8 });
  const { items } = await queue.peek(1_000_000);
  expect(queue.size).toBe(items.length);
  await queue.close();
  const left = new Set(items.map(({ value }) => value));
  expect(left.size).toBe(items.length);
  expect([...safe].filter((value) => !left.has(value) && !taken.has(value))).toEqual([]);
  // At most the three of one batch are given twice at each kill.
  expect([...taken.values()].filter((times) => times > 1).length).toBeLessThanOrEqual(30);
  expect(safe.size).toBeGreaterThan(500);
});
