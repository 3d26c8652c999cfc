import {
  lineCommand,
  lineCommandTopic,
  lineDataTopic,
  lineStateTopic,
  qualityCode,
  type LineCommand,
  type LineState,
} from '../../contracts/databus';
import type { Databus } from '../databus/databusClient';
import { messageOf, type Log } from '../../contracts/program/log';
import { pause } from '../../contracts/program/retry';
import type { Running } from '../../contracts/program/run';
import { Machine, machineSensors } from './machine';

type Run = Extract<LineCommand, { kind: 'simulate' | 'replay' }>;
type FaultKind = LineState['fault'];
interface LineSample {
  readonly time: string;
  readonly qc: number;
  readonly values: readonly (readonly [sensor: string, value: number])[];
}

/** Samples on their way to the databus; enough to be fast, few enough that a stop is felt at once. */
const window = 200;
const nominalPeriodMs = 1_000;

function* replayed({ columns, rows, quality }: Extract<Run, { kind: 'replay' }>): Generator<LineSample> {
  for (const [time, ...cells] of rows) {
    yield {
      time,
      qc: quality === 'uncertain' ? qualityCode.uncertain : qualityCode.good,
      values: columns.flatMap((sensor, at) => (typeof cells[at] === 'number' ? [[sensor, cells[at]] as const] : [])),
    };
  }
}

/** Samples of runs without a pause carry the machine's own time, those of other runs the clock's. */
function* simulated(
  { samples = Number.POSITIVE_INFINITY, intervalMs }: Extract<Run, { kind: 'simulate' }>,
  machine: Machine,
): Generator<LineSample> {
  for (let index = 0; index < samples; index += 1) {
    const { time, values } = machine.sample(intervalMs > 0 ? new Date() : undefined);
    yield {
      time: time.toISOString(),
      qc: qualityCode.good,
      values: machineSensors.map((sensor) => [sensor, values[sensor] as number] as const),
    };
  }
}

/** The line of the site: obeys commands from the databus, one run at a time, and says what it does. */
export class ProductionLine implements Running {
  /** Goes on over restarts: no two messages of the line are the same. */
  private sequence = Date.now() * 1_000;
  private current: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;
  private fault: FaultKind = 'none';
  private machine: Machine | undefined;
  private state: LineState = { id: '00000000-0000-4000-8000-000000000000', kind: 'idle', fault: 'none', samplesSent: 0, finished: true };
  private commands: Promise<void> = Promise.resolve();

  constructor(
    private readonly databus: Databus,
    private readonly seed: number,
    private readonly log: Log,
  ) {}

  async start(first?: LineCommand): Promise<void> {
    await this.databus.subscribeJson(lineCommandTopic, lineCommand, (command) => this.obey(command));
    await (first ? this.obey(first) : this.tell(this.state));
  }

  obey(command: LineCommand): Promise<void> {
    this.commands = this.commands
      .then(() => this.apply(command))
      .catch((error: unknown) => this.log('error', 'command failed', { id: command.id, reason: messageOf(error) }));
    return this.commands;
  }

  private async apply(command: LineCommand): Promise<void> {
    this.log('info', 'command', { id: command.id, kind: command.kind });
    if (command.kind === 'fault') {
      this.setFault(command.fault);
      // The run keeps its own id in its states; this answer carries the command's.
      await this.tell({ ...this.state, id: command.id, fault: command.fault, finished: true }, false);
      return;
    }
    await this.stopRun();
    if (command.kind === 'stop') return this.tell({ id: command.id, kind: 'idle', fault: this.fault, samplesSent: 0, finished: true });
    const wide = command.kind === 'replay' ? command.rows.findIndex((row) => row.length - 1 !== command.columns.length) : -1;
    if (command.kind === 'replay' && wide >= 0) {
      const error = `row ${wide}: expected ${command.columns.length} values after the time, got ${(command.rows[wide] as unknown[]).length - 1}`;
      return this.tell({ id: command.id, kind: 'idle', fault: this.fault, samplesSent: 0, finished: true, error });
    }
    if (command.kind === 'simulate') {
      const periodMs = command.intervalMs || nominalPeriodMs;
      // The machine goes on where it stood, in its own time too; only another pace needs another one.
      if (this.machine?.settings.periodMs !== periodMs) {
        this.machine = new Machine({ seed: this.seed, startTime: new Date(), periodMs });
        this.machine.setFault(this.fault);
      }
      if (command.fault !== undefined && command.fault !== this.fault) this.setFault(command.fault);
    }
    const stop = new AbortController();
    await this.tell({ id: command.id, kind: command.kind, fault: this.fault, samplesSent: 0, finished: false });
    this.current = { stop, ended: this.run(command, stop.signal) };
  }

  private setFault(fault: FaultKind): void {
    this.fault = fault;
    this.machine?.setFault(fault);
    this.state = { ...this.state, fault };
  }

  private async run(command: Run, stopped: AbortSignal): Promise<void> {
    const samples = command.kind === 'replay' ? replayed(command) : simulated(command, this.machine as Machine);
    const startedAt = performance.now();
    let sent = 0;
    const underway = new Set<Promise<void>>();
    let failure: unknown;
    for (const sample of samples) {
      if (stopped.aborted || failure !== undefined) break;
      const publishing = this.publish(sample)
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => underway.delete(publishing));
      underway.add(publishing);
      sent += 1;
      this.state = { ...this.state, samplesSent: sent };
      if (underway.size >= window) await Promise.race(underway);
      const aheadMs = startedAt + sent * command.intervalMs - performance.now();
      if (command.intervalMs > 0 && aheadMs > 0) await pause(aheadMs, stopped);
    }
    await Promise.all(underway);
    await this.tell({
      id: command.id,
      kind: command.kind,
      fault: this.fault,
      samplesSent: sent,
      finished: true,
      ...(failure === undefined ? {} : { error: messageOf(failure) }),
    });
  }

  private async publish({ time, qc, values }: LineSample): Promise<void> {
    this.sequence += 1;
    await this.databus.publishJson(lineDataTopic, { seq: this.sequence, vals: values.map(([id, val]) => ({ id, qc, ts: time, val })) });
  }

  private async stopRun(): Promise<void> {
    this.current?.stop.abort();
    await this.current?.ended;
    this.current = undefined;
  }

  private async tell(state: LineState, keep = true): Promise<void> {
    if (keep) this.state = state;
    this.log(state.error === undefined ? 'info' : 'error', 'line state', { ...state });
    await this.databus.publishJson(lineStateTopic, state, { retain: keep });
  }

  async close(): Promise<void> {
    await this.stopRun();
    await this.databus.close();
  }
}
