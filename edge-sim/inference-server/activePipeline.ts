import type { PipelineState } from '../../contracts/databus';
import { messageOf, type Log } from '../../contracts/program/log';
import { backoffMs } from '../../contracts/program/retry';
import type { RunningComponent, Variables } from './component';
import { NodeTimer } from './nodeTimes';
import { startOnnxComponent } from './onnxComponent';
import { componentDirectory, type ImportedPackage } from './packageStore';
import { graphOf, runGraph, type PipelineGraph, type PipelineOutput } from './pipelineGraph';
import { startPythonComponent } from './pythonComponent';
import type { Sample } from './sample';

interface RestartPolicy {
  readonly maximum: number;
  readonly firstDelayMs: number;
  readonly forgetAfterMs: number;
}
const defaultPolicy: RestartPolicy = { maximum: 5, firstDelayMs: 1_000, forgetAfterMs: 600_000 };
const longestDelayMs = 30_000;

/** The values of the package's parameters, with what identifies the package: results carry it. */
function parametersOf({ packageId, packageVersion, configuration }: ImportedPackage): Variables {
  const declared = (configuration.dataFlowPipeline.pipelineParameters ?? []).map(({ name, defaultValue }) => [name, defaultValue] as const);
  return { ...Object.fromEntries(declared), package_id: packageId, package_version: packageVersion };
}

async function startComponents(imported: ImportedPackage, python: string, log: Log): Promise<Map<string, RunningComponent>> {
  const started = new Map<string, RunningComponent>();
  try {
    for (const component of imported.configuration.dataFlowPipeline.components) {
      const directory = componentDirectory(imported, component.name);
      const running =
        component.runtime.type === 'python'
          ? await startPythonComponent(python, component, directory, log)
          : await startOnnxComponent(component, directory);
      started.set(component.name, running);
      await running.setParameters(parametersOf(imported));
    }
    return started;
  } catch (error) {
    await Promise.all([...started.values()].map((component) => component.close()));
    throw error;
  }
}

/** One package at work. A component that fails takes the pipeline to ERROR; it is started again, but not for ever. */
export class ActivePipeline {
  private components = new Map<string, RunningComponent>();
  private readonly graph: PipelineGraph;
  private busy: Promise<unknown> = Promise.resolve();
  private failures: number[] = [];
  private restartTimer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | undefined;
  state: PipelineState = 'MAPPED';
  error: string | undefined;
  samplesIn = 0;
  results = 0;
  readonly times = new NodeTimer();

  private constructor(
    readonly imported: ImportedPackage,
    private readonly python: string,
    private readonly log: Log,
    private readonly policy: RestartPolicy,
  ) {
    this.graph = graphOf(imported.configuration);
  }

  static async start(imported: ImportedPackage, python: string, log: Log, policy = defaultPolicy): Promise<ActivePipeline> {
    const named: Log = (level, message, fields) =>
      log(level, message, { packageId: imported.packageId, packageVersion: imported.packageVersion, ...fields });
    const active = new ActivePipeline(imported, python, named, policy);
    await active.run();
    return active;
  }

  private async run(): Promise<void> {
    const components = await startComponents(this.imported, this.python, this.log);
    if (this.closing) return void (await Promise.all([...components.values()].map((component) => component.close())));
    this.components = components;
    for (const component of components.values()) component.onFailure((error) => this.failed(error));
    this.state = 'RUNNING';
    this.log('info', 'pipeline runs', { components: [...components.keys()] });
  }

  private failed(error: Error): void {
    if (this.closing || this.restartTimer) return;
    const now = Date.now();
    this.state = 'ERROR';
    this.error = error.message;
    this.failures = [...this.failures.filter((at) => now - at < this.policy.forgetAfterMs), now];
    const stopped = [...this.components.values()];
    this.components = new Map();
    if (this.failures.length > this.policy.maximum) {
      this.error = `${error.message}; not started again after ${this.policy.maximum} restarts, activate the package anew`;
      this.log('error', 'pipeline failed for good', { reason: this.error });
      void Promise.all(stopped.map((component) => component.close()));
      return;
    }
    const delayMs = backoffMs(this.failures.length - 1, { firstMs: this.policy.firstDelayMs, longestMs: longestDelayMs });
    this.log('error', 'pipeline failed, starting it again', { reason: error.message, delayMs });
    this.restartTimer = setTimeout(() => {
      void Promise.all(stopped.map((component) => component.close()))
        .then(() => {
          this.restartTimer = undefined;
          return this.closing ? undefined : this.run();
        })
        .catch((failure: unknown) => this.failed(failure instanceof Error ? failure : new Error(messageOf(failure))));
    }, delayMs);
  }

  /** Never rejects. While the pipeline does not run, samples pass it by. */
  async process(samples: readonly Sample[]): Promise<readonly PipelineOutput[]> {
    if (this.state !== 'RUNNING') return [];
    const work = this.work(samples);
    this.busy = work;
    return work;
  }

  private async work(samples: readonly Sample[]): Promise<readonly PipelineOutput[]> {
    const { components } = this;
    try {
      const { outputs, errors } = await runGraph(this.graph, samples, (name, inputs) =>
        this.times.measure(name, inputs.length, () => (components.get(name) as RunningComponent).process(inputs)),
      );
      this.samplesIn += samples.length;
      this.results += outputs.length;
      const last = errors.at(-1);
      if (last) {
        this.error = `${errors.length} of ${samples.length} samples, component "${last.component}": ${last.error}`;
        this.log('warn', 'samples could not be processed', { samples: errors.length, component: last.component, reason: last.error });
      }
      return outputs;
    } catch (error) {
      // The component's own failure report moves the state; what it was working on is lost with it.
      this.log('warn', 'samples lost with a failed component', { samples: samples.length, reason: messageOf(error) });
      return [];
    }
  }

  close(): Promise<void> {
    return (this.closing ??= this.stop());
  }

  private async stop(): Promise<void> {
    clearTimeout(this.restartTimer);
    await this.busy;
    await Promise.all([...this.components.values()].map((component) => component.close()));
    this.state = 'AVAILABLE';
  }
}
