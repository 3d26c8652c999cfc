import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { nameOf } from '../region/armId';
import { ResourceError } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import type {
  ArmEndpoint,
  ContainerRuntime,
  Directory,
  IdentityEndpoint,
  ImageStore,
  QueueAccess,
  RunningContainer,
  SecretReader,
} from '../region/serviceInterfaces';
import { AppRevision, revisionName, type AppEvent, type ContainerState } from './app';
import { containerAppsRoutes } from './armRoutes';
import type { AppDeclaration, JobDeclaration, Workload } from './declarations';
import { Job, type JobEvent, type JobServices } from './job';
import type { JobExecution } from './jobExecution';
import { ProcessRuntime } from './processRuntime';
import { readSecrets, WorkloadIdentities } from './replica';

export type ContainerAppsEvent = JobEvent | AppEvent;
interface ContainerAppsDependencies {
  readonly directory: Directory;
  readonly identityEndpoint: IdentityEndpoint;
  readonly images: ImageStore;
  readonly queues: QueueAccess;
  readonly secrets: SecretReader;
  /** ARM id of a storage account, by its name. */
  resolveStorageAccount(name: string): string | undefined;
  readonly resourceManager: Pick<ArmEndpoint, 'addRoutes'>;
}
interface ContainerAppsState {
  readonly jobs: readonly {
    readonly name: string;
    readonly running: readonly string[];
    readonly executions: number;
    readonly failed: number;
  }[];
  readonly apps: readonly { readonly name: string; readonly revision: string; readonly containers: readonly ContainerState[] }[];
}

const stopped = (startedAt: string, endedAt: Date) => ({
  status: 'Failed' as const,
  endedAt: endedAt.toISOString(),
  durationMs: endedAt.getTime() - Date.parse(startedAt),
  exitCode: null,
  reason: 'the region stopped while it ran',
});

/** Container Apps of the region: jobs, apps, and the runtime that Azure ML compute uses too. */
export class ContainerApps implements Service, ContainerRuntime {
  readonly name = 'container-apps';
  private readonly runtime: ProcessRuntime;
  private readonly jobDeclarations: AppendOnlyStore<JobDeclaration>;
  private readonly appDeclarations: AppendOnlyStore<AppDeclaration>;
  private readonly executionStore: AppendOnlyStore<JobExecution>;
  private readonly jobs = new Map<string, Job>();
  private readonly apps = new Map<string, AppRevision>();
  private readonly listeners = new Set<(event: ContainerAppsEvent) => void>();
  private readonly services: JobServices & { emit(event: ContainerAppsEvent): void };
  private started = false;

  constructor(
    private readonly context: RegionContext,
    private readonly dependencies: ContainerAppsDependencies,
  ) {
    this.jobDeclarations = context.openStore('container-apps/jobs');
    this.appDeclarations = context.openStore('container-apps/apps');
    this.executionStore = context.openStore('container-apps/executions');
    this.runtime = new ProcessRuntime({ directory: context.directory, trustStoreFile: context.tls.caFile, images: dependencies.images });
    this.services = {
      ...dependencies,
      resolveStorageAccount: (name) => dependencies.resolveStorageAccount(name),
      context,
      runtime: this.runtime,
      executions: this.executionStore,
      emit: (event) => this.listeners.forEach((listener) => listener(event)),
    };
    dependencies.resourceManager.addRoutes(
      containerAppsRoutes({
        job: (id) => this.jobDeclarations.get(id),
        executions: (jobName) => this.executions(jobName),
        startJob: (jobName) => this.startJob(jobName),
        app: (id) => {
          const declaration = this.appDeclarations.get(id);
          return declaration && { declaration, revision: revisionName(declaration) };
        },
      }),
    );
  }

  async start(): Promise<void> {
    for (const [name, execution] of [...this.executionStore.entries()]) {
      if (execution.status === 'Running')
        this.executionStore.set(name, { ...execution, ...stopped(execution.startedAt, this.context.clock.now()) });
    }
    this.started = true;
    for (const [id, declaration] of this.jobDeclarations.entries()) this.deployJob(id, declaration);
    for (const [id, declaration] of this.appDeclarations.entries()) await this.deployApp(id, declaration);
  }
  async stop(): Promise<void> {
    this.started = false;
    await Promise.all([...[...this.jobs.values()].map((job) => job.stop()), ...[...this.apps.values()].map((app) => app.stop())]);
    this.jobs.clear();
    this.apps.clear();
    await this.runtime.stop();
  }

  run(container: Parameters<ContainerRuntime['run']>[0]): Promise<RunningContainer> {
    return this.runtime.run(container);
  }

