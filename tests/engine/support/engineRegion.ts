import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { stringify } from 'yaml';
import { bundleAll } from '../../../bundles/bundlePrograms';
import { endProcessesOf } from '../../../loop/regionProcesses';
import { localConfiguration, sitePorts } from '../../../loop/localConfiguration';
import { regionDirectory } from '../../../loop/regionDirectory';
import { prepareBackend, prepareStack, pulumiEnvironment } from '../../../commands/up/localStack';
import { enrolOperator } from '../../../commands/up/operator';
import { findPulumi, runPulumi } from '../../../commands/up/pulumiCli';
import { stackDirectory, stackFile, upDirectory, type UpDirectory } from '../../../commands/up/upDirectory';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import type { ProviderServer } from '../../../local-azure/provider/providerServer';
import { LocalRegion } from '../../../local-azure/localRegion';
import { descendantsOf, killAll } from './processTree';
import type { ProgramChanges } from './programChanges';
import { projectRoot } from '../../support/projectRoot';

export const root = projectRoot;
const policyPack = join(__dirname, '..', 'policy-pack');

export interface CheckpointResource {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly id: string;
  readonly inputs: Record<string, unknown>;
  readonly outputs: Record<string, unknown>;
}
export interface Checkpoint {
  readonly text: string;
  readonly resources: readonly CheckpointResource[];
  readonly pending: number;
}
/** What one run of the engine did. `operations`: `<op> <type>::<name>` of everything that was not left as it was. */
export interface EngineRun {
  readonly status: number;
  readonly output: string;
  readonly operations: readonly string[];
  readonly changes: Readonly<Record<string, number>>;
  readonly durationMs: number;
}

/** Fails with what the CLI said. */
export function succeeded(run: EngineRun): EngineRun {
  if (run.status !== 0) throw new Error(`the CLI ended with ${run.status}:\n${run.output}`);
  return run;
}

/** `node`: folder of another Node than the project's own. `policies`: the rules of policy/ judge, too. */
interface RunOptions {
  readonly flags?: readonly string[];
  readonly changes?: ProgramChanges;
  readonly node?: string;
  readonly policies?: boolean;
}

interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: { readonly op: string; readonly urn: string; readonly type: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly op: string; readonly urn: string; readonly type: string } };
  readonly summaryEvent?: { readonly resourceChanges: Record<string, number> };
}
const nameOf = (urn: string) => urn.split('::').pop() ?? '';
const quiet = new Set(['same', 'read', 'refresh', 'discard-replaced']);

/** A region, its provider and a real Pulumi CLI on them, below one folder of .local. */
export class EngineRegion {
  private constructor(
    readonly up: UpDirectory,
    readonly region: LocalRegion,
    private readonly provider: ProviderServer,
    private readonly pulumi: string,
    private readonly operatorId: string,
  ) {}

  /** Whoever looks after the stacks: reader, raw-file writer. */
  get operator(): Principal {
    const found = this.region.entra.find({ objectId: this.operatorId });
    if (found === undefined) throw new Error('the operator is not enrolled');
    return found;
  }

  static async start(name: string): Promise<EngineRegion> {
    const local = join(root, '.local', name);
    rmSync(local, { recursive: true, force: true });
    const up = upDirectory(local);
    mkdirSync(up.path, { recursive: true });
    prepareBackend(up);
    const changed = join(up.path, 'changed');
    mkdirSync(changed);
    writeFileSync(
      join(changed, 'Pulumi.yaml'),
      stringify({
        name: 'factory-loop',
        runtime: { name: 'nodejs', options: { tsconfig: join(root, 'tsconfig.json') } },
        main: join(__dirname, 'changedProgram.ts'),
      }),
    );
    await bundleAll();
    const region = await LocalRegion.start(regionDirectory(up.path));
    return new EngineRegion(up, region, await region.serveProvider(), findPulumi(root, process.env), await enrolOperator(region, up));
  }

  async stop(): Promise<void> {
    await this.provider.stop();
    await this.region.stop();
    endProcessesOf(regionDirectory(this.up.path));
  }

