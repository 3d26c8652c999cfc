import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { senderDirectory } from '../edge-sim/telemetry/emitter';
import { stateOnDisk, type SenderState } from '../edge-sim/telemetry/sentItem';
import type { MonitorReader } from './monitorReader';
import type { LoopReport } from './report';

/** Longer than the longest pause between two attempts of any hop, after a restart with back-off. */
const patienceMs = 60_000;
const pollMs = 500;

type ArrivedIds = ReadonlyMap<string, { readonly logs: readonly string[]; readonly metrics: readonly string[] }>;
type Telemetry = LoopReport['telemetry'];

/** What the programs of these sites have sent so far, by the disk of each sender: it knows nothing of what arrived. */
export async function sentByNow(siteDirectories: readonly string[]): Promise<SenderState[]> {
  const states = await Promise.all(
    siteDirectories.map(async (site) => {
      const programs = await readdir(senderDirectory(site, '')).catch(() => []);
      return Promise.all(programs.map((program) => stateOnDisk(join(senderDirectory(site, ''), program))));
    }),
  );
  return states.flat().flatMap((state) => state ?? []);
}

/** Of what was sent up to a moment, how much arrived; what was sent later is none of it. */
export function arrivals(senders: readonly SenderState[], arrived: ArrivedIds): Telemetry {
  const of = (kind: 'logs' | 'metrics') => {
    const ids = senders.flatMap(({ stream, sent }) =>
      (arrived.get(stream)?.[kind] ?? []).filter((id) => Number(id.slice(stream.length + 1)) <= sent.logs + sent.metrics),
    );
    return { sent: senders.reduce((sum, { sent }) => sum + sent[kind], 0), arrived: ids.length, distinct: new Set(ids).size };
  };
  return { logs: of('logs'), metrics: of('metrics') };
}

/** Counts what the site has sent so far and waits until all of that has arrived, or too long. */
export async function telemetryReturn(siteDirectories: readonly string[], monitor: MonitorReader, signal: AbortSignal): Promise<Telemetry> {
  const senders = await sentByNow(siteDirectories);
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const ids = new Map(await Promise.all(senders.map(async ({ stream }) => [stream, await monitor.idsOf(stream)] as const)));
    const counts = arrivals(senders, ids);
    if (Object.values(counts).every(({ sent, distinct }) => distinct >= sent) || performance.now() > deadline || signal.aborted)
      return counts;
    await pause(pollMs);
  }
}
