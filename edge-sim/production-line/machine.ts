import { type LineCommand } from '../../contracts/databus';

type FaultKind = Extract<LineCommand, { kind: 'fault' }>['fault'];
export interface MachineSample {
  readonly time: Date;
  readonly values: Readonly<Record<string, number>>;
  readonly fault: FaultKind;
}
interface MachineSettings {
  readonly seed: number;
  readonly startTime: Date;
  /** Time from a sample to the next. */
  readonly periodMs: number;
}

/** Sensors of the simulated pump station, in the order of the columns of its records. */
export const machineSensors = [
  'Vibration Drive End',
  'Vibration Pump End',
  'Motor Current',
  'Discharge Pressure',
  'Bearing Temperature',
  'Oil Temperature',
  'Supply Voltage',
  'Flow Rate',
] as const;

/** mulberry32: small, fast, and the same numbers on every machine. */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Short enough that a quarter of an hour shows all that is normal. */
const loadCycleSeconds = 47;
const gridCycleSeconds = 211;
/** How far a drift has come after this time it stays: the bearing is then as bad as it gets. */
const driftSeconds = 180;

/**
 * A pump with its motor: the load drives current, pressure and flow together, the losses warm bearing and oil slowly, and
 * the vibration follows speed and load. A fault changes the physics, so that all sensors that depend on it react.
 */
export class Machine {
  private readonly random: () => number;
  private seconds = 0;
  private index = 0;
  private fault: FaultKind = 'none';
  private faultSince = 0;
  private loadNoise = 0;
  /** Warm from the start: where both settle at mean load. */
  private bearing = 64.9;
  private oil = 48.5;
  private stuckAt: Readonly<Record<string, number>> | undefined;

  constructor(readonly settings: MachineSettings) {
    this.random = randomNumbers(settings.seed);
  }

  setFault(fault: FaultKind): void {
    this.fault = fault;
    this.faultSince = this.seconds;
    this.stuckAt = undefined;
  }

  private gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.random())) * Math.cos(2 * Math.PI * this.random());
  }

  /** Share of a fault's full strength, 0 without one. */
  private severity(kind: FaultKind): number {
    if (this.fault !== kind) return 0;
    return kind === 'drift' ? Math.min(1, (this.seconds - this.faultSince) / driftSeconds) : 1;
  }

  sample(time = new Date(this.settings.startTime.getTime() + this.index * this.settings.periodMs)): MachineSample {
    const step = this.settings.periodMs / 1000;
    const cycle =
      Math.sin((2 * Math.PI * this.seconds) / loadCycleSeconds) + 0.3 * Math.sin((2 * Math.PI * this.seconds) / (loadCycleSeconds / 3.1));
    this.loadNoise += -0.2 * this.loadNoise * Math.min(step, 1) + 0.008 * Math.sqrt(Math.min(step, 1)) * this.gaussian();
    const load = 0.7 + 0.12 * cycle + this.loadNoise;
    const blockage = this.severity('step');
    const wear = this.severity('drift');
    const shake = this.severity('noise') * this.gaussian();

    const flow = 32 * load * (1 - 0.35 * blockage - 0.1 * wear);
    const pressure = 2.1 + 2.4 * load * (1 + 0.45 * blockage);
    const current = 4.2 + 6.5 * load * (1 + 0.25 * blockage + 0.2 * wear);
    const warming = Math.min(1, step / 120);
    this.bearing += (50 + 1.7 * current + 22 * wear - this.bearing) * warming;
    this.oil += (38 + 1.2 * current + 6 * wear - this.oil) * warming;
    const vibration = 0.02 + 0.03 * load + 0.03 * blockage + 0.06 * wear;
    const clean = [
      vibration * (1 + 0.05 * this.gaussian()) + 0.03 * Math.abs(shake),
      0.8 * vibration * (1 + 0.05 * this.gaussian()) + 0.02 * Math.abs(shake),
      current + 0.06 * this.gaussian() + 1.5 * shake,
      pressure + 0.03 * this.gaussian() + 0.5 * shake,
      this.bearing + 0.08 * this.gaussian(),
      this.oil + 0.08 * this.gaussian(),
      231 + 0.8 * Math.sin((2 * Math.PI * this.seconds) / gridCycleSeconds) + 0.5 * this.gaussian(),
      flow + 0.25 * this.gaussian() + 5 * shake,
    ];
    const measured = Object.fromEntries(machineSensors.map((name, at) => [name, Math.round((clean[at] as number) * 1e6) / 1e6]));
    if (this.fault === 'stuck')
      this.stuckAt ??= {
        'Motor Current': measured['Motor Current'] as number,
        'Discharge Pressure': measured['Discharge Pressure'] as number,
        'Flow Rate': measured['Flow Rate'] as number,
      };
    this.seconds += step;
    this.index += 1;
    return { time, values: { ...measured, ...this.stuckAt }, fault: this.fault };
  }
}

export interface SimulatedRecord extends MachineSettings {
  readonly samples: number;
  /** Stretches with a fault; `from` is the first sample, `to` the first one after it. */
  readonly faults?: readonly { readonly from: number; readonly to: number; readonly kind: Exclude<FaultKind, 'none'> }[];
  /** Adds the column `anomaly` with 1 in the stretches above. */
  readonly labels?: boolean;
}

export function simulateRecord({ samples, faults = [], ...settings }: SimulatedRecord): MachineSample[] {
  const machine = new Machine(settings);
  let fault: FaultKind = 'none';
  return Array.from({ length: samples }, (_, index) => {
    const wanted = faults.find(({ from, to }) => index >= from && index < to)?.kind ?? 'none';
    if (wanted !== fault) machine.setFault(wanted);
    fault = wanted;
    return machine.sample();
  });
}

/** A record of the simulated machine as the CSV file that a data logger would write. */
export function simulateCsv(record: SimulatedRecord): string {
  const header = ['time', ...machineSensors, ...(record.labels ? ['anomaly'] : [])].join(',');
  const rows = simulateRecord(record).map(({ time, values, fault }) =>
    [time.toISOString(), ...machineSensors.map((name) => values[name]), ...(record.labels ? [fault === 'none' ? 0 : 1] : [])].join(','),
  );
  return `${header}\n${rows.join('\n')}\n`;
}