  environment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    return {
      ...pulumiEnvironment(this.up, this.pulumi, root, this.provider.attachment, process.env),
      NO_COLOR: '1',
      PULUMI_DEBUG_COMMANDS: 'true',
      ...more,
    };
  }

  /** Configuration of a stack as up:local gives it, with values of one's own on top; of an object those that are given. */
  async configure(stack: string, more: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const own = stackDirectory(this.up, stack);
    mkdirSync(own, { recursive: true });
    const operator = { objectId: this.operatorId };
    const values = localConfiguration(this.region.cloud, {
      factory: stack,
      rounds: 1,
      dataset: {},
      sampleIntervalMs: 1_000,
      ports: await sitePorts(own),
      reader: operator,
      rawWriter: operator,
    });
    // The commit of the tree may change while the tests run.
    const ours = Object.fromEntries(
      Object.entries({ sourceCommit: 'under-test', ...more }).map(([key, value]) => {
        const given = values[`factory-loop:${key}`];
        return [
          `factory-loop:${key}`,
          typeof value === 'string'
            ? value
            : JSON.stringify(given?.startsWith('{') === true ? { ...(JSON.parse(given) as object), ...(value as object) } : value),
        ];
      }),
    );
    await prepareStack({ pulumi: this.pulumi, directory: this.up.project, environment: this.environment() }, this.up, stack, {
      ...values,
      ...ours,
    });
  }

  private events = 0;
  private command(
    verb: string,
    stack: string,
    options: RunOptions,
  ): { directory: string; args: string[]; log: string; environment: NodeJS.ProcessEnv } {
    const log = join(this.up.path, `events-${++this.events}.jsonl`);
    const program = verb === 'up' || verb === 'preview';
    const environment = this.environment();
    return {
      directory: options.changes ? join(this.up.path, 'changed') : program ? root : this.up.project,
      log,
      args: [
        verb,
        '--stack',
        stack,
        '--non-interactive',
        '--config-file',
        stackFile(this.up, stack),
        ...(verb === 'preview' ? [] : ['--yes', '--skip-preview']),
        '--event-log',
        log,
        ...(options.policies ? ['--policy-pack', policyPack] : []),
        ...(options.flags ?? []),
      ],
      environment: this.environment({
        // The CLI finds what runs the pack on its path.
        ...(options.policies ? { PATH: [environment['PATH'], policyPack].join(delimiter) } : {}),
        ...(options.changes ? { FACTORY_LOOP_TEST_CHANGES: JSON.stringify(options.changes) } : {}),
        ...(options.node === undefined ? {} : { PATH: [dirname(this.pulumi), options.node, '/usr/bin', '/bin'].join(delimiter) }),
      }),
    };
  }

  /** `preview`, `up`, `refresh` or `destroy`, to its end. */
  async run(verb: 'preview' | 'up' | 'refresh' | 'destroy', stack: string, options: RunOptions = {}): Promise<EngineRun> {
    const { directory, args, log, environment } = this.command(verb, stack, options);
    const started = performance.now();
    const { status, stdout, stderr } = await runPulumi({ pulumi: this.pulumi, directory, environment }, args);
    return { status, output: `${stdout}${stderr}`, ...readEvents(log), durationMs: Math.round(performance.now() - started) };
  }

  /** `up` whose CLI is killed without warning once so many resources are done. What it had started is ended after it: without an engine the program never ends. */
  async killedUp(stack: string, afterResources: number): Promise<EngineRun> {
    const { directory, args, log, environment } = this.command('up', stack, {});
    const started = performance.now();
    const child = spawn(this.pulumi, args, { cwd: directory, env: environment, stdio: 'ignore' });
    const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
    let orphans: readonly number[] = [];
    const watch = setInterval(() => {
      if (
        child.pid === undefined ||
        child.killed ||
        !existsSync(log) ||
        readFileSync(log, 'utf8').split('"resOutputsEvent"').length <= afterResources
      )
        return;
      orphans = descendantsOf(child.pid);
      child.kill('SIGKILL');
    }, 20);
    const status = await ended;
    clearInterval(watch);
    killAll(orphans);
    return { status, output: '', ...readEvents(log), durationMs: Math.round(performance.now() - started) };
  }

  /** Any other command of the CLI, in the folder's own project. */
  async cli(...args: readonly string[]): Promise<{ status: number; stdout: string; stderr: string }> {
    return runPulumi({ pulumi: this.pulumi, directory: this.up.project, environment: this.environment() }, [...args, '--non-interactive']);
  }

  checkpoint(stack: string): Checkpoint {
    const text = readFileSync(join(this.up.backend, '.pulumi', 'stacks', 'factory-loop', `${stack}.json`), 'utf8');
    const { latest } = (
      JSON.parse(text) as {
        checkpoint: { latest: { resources?: readonly Omit<CheckpointResource, 'name'>[]; pending_operations?: readonly unknown[] } };
      }
    ).checkpoint;
    const resources = (latest.resources ?? []).map((one) => ({
      ...one,
      inputs: one.inputs ?? {},
      outputs: one.outputs ?? {},
      id: one.id ?? '',
      name: nameOf(one.urn),
    }));
    return { text, resources, pending: latest.pending_operations?.length ?? 0 };
  }

  /** Everything that the backend keeps: states, their history, their backups. */
  backendFiles(): readonly { readonly name: string; readonly content: string }[] {
    const names = readdirSync(this.up.backend, { recursive: true, encoding: 'utf8' }).filter((name) =>
      statSync(join(this.up.backend, name)).isFile(),
    );
    return names.map((name) => ({ name, content: readFileSync(join(this.up.backend, name), 'utf8') }));
  }

  /** Resources of a stack that are in Azure, without what Pulumi keeps for itself. */
  resources(stack: string): readonly CheckpointResource[] {
    return this.checkpoint(stack).resources.filter(({ type, custom }) => custom && !type.startsWith('pulumi:'));
  }
}

function readEvents(log: string): Pick<EngineRun, 'operations' | 'changes'> {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : [];
  const events = lines.flatMap((line): EngineEvent[] => {
    try {
      return [JSON.parse(line) as EngineEvent];
    } catch {
      return [];
    }
  });
  const operations = events.flatMap(({ resourcePreEvent }) =>
    resourcePreEvent && !quiet.has(resourcePreEvent.metadata.op)
      ? [`${resourcePreEvent.metadata.op} ${resourcePreEvent.metadata.type}::${nameOf(resourcePreEvent.metadata.urn)}`]
      : [],
  );
  return {
    operations: [...new Set(operations)].sort(),
    changes: events.findLast(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges ?? {},
  };
}
