import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bundleAll } from '../../bundles/bundlePrograms';
import { measureDecisions } from './decisions';
import { defaultAccess } from './defaultAssignments';
import { sideBySide, type Pair } from './figures';
import { measureRequests } from './requestPath';
import { wholeRun } from './wholeRuns';

const file = join(__dirname, '..', '..', '.local', 'bench', 'enforcement.json');
const load = () =>
  loadavg()
    .map((one) => one.toFixed(2))
    .join(' ');
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const countOf = (text: string, name: string): number => {
  if (!/^\d{1,7}$/.test(text)) throw new Error(`--${name} ${text}: expected a number`);
  return Number(text);
};

/** `npm run bench:enforcement`: what it costs that every request is authenticated and authorized. */
async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      pairs: { type: 'string', default: '4' },
      decisions: { type: 'string', default: '200000' },
      requests: { type: 'string', default: '2000' },
    },
  });
  const [pairs, decisions, requests] = [
    countOf(values.pairs, 'pairs'),
    countOf(values.decisions, 'decisions'),
    countOf(values.requests, 'requests'),
  ];
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  print(`${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}; load ${load()}`);

  // The plan names the images by their content; and the first whole run does not pay for the bundles of all.
  await bundleAll();
  const declared = await defaultAccess();
  const decided = await measureDecisions(declared, decisions);
  print(
    `gate: ${decided.decisionsPerSecond} decisions/s granted, ${decided.refusalsPerSecond} refused, ${decided.withTokenPerSecond} with the token's signature, on ${decided.assignments} role assignments`,
  );
  const asked = await measureRequests(declared, requests);
  print(
    `GET of a small blob, ${asked.requests} on each side: p50 ${asked.onP50Ms.toFixed(3)} ms with the gate, ${asked.offP50Ms.toFixed(3)} ms without: ${((1 - asked.offP50Ms / asked.onP50Ms) * 100).toFixed(1)} % of the request`,
  );

  if (pairs === 0) return;
  const runs: (Pair & { readonly load: string; readonly decisions: number })[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const on = await wholeRun(true);
    const off = await wholeRun(false);
    runs.push({ on: on.durationMs, off: off.durationMs, decisions: off.decisions ?? 0, load: load() });
    print(
      `npm start, pair ${pair + 1}: ${(on.durationMs / 1_000).toFixed(1)} s with, ${(off.durationMs / 1_000).toFixed(1)} s without, ratio ${(on.durationMs / off.durationMs).toFixed(3)}; ${off.decisions ?? 0} decisions; load ${load()}`,
    );
  }
  const loop = sideBySide(runs);
  print(
    `npm start, medians of ${pairs} pairs: ${(loop.on / 1_000).toFixed(1)} s with, ${(loop.off / 1_000).toFixed(1)} s without, ratio ${loop.ratio.toFixed(3)}`,
  );
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(
    file,
    `${JSON.stringify({ at: new Date().toISOString(), machine, decisions: decided, requests: asked, runs, loop }, null, 2)}\n`,
  );
}

bench().catch((error: Error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(1);
});
