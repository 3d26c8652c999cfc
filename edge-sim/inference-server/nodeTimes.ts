export interface NodeTimes {
  readonly inputs: number;
  /** Milliseconds for one input since the last reading; absent when nothing ran. */
  readonly exec?: {
    readonly min: number;
    readonly max: number;
    readonly avg: number;
  };
}
interface Running {
  inputs: number;
  min: number;
  max: number;
  sum: number;
  count: number;
}

const fresh = { min: Number.POSITIVE_INFINITY, max: 0, sum: 0, count: 0 };

/** How long the nodes of a pipeline work. Inputs of one call share its time. */
export class NodeTimer {
  private readonly nodes = new Map<string, Running>();

  async measure<T>(node: string, inputs: number, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await work();
    if (inputs === 0) return result;
    const each = (performance.now() - startedAt) / inputs;
    const before = this.nodes.get(node) ?? { inputs: 0, ...fresh };
    this.nodes.set(node, {
      inputs: before.inputs + inputs,
      min: Math.min(before.min, each),
      max: Math.max(before.max, each),
      sum: before.sum + each * inputs,
      count: before.count + inputs,
    });
    return result;
  }

  /** Inputs count on; the times begin anew with each reading. */
  read(): ReadonlyMap<string, NodeTimes> {
    return new Map(
      [...this.nodes].map(([node, { inputs, min, max, sum, count }]) => {
        this.nodes.set(node, { inputs, ...fresh });
        return [node, { inputs, ...(count > 0 ? { exec: { min, max, avg: sum / count } } : {}) }] as const;
      }),
    );
  }
}
