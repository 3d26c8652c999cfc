import * as pulumi from '@pulumi/pulumi';
import { ResourceError, type Properties } from '../region/resourceType';
import type { EngineProvider, EngineValues } from './engineProvider';
import { withoutSecretEnvelopes } from './secretValues';

export interface ProgramRun {
  /** Loads the Pulumi program; what it exports are the stack's outputs. */
  readonly program: () => Promise<Record<string, unknown>>;
  readonly project: string;
  readonly stack: string;
  /** Full keys (`factory-loop:factory`), values as Pulumi keeps them: strings, JSON for what is structured. */
  readonly configuration: Readonly<Record<string, string>>;
  readonly onResource?: (progress: { type: string; name: string; durationMs: number }) => void;
}
export interface Deployment {
  readonly outputs: Record<string, unknown>;
  readonly resources: readonly DeployedResource[];
}
export interface DeployedResource {
  readonly type: string;
  readonly name: string;
  readonly id: string;
}

/** A resource that could not be deployed: which, and what the service answered. */
class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  constructor(
    readonly resourceType: string,
    readonly resourceName: string,
    override readonly cause: Error,
  ) {
    super(`${resourceType} "${resourceName}": ${cause.message}`);
  }
}

/**
 * Runs the unmodified Pulumi program against the region: the SDK's own monitor for tests hands every registration to the
 * provider, as an engine would. Once per process: the SDK keeps its monitor in module state.
 */
export async function deploy(provider: EngineProvider, run: ProgramRun): Promise<Deployment> {
  const resources: DeployedResource[] = [];
  let fail: (error: Error) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (fail = reject));
  // A rejected registration would end the process from inside the SDK, so a failed one never settles and this run ends instead.
  const stopped = (error: Error) => {
    fail(error);
    return new Promise<never>(() => undefined);
  };

  async function register(type: string, name: string, given: EngineValues): Promise<{ id: string; state: Properties }> {
    const started = performance.now();
    const resource = { type, name, urn: `urn:pulumi:${run.stack}::${run.project}::${type}::${name}` };
    const { inputs, failures } = provider.check(resource, given);
    if (failures.length > 0) throw new ResourceError('InvalidInput', failures.map(({ reason }) => reason).join('; '));
    const { id, outputs } = await provider.create(resource, inputs, false);
    resources.push({ type, name, id });
    run.onResource?.({ type, name, durationMs: performance.now() - started });
    return { id, state: withoutSecretEnvelopes(outputs) as Properties };
  }

  await pulumi.runtime.setMocks(
    {
      newResource: async ({ type, name, inputs, custom }) => {
        if (custom === false || type === 'pulumi:pulumi:Stack') return { id: '', state: inputs as Properties };
        return register(type, name, inputs as EngineValues).catch((error: unknown) =>
          stopped(new DeploymentError(type, name, error as Error)),
        );
      },
      call: async ({ token, inputs }) =>
        provider.invoke(token, inputs as EngineValues).then(
          (answer) => withoutSecretEnvelopes(answer) as Properties,
          (error: unknown) => stopped(error as Error),
        ),
    },
    run.project,
    run.stack,
    false,
  );
  pulumi.runtime.setAllConfig({ ...run.configuration });

  const finished = (async () => {
    const outputs = await pulumi.runtime.runInPulumiStack(run.program);
    const resolved = await resolveOutputs(outputs ?? {});
    await pulumi.runtime.disconnect();
    return resolved;
  })();
  // What an apply throws reaches nobody but the process.
  const rejected = (error: unknown) => fail(error instanceof Error ? error : new Error(String(error)));
  process.on('unhandledRejection', rejected);
  try {
    return { outputs: await Promise.race([finished, failure]), resources };
  } finally {
    process.off('unhandledRejection', rejected);
  }
}

async function resolveOutputs(outputs: pulumi.Inputs): Promise<Record<string, unknown>> {
  return new Promise((resolve) => {
    pulumi.output(outputs).apply((known) => resolve(withoutSecretEnvelopes(known) as Record<string, unknown>));
  });
}
