/** What one component gets or gives for one sample, by variable name. */
export type Variables = Readonly<Record<string, unknown>>;
export interface ComponentAnswer {
  /** As many as inputs; undefined where the component gave nothing. */
  readonly outputs: readonly (Variables | undefined)[];
  /** Samples that the component could not process. */
  readonly errors: readonly { readonly index: number; readonly error: string }[];
}

/** A started component. `process` rejects only when the component itself is gone; it then stays so. */
export interface RunningComponent {
  setParameters(parameters: Variables): Promise<void>;
  process(inputs: readonly Variables[]): Promise<ComponentAnswer>;
  /** Called once when the component ends without having been closed. */
  onFailure(listener: (error: Error) => void): void;
  close(): Promise<void>;
}
export class ComponentError extends Error {
  override readonly name = 'ComponentError';
}
