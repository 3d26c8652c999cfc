import { cpus, freemem, totalmem } from 'node:os';
import { metricNames } from '../../contracts/telemetry';

interface CpuTimes {
  readonly busy: number;
  readonly total: number;
}

function cpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { total, busy: total - times.reduce((sum, { idle }) => sum + idle, 0) };
}

const windowsUntilGone = 3;

/** The host's state, measured where the collector runs. An application runs when it has sent telemetry lately. */
export class HostMetrics {
  private before = cpuTimes();
  private readonly startedAt = performance.now();
  private readonly heard = new Map<string, number>();

  constructor(private readonly intervalMs: number) {}

  heardFrom(application: string): void {
    this.heard.set(application, performance.now());
  }

  measure(): Readonly<Record<string, number>> {
    const now = cpuTimes();
    const [busy, total] = [now.busy - this.before.busy, now.total - this.before.total];
    this.before = now;
    const oldest = performance.now() - windowsUntilGone * this.intervalMs;
    for (const [application, at] of this.heard) if (at < oldest) this.heard.delete(application);
    return {
      [metricNames.boxAvailability]: 1,
      [metricNames.boxMemoryTotal]: totalmem(),
      [metricNames.boxMemoryUsed]: totalmem() - freemem(),
      [metricNames.boxCpu]: total > 0 ? (100 * busy) / total : 0,
      [metricNames.boxUptime]: (performance.now() - this.startedAt) / 60_000,
      [metricNames.runningApplications]: this.heard.size,
    };
  }
}
