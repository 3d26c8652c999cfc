import { z } from 'zod';

/** Quality codes of samples: `lowestGood` and what is above it is good. */
export const qualityCode = { good: 3, lowestGood: 2, uncertain: 1 } as const;

/**
 * Topics and payloads on the site's databus. The data and metrics topics are Siemens' (SIMATIC v1 payload format and the
 * inference server's metrics topic); everything below `factory-loop/` is ours, because no public specification exists.
 */
const lineApplication = 'production-line';
const inferenceApplication = 'inference-server';
const connection = 'line';

/** Samples of the production line: one message a sample, one value a sensor. */
export const lineDataTopic = `ie/d/j/simatic/v1/${lineApplication}/dp/r/${connection}/default`;
/** Outputs of the active pipelines. */
export const inferenceDataTopic = (pipeline: string) => `ie/d/j/simatic/v1/${inferenceApplication}/dp/w/${pipeline}/default`;
export const metricTopic = (pipeline: string, version: string, component: string, metric: string) =>
  `/siemens/edge/aiinference/${pipeline}/${version}/metrics/${component}/${metric}`;

/** SIMATIC v1 data message; qc is a quality code. */
export const simaticData = z.object({
  seq: z.number().int().nonnegative(),
  vals: z
    .array(
      z.object({
        id: z.string().max(200),
        qc: z.number().int().min(0).max(3),
        ts: z.iso.datetime(),
        val: z.union([z.number(), z.string().max(100_000), z.boolean()]),
      }),
    )
    .max(1_000),
});
export type SimaticData = z.output<typeof simaticData>;

/** What an operator tells the production line. A fault stays on until it is switched off. */
export const lineCommandTopic = 'factory-loop/line/command';
export const lineStateTopic = 'factory-loop/line/state';
export const faultKinds = ['none', 'step', 'drift', 'stuck', 'noise'] as const;
export type Fault = Exclude<(typeof faultKinds)[number], 'none'>;
export const lineCommand = z.discriminatedUnion('kind', [
  /** Without `fault` the fault switch stays where it is. */
  z.object({
    kind: z.literal('simulate'),
    id: z.uuid(),
    samples: z.number().int().positive().max(10_000_000).optional(),
    intervalMs: z.number().min(0).max(3_600_000),
    fault: z.enum(faultKinds).optional(),
  }),
  z.object({ kind: z.literal('fault'), id: z.uuid(), fault: z.enum(faultKinds) }),
  /** Rows of a recorded experiment: `columns` are sensor names, each row starts with its UTC time. What is `uncertain` is judged, and never trained on. */
  z.object({
    kind: z.literal('replay'),
    id: z.uuid(),
    quality: z.enum(['good', 'uncertain']).optional(),
    intervalMs: z.number().min(0).max(3_600_000),
    columns: z.array(z.string().max(200)).min(1).max(500),
    rows: z.array(z.tuple([z.iso.datetime()], z.number().nullable())).max(200_000),
  }),
  z.object({ kind: z.literal('stop'), id: z.uuid() }),
]);
export type LineCommand = z.output<typeof lineCommand>;
/** Published after every change and when a run ends. `id` is the command's. */
export interface LineState {
  readonly id: string;
  readonly kind: 'simulate' | 'replay' | 'idle';
  readonly fault: (typeof faultKinds)[number];
  readonly samplesSent: number;
  readonly finished: boolean;
  readonly error?: string;
}

/** Requests to the inference server; it answers on `inferenceAnswerTopic` with the request's id. */
export const inferenceRequestTopic = 'factory-loop/inference-server/request';
export const inferenceAnswerTopic = 'factory-loop/inference-server/answer';
export const inferenceRequest = z.discriminatedUnion('kind', [
  /** `file` is a name inside the inbox of the site directory; the digest is checked again before the import. */
  z.object({
    kind: z.literal('import'),
    id: z.uuid(),
    file: z.string().regex(/^[A-Za-z0-9._-]{1,200}$/),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
  z.object({ kind: z.literal('activate'), id: z.uuid(), packageId: z.uuid(), packageVersion: z.string().regex(/^[1-9]\d{0,9}$/) }),
  /** The package stays on the disk and can be activated again. */
  z.object({ kind: z.literal('deactivate'), id: z.uuid(), packageId: z.uuid() }),
  z.object({ kind: z.literal('status'), id: z.uuid() }),
]);
export type InferenceRequest = z.output<typeof inferenceRequest>;
export type PipelineState = 'AVAILABLE' | 'MAPPED' | 'RUNNING' | 'ERROR';
export interface InferencePipeline {
  readonly packageId: string;
  readonly packageVersion: string;
  readonly projectName: string;
  readonly sha256: string;
  readonly state: PipelineState;
  readonly samplesIn: number;
  readonly results: number;
  readonly error?: string;
}
export interface InferenceAnswer {
  readonly id: string;
  readonly ok: boolean;
  readonly error?: string;
  readonly pipelines: readonly InferencePipeline[];
  readonly maxActivePipelines?: number;
}

/** What the pipeline of this project publishes for a window, as the value of the SIMATIC data point `result` (a JSON string). */
export const inferenceResult = z.object({
  windowStart: z.iso.datetime(),
  windowEnd: z.iso.datetime(),
  score: z.number(),
  threshold: z.number(),
  alarm: z.boolean(),
  packageId: z.uuid(),
  packageVersion: z.string(),
  quality: z.enum(['good', 'uncertain']),
});
export type InferenceResult = z.output<typeof inferenceResult>;
export const resultDataPoint = 'result';
