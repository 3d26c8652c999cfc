import type { Fault, LineState } from '../contracts/databus';
import { judgedRun } from './judgedRun';
import type { Replay, ReplayRound } from './replay';
import type { ReplayResult } from './report';
import type { SiteConsole } from './siteConsole';

const runTimeoutMs = 120_000;
const samples = 900;

/** Lets the line's own machine run, with whatever fault its switch is at. */
async function runMachine(site: SiteConsole, about: Pick<ReplayResult, 'stretch' | 'source'>, round: ReplayRound): Promise<ReplayResult> {
  const stop = await site.onSample((time) => round.sent.times.add(time));
  try {
    return await judgedRun(site, about, round, () => site.runLine({ kind: 'simulate', intervalMs: 0, samples }, runTimeoutMs));
  } finally {
    stop();
  }
}

/** The line's machine has a fault for good: it is switched on in the first round and off when the last one has been judged, with a healthy run after it. */
export const faultyLine =
  (fault: Fault): Replay =>
  async (site, _manifest, _files, round) => {
    const turn = (position: LineState['fault']) => site.runLine({ kind: 'fault', fault: position }, runTimeoutMs);
    if (round.round === 1) await turn(fault);
    const faulty = await runMachine(site, { stretch: 'fault', source: `the line's own pump, fault "${fault}" on` }, round);
    if (!round.last) return [faulty];
    await turn('none');
    // Bearing and oil need a while to cool down from the fault, and the package sees that.
    const recovering = await runMachine(site, { stretch: 'recovering', source: "the line's own pump, fault just switched off" }, round);
    return [faulty, recovering, await runMachine(site, { stretch: 'normal', source: "the line's own pump, fault switched off" }, round)];
  };
