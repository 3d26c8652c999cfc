import type { PipelineConfiguration } from '../../contracts/edgePackage';
import type { ComponentAnswer, Variables } from './component';
import { databusNode, edgesOf, executionOrder, type Edge } from './pipelineConfiguration';
import type { Sample } from './sample';

interface GraphNode {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly incoming: readonly Edge[];
}
export interface PipelineGraph {
  readonly nodes: readonly GraphNode[];
  readonly outgoing: readonly Edge[];
}
export interface PipelineOutput {
  readonly time: string;
  readonly uncertain: boolean;
  readonly values: Variables;
}
interface GraphRun {
  readonly outputs: readonly PipelineOutput[];
  readonly errors: readonly { readonly component: string; readonly error: string }[];
}

export function graphOf(configuration: PipelineConfiguration): PipelineGraph {
  const edges = edgesOf(configuration);
  const inputs = new Map(
    configuration.dataFlowPipeline.components.map(({ name, inputType }) => [name, inputType.map((input) => input.name)]),
  );
  return {
    nodes: executionOrder(configuration).map((name) => ({
      name,
      inputs: inputs.get(name) ?? [],
      incoming: edges.filter(({ to }) => to === name),
    })),
    outgoing: edges.filter(({ to }) => to === databusNode),
  };
}

/** Variables that edges bring for one sample; undefined when none brings any, and the component is then not called. */
function gather(edges: readonly Edge[], produced: ReadonlyMap<string, Variables>): Record<string, unknown> | undefined {
  const found = edges.flatMap(({ from, output, input }) => {
    const value = produced.get(from)?.[output];
    return value === undefined || value === null ? [] : [[input, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/**
 * Sends samples through all components, one component at a time, many samples a call. A component gets every declared
 * input, null where nothing came, and the time of the sample as `timestamp`.
 */
export async function runGraph(
  graph: PipelineGraph,
  samples: readonly Sample[],
  process: (component: string, inputs: readonly Variables[]) => Promise<ComponentAnswer>,
): Promise<GraphRun> {
  const produced = samples.map(({ values }) => new Map<string, Variables>([[databusNode, values]]));
  const errors: { component: string; error: string }[] = [];
  for (const { name, inputs, incoming } of graph.nodes) {
    const calls = samples.flatMap((sample, index) => {
      const gathered = gather(incoming, produced[index] as Map<string, Variables>);
      if (!gathered) return [];
      const missing = Object.fromEntries(inputs.map((input) => [input, null]));
      return [
        { index, payload: { ...missing, ...gathered, timestamp: sample.time, ...(sample.uncertain ? { quality: 'uncertain' } : {}) } },
      ];
    });
    if (calls.length === 0) continue;
    const answer = await process(
      name,
      calls.map(({ payload }) => payload),
    );
    for (const { error } of answer.errors) errors.push({ component: name, error });
    for (const [at, { index }] of calls.entries()) {
      const output = answer.outputs[at];
      if (output) produced[index]?.set(name, output);
    }
  }
  const outputs = samples.flatMap(({ time, uncertain }, index) => {
    const values = gather(graph.outgoing, produced[index] as Map<string, Variables>);
    return values ? [{ time, uncertain, values }] : [];
  });
  return { outputs, errors };
}
