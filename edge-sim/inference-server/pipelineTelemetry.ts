import { z } from 'zod';
import { customMetric, metricNames, nodeMetric, telemetryLabels } from '../../contracts/telemetry';
import type { LogLevel } from '../../contracts/program/log';
import type { Labels, Telemetry } from '../telemetry/emitter';
import type { NodeTimes } from './nodeTimes';

interface PackageName {
  readonly projectName: string;
  readonly packageId: string;
  readonly packageVersion: string;
}
/** What a pipeline has done so far. */
export interface PipelineCounts extends PackageName {
  readonly inputs: number;
  readonly outputs: number;
  readonly nodes: ReadonlyMap<string, NodeTimes>;
}

const verdict = z.object({
  alarm: z.boolean(),
  score: z.number().optional(),
  threshold: z.number().optional(),
  windowStart: z.string().optional(),
  windowEnd: z.string().optional(),
});
const metricValue = z.union([z.number(), z.object({ value: z.number() }).transform(({ value }) => value)]);

const parsed = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return undefined;
  }
};
const labelsOf = ({ projectName, packageId, packageVersion }: PackageName): Labels => ({
  [telemetryLabels.pipeline]: projectName,
  [telemetryLabels.packageId]: packageId,
  [telemetryLabels.packageVersion]: packageVersion,
});
const keyOf = ({ packageId, packageVersion }: PackageName) => `${packageId}/${packageVersion}`;

/** The model monitor's view of the active pipelines: gauges at every interval, log lines when something begins or ends. */
export class PipelineTelemetry {
  private readonly alarms = new Set<string>();
  /** Packages may publish far more often than anybody wants to look: a gauge is its last value. */
  private readonly custom = new Map<string, () => void>();

  constructor(private readonly telemetry: Telemetry) {}

  log(level: LogLevel, message: string, of: PackageName): void {
    this.telemetry.log(level, message, labelsOf(of));
  }

  /** A value on a metrics topic. */
  published(of: PackageName, component: string, metric: string, value: unknown): void {
    const number = metricValue.safeParse(parsed(value));
    if (number.success)
      this.custom.set(`${keyOf(of)}/${component}/${metric}`, () =>
        this.telemetry.gauge(customMetric(metric), number.data, { ...labelsOf(of), [telemetryLabels.component]: component }),
      );
  }

  /** A result of a pipeline; an alarm is logged when it begins and when it ends. */
  result(of: PackageName, value: unknown): void {
    const found = verdict.safeParse(parsed(value));
    if (!found.success || found.data.alarm === this.alarms.has(keyOf(of))) return;
    const { alarm, score, threshold, windowStart, windowEnd } = found.data;
    if (alarm) this.alarms.add(keyOf(of));
    else this.alarms.delete(keyOf(of));
    const facts = [
      score === undefined ? undefined : `score ${score}`,
      threshold === undefined ? undefined : `threshold ${threshold}`,
      windowStart === undefined ? undefined : `window ${windowStart} to ${windowEnd}`,
    ];
    this.log(
      alarm ? 'warn' : 'info',
      [`alarm ${alarm ? 'started' : 'ended'}`, ...facts.filter((fact) => fact !== undefined)].join(', '),
      of,
    );
  }

  /** A version that no longer runs has no alarm left. */
  ended(of: PackageName): void {
    this.alarms.delete(keyOf(of));
  }

  measure(pipelines: readonly PipelineCounts[]): void {
    for (const emit of this.custom.values()) emit();
    this.custom.clear();
    for (const pipeline of pipelines) {
      const labels = labelsOf(pipeline);
      this.telemetry.gauge(metricNames.pipelineInputs, pipeline.inputs, labels);
      this.telemetry.gauge(metricNames.pipelineOutputs, pipeline.outputs, labels);
      for (const [node, { inputs, exec }] of pipeline.nodes) {
        this.telemetry.gauge(nodeMetric(node, 'inputs'), inputs, labels);
        if (!exec) continue;
        this.telemetry.gauge(nodeMetric(node, 'exec_min'), exec.min, labels);
        this.telemetry.gauge(nodeMetric(node, 'exec_max'), exec.max, labels);
        this.telemetry.gauge(nodeMetric(node, 'exec_avg'), exec.avg, labels);
      }
    }
  }
}