  /** What Azure checks before it accepts a job or app: identities exist, secrets can be read, images can be pulled. */
  private async admit(resourceId: string, workload: Workload): Promise<void> {
    const identities = new WorkloadIdentities(resourceId, workload, this.dependencies.directory);
    await readSecrets(workload, identities, this.dependencies.secrets).catch((error: Error) => {
      throw new ResourceError(
        'ContainerAppSecretKeyVaultUrlInvalid',
        `a secret of ${nameOf(resourceId)} cannot be read from its vault: ${error.message}`,
      );
    });
    for (const { name, image } of [...workload.template.initContainers, ...workload.template.containers]) {
      const pullAs = identities.pullAs(image);
      await this.dependencies.images.pull(image, pullAs).catch((error: Error) => {
        throw new ResourceError(
          'InvalidParameterValueInContainerTemplate',
          `template.containers.${name}.image ${image} cannot be pulled as ${pullAs.displayName}: ${error.message}`,
        );
      });
    }
  }

  async putJob(resourceId: string, declaration: JobDeclaration): Promise<void> {
    await this.admit(resourceId, declaration);
    const identities = new WorkloadIdentities(resourceId, declaration, this.dependencies.directory);
    for (const rule of declaration.configuration.eventTriggerConfig?.scale.rules ?? [])
      identities.find(rule.identity, `the scale rule ${rule.name}`);
    this.jobDeclarations.set(resourceId.toLowerCase(), declaration);
    if (this.started) this.deployJob(resourceId.toLowerCase(), declaration);
  }
  private deployJob(id: string, declaration: JobDeclaration) {
    const before = this.jobs.get(id);
    if (before) return before.update(declaration);
    const job = new Job(id, declaration, this.services);
    this.jobs.set(id, job);
    job.start();
  }
  /** Where the volumes of this name of the active revisions are on this machine. */
  volumes(name: string): string[] {
    return [...this.apps.values()].flatMap((app) => app.volumes(name)).filter((directory) => existsSync(directory));
  }
  hasJob(resourceId: string): boolean {
    return this.jobDeclarations.has(resourceId.toLowerCase());
  }
  async deleteJob(resourceId: string): Promise<void> {
    const id = resourceId.toLowerCase();
    const job = this.jobs.get(id);
    this.jobs.delete(id);
    this.jobDeclarations.delete(id);
    await job?.stop();
    for (const { name } of job ? this.executions(job.declaration.jobName) : []) this.executionStore.delete(name);
  }
  /** Starts a job by hand, as `az containerapp job start` does. Returns the execution's name. */
  startJob(jobName: string): string {
    const job = [...this.jobs.values()].find((candidate) => candidate.declaration.jobName === jobName);
    if (job === undefined)
      throw new ResourceError(
        'JobNotFound',
        `there is no job ${jobName}; the jobs are ${[...this.jobs.values()].map((other) => other.declaration.jobName).join(', ')}.`,
      );
    return job.startExecution();
  }

  /** Stops the former revision, then starts the new one; an app that has not changed is left alone. Returns the revision's name. */
  async putApp(resourceId: string, declaration: AppDeclaration): Promise<string> {
    await this.admit(resourceId, declaration);
    this.appDeclarations.set(resourceId.toLowerCase(), declaration);
    if (this.started) await this.deployApp(resourceId.toLowerCase(), declaration);
    return revisionName(declaration);
  }
  private async deployApp(id: string, declaration: AppDeclaration): Promise<void> {
    const before = this.apps.get(id);
    const next = new AppRevision(id, declaration, this.services);
    if (before?.revision === next.revision) return;
    await before?.stop();
    before?.discard();
    this.apps.set(id, next);
    next.start();
  }
  hasApp(resourceId: string): boolean {
    return this.appDeclarations.has(resourceId.toLowerCase());
  }
  async deleteApp(resourceId: string): Promise<void> {
    const id = resourceId.toLowerCase();
    const app = this.apps.get(id);
    this.apps.delete(id);
    this.appDeclarations.delete(id);
    await app?.stop();
    app?.discard();
  }

  /** History of a job, oldest first. */
  executions(jobName: string): JobExecution[] {
    return [...this.executionStore.values()]
      .filter((execution) => execution.job === jobName)
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
  }
  /** Directory with the log files of a job (one per replica and attempt) or of an app (one per container). */
  logs(name: string): string {
    return join(this.context.directory, 'container-apps', 'logs', name);
  }
  state(): ContainerAppsState {
    const failures = (jobName: string) => this.executions(jobName).filter((execution) => execution.status === 'Failed').length;
    return {
      jobs: [...this.jobs.values()].map((job) => ({
        name: job.declaration.jobName,
        running: job.runningExecutions,
        executions: this.executions(job.declaration.jobName).length,
        failed: failures(job.declaration.jobName),
      })),
      apps: [...this.apps].map(([id, app]) => ({
        name: this.appDeclarations.get(id)?.containerAppName ?? nameOf(id),
        revision: app.revision,
        containers: app.containers,
      })),
    };
  }
  onEvent(listener: (event: ContainerAppsEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
