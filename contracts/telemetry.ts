import { z } from 'zod';

/**
 * Telemetry of the edge, as OTLP/HTTP with JSON bodies. Metric names are the AI Model Monitor's (`host_box_*`, `pipeline_*`);
 * label names are ours, because they are not published. Every data point and log record carries an id that its sender gave it, a UUID
 * of the sender's stream and the item's number in it: what is missing can be named, and a hop that sends again after a crash makes a duplicate that can be counted and dropped, never a loss.
 */
export const itemIdAttribute = 'factoryloop.item_id';
export const telemetryLabels = {
  factory: 'factory',
  device: 'device',
  pipeline: 'pipeline',
  packageId: 'package_id',
  packageVersion: 'version',
  component: 'component',
} as const;
export const metricNames = {
  boxAvailability: 'host_box_availability',
  boxMemoryTotal: 'host_box_memory_total',
  boxMemoryUsed: 'host_box_memory_used',
  boxCpu: 'host_box_cpu_percentage',
  boxUptime: 'host_box_edge_uptime',
  runningApplications: 'host_box_running_application_count',
  pipelineInputs: 'pipeline_global_inputs',
  pipelineOutputs: 'pipeline_global_outputs',
} as const;
/** `pipeline_<NodeName>_exec_avg`, `_inputs` … */
export const nodeMetric = (node: string, what: 'exec_min' | 'exec_max' | 'exec_avg' | 'inputs') => `pipeline_${node}_${what}`;
/** A custom metric of the package, from Siemens' metrics topic. */
export const customMetric = (name: string) => name;

const anyValue = z.union([
  z.object({ stringValue: z.string().max(32_768) }),
  z.object({ doubleValue: z.number() }),
  z.object({ intValue: z.union([z.string().regex(/^-?\d{1,19}$/), z.number().int()]) }),
  z.object({ boolValue: z.boolean() }),
]);
const attributes = z
  .array(z.object({ key: z.string().max(256), value: anyValue }))
  .max(64)
  .optional();
const resource = z.object({ attributes }).optional();
const unixNano = z.string().regex(/^\d{1,20}$/);
const numberPoint = z.object({
  attributes,
  timeUnixNano: unixNano,
  startTimeUnixNano: unixNano.optional(),
  asDouble: z.number().optional(),
  asInt: z.union([z.string(), z.number()]).optional(),
});
const metric = z.object({
  name: z.string().min(1).max(256),
  unit: z.string().max(64).optional(),
  gauge: z.object({ dataPoints: z.array(numberPoint).max(10_000) }),
});
/** Body of POST /v1/metrics: gauges only, which is what the Model Monitor's names are. */
export const metricsRequest = z.object({
  resourceMetrics: z
    .array(
      z.object({
        resource,
        scopeMetrics: z
          .array(z.object({ scope: z.object({ name: z.string().optional() }).optional(), metrics: z.array(metric).max(1_000) }))
          .max(100),
      }),
    )
    .max(100),
});
const logRecord = z.object({
  attributes,
  timeUnixNano: unixNano,
  severityNumber: z.number().int().min(1).max(24),
  severityText: z.string().max(16).optional(),
  body: anyValue,
});
/** Body of POST /v1/logs. */
export const logsRequest = z.object({
  resourceLogs: z
    .array(
      z.object({
        resource,
        scopeLogs: z
          .array(z.object({ scope: z.object({ name: z.string().optional() }).optional(), logRecords: z.array(logRecord).max(10_000) }))
          .max(100),
      }),
    )
    .max(100),
});
export type MetricsRequest = z.output<typeof metricsRequest>;
export type LogsRequest = z.output<typeof logsRequest>;
/** No hop takes more in one request. */
export const maxTelemetryBodyBytes = 4 * 1024 * 1024;
