import { parse } from 'yaml';
import { z } from 'zod';
import { packageFileFormatVersion, type PipelineConfiguration } from '../../contracts/edgePackage';
import { messageOf } from '../../contracts/program/log';

const signalTypes = [
  'Boolean',
  'Integer',
  'Double',
  'String',
  'BooleanArray',
  'IntegerArray',
  'UInt8Array',
  'UInt16Array',
  'UInt32Array',
  'UInt64Array',
  'Int8Array',
  'Int16Array',
  'Int32Array',
  'Int64Array',
  'DoubleArray',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'StringArray',
  'Object',
  'Binary',
  'ImageSet',
  // Packagers that map ONNX types by themselves write these in another case.
  'Uint8Array',
  'Uint16Array',
  'Uint32Array',
  'Uint64Array',
] as const;
/** The name under which the server itself hands over the time of a sample. */
const reservedVariable = 'timestamp';
export const databusNode = 'Databus';
const maxBytes = 1_000_000;

const signal = z.object({
  name: z
    .string()
    .min(1)
    .max(200)
    .refine((name) => name.toLowerCase() !== reservedVariable, `a name other than "${reservedVariable}"`),
  type: z.enum(signalTypes),
  topic: z.string().max(1_000).optional(),
  metric: z.boolean().optional(),
});
const fileName = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/);
const component = z.object({
  name: fileName,
  version: fileName,
  description: z.string().optional(),
  entrypoint: z
    .string()
    .regex(/^(\.\/)?[A-Za-z0-9_./-]{1,200}$/)
    .refine((path) => !path.split('/').includes('..'), 'a path inside the component'),
  hwType: z.enum(['CPU', 'GPU']),
  runtime: z.object({ type: z.enum(['python', 'gpuruntime']), version: z.string() }),
  inputType: z.array(signal).max(1_000),
  outputType: z.array(signal).max(1_000),
  replicas: z.number().int().min(1).max(8).optional(),
  batch: z
    .object({ inputBatch: z.enum(['Yes', 'No']), outputBatch: z.enum(['Yes', 'No']) })
    .refine(
      ({ inputBatch, outputBatch }) => inputBatch === 'No' && outputBatch === 'No',
      'no batches: this server hands over one sample at a time',
    )
    .optional(),
});
const pipelineConfiguration = z.object({
  fileFormatVersion: z.literal(packageFileFormatVersion),
  packageType: z.literal('full', 'a full package: this server does not apply delta packages'),
  dataFlowPipelineInfo: z.object({
    author: z.string(),
    createdOn: z.string(),
    dataFlowPipelineVersion: z.string().regex(/^[1-9]\d{0,9}$/, 'a whole number as text'),
    description: z.string(),
    packageId: z.uuid(),
    // The name becomes a level of topics.
    projectName: z.string().regex(/^[^+#/\u0000-\u001f]{1,200}$/, 'a name without + # / and control characters'),
  }),
  dataFlowPipeline: z.object({
    components: z.array(component).min(1).max(50),
    pipelineDag: z
      .array(z.object({ source: z.string(), target: z.string() }))
      .min(1)
      .max(5_000),
    pipelineInputs: z.array(signal).max(1_000),
    pipelineOutputs: z.array(signal).max(1_000),
    pipelineParameters: z
      .array(
        z.object({
          name: z.string(),
          type: z.enum(['String', 'Integer', 'Double', 'Boolean']),
          defaultValue: z.union([z.string(), z.number(), z.boolean()]),
        }),
      )
      .optional(),
  }),
});

export class PackageError extends Error {
  override readonly name = 'PackageError';
}

/** One variable on its way: from a node's output to a node's input. The node `Databus` is the pipeline's own edge. */
export interface Edge {
  readonly from: string;
  readonly output: string;
  readonly to: string;
  readonly input: string;
}

/** Component names may not hold dots, variable names may. */
function splitEnd(end: string): [node: string, variable: string] {
  const at = end.indexOf('.');
  if (at <= 0 || at === end.length - 1) throw new PackageError(`pipelineDag: expected <component>.<variable>, got "${end}"`);
  return [end.slice(0, at), end.slice(at + 1)];
}

export function edgesOf(configuration: PipelineConfiguration): Edge[] {
  return configuration.dataFlowPipeline.pipelineDag.map(({ source, target }) => {
    const [from, output] = splitEnd(source);
    const [to, input] = splitEnd(target);
    return { from, output, to, input };
  });
}

/** Components in an order in which each comes after those that it gets values from. */
export function executionOrder(configuration: PipelineConfiguration): string[] {
  const edges = edgesOf(configuration).filter(({ from, to }) => from !== databusNode && to !== databusNode);
  const waiting = new Set(configuration.dataFlowPipeline.components.map(({ name }) => name));
  const order: string[] = [];
  while (waiting.size > 0) {
    const ready = [...waiting].filter((name) => !edges.some(({ from, to }) => to === name && waiting.has(from)));
    if (ready.length === 0) throw new PackageError(`pipelineDag: expected no circle, got one through ${[...waiting].join(', ')}`);
    for (const name of ready) waiting.delete(name);
    order.push(...ready);
  }
  return order;
}

function contradiction(configuration: PipelineConfiguration): string | undefined {
  const { components, pipelineInputs, pipelineOutputs } = configuration.dataFlowPipeline;
  const names = components.map(({ name }) => name);
  if (new Set([...names, databusNode]).size !== names.length + 1)
    return `expected different component names and none called ${databusNode}, got ${names.join(', ')}`;
  const inputNames = new Set(pipelineInputs.map(({ name }) => name));
  const both = pipelineOutputs.find(({ name }) => inputNames.has(name));
  if (both) return `expected inputs and outputs of the pipeline to differ, got "${both.name}" in both`;
  const metric = pipelineOutputs.find((output) => output.metric && !output.name.includes('_'));
  if (metric) return `expected an underscore in the name of a metric, got "${metric.name}"`;
  const outputs = new Map([
    [databusNode, inputNames],
    ...components.map(({ name, outputType }) => [name, new Set(outputType.map((variable) => variable.name))] as const),
  ]);
  const inputs = new Map([
    [databusNode, new Set(pipelineOutputs.map(({ name }) => name))],
    ...components.map(({ name, inputType }) => [name, new Set(inputType.map((variable) => variable.name))] as const),
  ]);
  for (const { from, output, to, input } of edgesOf(configuration)) {
    if (!outputs.get(from)?.has(output)) return `pipelineDag: "${from}" has no output "${output}"`;
    if (!inputs.get(to)?.has(input)) return `pipelineDag: "${to}" has no input "${input}"`;
  }
  return undefined;
}

/** Reads `pipeline_config.yml`; throws PackageError with what was expected and what came. */
export function parsePipelineConfiguration(text: string): PipelineConfiguration {
  if (text.length > maxBytes) throw new PackageError(`pipeline_config.yml: expected at most ${maxBytes} characters, got ${text.length}`);
  let document: unknown;
  try {
    document = parse(text, { schema: 'core', maxAliasCount: 0 });
  } catch (error) {
    throw new PackageError(`pipeline_config.yml is not YAML: ${messageOf(error)}`);
  }
  const result = pipelineConfiguration.safeParse(document);
  if (!result.success)
    throw new PackageError(
      `pipeline_config.yml is refused:\n  ${result.error.issues
        .slice(0, 10)
        .map((issue) => `${issue.path.join('.') || 'document'}: expected ${issue.message}`)
        .join('\n  ')}`,
    );
  const found = contradiction(result.data);
  if (found !== undefined) throw new PackageError(`pipeline_config.yml is refused: ${found}`);
  executionOrder(result.data);
  return result.data;
}
