import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '../region/tokenAuthority';
import { nameOf } from '../region/armId';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import type { ContainerRuntime, Directory, IdentityEndpoint, RunningContainer } from '../region/serviceInterfaces';
import { notFound, stamped, userError, type ArmResource } from './armResource';
import type { Assets } from './assets';
import { durationMs, type CommandJobBody } from './bodies';
import type { WorkspaceAsset, Workspaces } from './workspaces';

export type JobStatus = 'Queued' | 'Starting' | 'Running' | 'Completed' | 'Failed' | 'CancelRequested' | 'Canceled';
const ended: readonly string[] = ['Completed', 'Failed', 'Canceled'] satisfies JobStatus[];
export interface JobOutcome {
  readonly exitCode: number | null;
  readonly reason?: string;
  readonly durationMs: number;
}
type JobProperties = CommandJobBody & { readonly status: JobStatus };
export type StoredJob = ArmResource<JobProperties> & { readonly workspaceId: string; readonly outcome?: JobOutcome };
type StatusChange = (job: StoredJob) => void;

/** Properties that a job keeps: a second PUT may change tags, description, names and the archive flag only. */
const immutable = ['command', 'environmentId', 'computeId', 'experimentName', 'environmentVariables', 'identity', 'limits'] as const;
const graceMs = 10_000;
const longestTimerMs = 2 ** 31 - 1;

interface CommandJobServices {
  readonly context: RegionContext;
  readonly directory: Directory;
  readonly identityEndpoint: IdentityEndpoint;
  readonly runtime: ContainerRuntime;
  readonly workspaces: Workspaces;
  readonly assets: Assets;
  readonly changed: StatusChange;
}

/** Command jobs: queued until the cluster has a free node, then really executed there. */
export class CommandJobs {
  private readonly running = new Map<
    string,
    { container: RunningContainer | undefined; cancelled: boolean; done: Promise<void>; readonly computeId: string; readonly nodes: number }
  >();
  private accepting = false;

  constructor(
    private readonly store: AppendOnlyStore<StoredJob>,
    private readonly services: CommandJobServices,
  ) {}

  start(): void {
    for (const [key, job] of [...this.store.entries()]) {
      if (!ended.includes(job.properties.status) && job.properties.status !== 'Queued')
        this.move(key, 'Failed', { exitCode: null, reason: 'the region stopped while the job ran', durationMs: 0 });
    }
    this.accepting = true;
    this.schedule();
  }
  async stop(): Promise<void> {
    this.accepting = false;
    const running = [...this.running.values()];
    await Promise.all(running.map(({ container }) => container?.stop(graceMs)));
    await Promise.all(running.map(({ done }) => done));
  }

  private key(workspaceId: string, name: string) {
    return `${workspaceId.toLowerCase()}/jobs/${name}`;
  }
  get(workspaceId: string, name: string): StoredJob {
    const found = this.store.get(this.key(workspaceId, name));
    if (!found) throw notFound(`Job '${name}'`);
    return found;
  }
  list(workspaceId: string): StoredJob[] {
    const prefix = this.key(workspaceId, '');
    return [...this.store.entries()].flatMap(([key, job]) => (key.startsWith(prefix) ? [job] : []));
  }
  logFile(name: string): string {
    return join(this.services.context.directory, 'machine-learning', 'logs', `${name}.log`);
  }

  put(workspaceId: string, name: string, body: CommandJobBody, by: string): { job: StoredJob; created: boolean } {
    const { context, workspaces } = this.services;
    const key = this.key(workspaceId, name);
    const before = this.store.get(key);
    if (before) {
      const changed = immutable.find((property) => !isDeepStrictEqual(before.properties[property] ?? null, body[property] ?? null));
      if (changed !== undefined)
        throw userError(`A job with the name '${name}' exists and its ${changed} cannot be changed. Submit a new job under another name.`);
      const { tags, description, displayName, isArchived } = body;
      const job: StoredJob = {
        ...before,
        properties: { ...before.properties, tags, description, displayName, isArchived: isArchived ?? false },
        systemData: stamped(context.clock, by, before.systemData),
      };
      this.store.set(key, job);
      return { job, created: false };
    }
    this.image(workspaceId, body.environmentId);
    const compute = this.compute(workspaceId, body.computeId);
    this.jobIdentity(compute, body);
    const nodes = body.resources?.instanceCount ?? 1;
    if (nodes > maxNodes(compute))
      throw userError(`The job asks for ${nodes} nodes; the cluster '${compute.name}' has at most ${maxNodes(compute)}.`);
    const workspace = workspaces.get(workspaceId, 'Workspace');
    const job: StoredJob = {
      id: `${workspace.id}/jobs/${name}`,
      name,
      type: 'Microsoft.MachineLearningServices/workspaces/jobs',
      workspaceId: workspace.id,
      properties: { isArchived: false, services: {}, ...body, status: 'Queued' },
      systemData: stamped(context.clock, by),
    };
    this.store.set(key, job);
    queueMicrotask(() => this.schedule());
    return { job, created: true };
  }

  async cancel(workspaceId: string, name: string): Promise<void> {
    const job = this.get(workspaceId, name);
    const key = this.key(workspaceId, name);
    if (ended.includes(job.properties.status))
      throw userError(`The job '${name}' has ended as ${job.properties.status} and cannot be canceled.`);
    const running = this.running.get(key);
    if (!running) return this.move(key, 'Canceled', { exitCode: null, reason: 'canceled before it started', durationMs: 0 });
    running.cancelled = true;
    this.move(key, 'CancelRequested');
    await running.container?.stop(graceMs);
    await running.done;
  }

  /** Ends what runs in the workspace and forgets what ran in it. */
  async forget(workspaceId: string): Promise<void> {
    const jobs = this.list(workspaceId);
    await Promise.all(
      jobs.filter(({ properties }) => !ended.includes(properties.status)).map(({ name }) => this.cancel(workspaceId, name)),
    );
    for (const { name } of jobs) this.store.delete(this.key(workspaceId, name));
  }

  private findCompute(workspaceId: string, computeId: string): WorkspaceAsset | undefined {
    return this.services.workspaces.find(`${workspaceId}/computes/${nameOf(computeId)}`);
  }
  private compute(workspaceId: string, computeId: string): WorkspaceAsset {
    const compute = this.findCompute(workspaceId, computeId);
    if (compute?.id.toLowerCase() !== computeId.replace(/^azureml:/i, '').toLowerCase())
      throw userError(`The compute '${computeId}' does not exist in the workspace; expected the ARM id of a cluster.`);
    return compute as WorkspaceAsset;
  }
  private image(workspaceId: string, environmentId: string): string {
    const match = /^(?:azureml:)?(?:.*\/)?environments\/([^/]+)\/versions\/([^/]+)$/i.exec(environmentId);
    const environment = match && this.services.assets.findVersion(workspaceId, 'environments', match[1] ?? '', match[2] ?? '');
    const image = environment?.properties['image'];
    if (typeof image !== 'string')
      throw userError(
        `The environment '${environmentId}' does not exist in the workspace or has no image; expected the ARM id of an environment version.`,
      );
    return image;
  }

  private computeIdentities(compute: WorkspaceAsset): Principal[] {
    const { directory } = this.services;
    const userAssigned = Object.keys(compute.identity?.userAssignedIdentities ?? {}).flatMap(
      (id) => directory.find({ resourceId: id }) ?? [],
    );
    return compute.identity?.type.includes('SystemAssigned') === true
      ? [...userAssigned, directory.managedIdentity(compute.id, compute.name)]
      : userAssigned;
  }
  /** The identity that the job's command may use: one of the cluster's, and only when the job asks for it. */
  private jobIdentity(compute: WorkspaceAsset, body: CommandJobBody): Principal | undefined {
    if (body.identity?.identityType !== 'Managed') return undefined;
    const { clientId, objectId, resourceId } = body.identity;
    const identities = this.computeIdentities(compute);
    const wanted = resourceId === undefined ? undefined : this.services.directory.find({ resourceId })?.objectId;
    const found = identities.find(
      (identity) =>
        (clientId ?? identity.clientId) === identity.clientId &&
        (objectId ?? identity.objectId) === identity.objectId &&
        (resourceId === undefined || wanted === identity.objectId),
    );
    if (!found)
      throw userError(
        `The managed identity ${clientId ?? objectId ?? resourceId ?? ''} is not assigned to the cluster '${compute.name}', which has ${identities.map((principal) => principal.clientId).join(', ') || 'none'}.`,
      );
    return found;
  }

  /** First in, first out per cluster, as far as its nodes go. */
  private schedule(): void {
    if (!this.accepting) return;
    const queued = [...this.store.entries()]
      .filter(([key, job]) => job.properties.status === 'Queued' && !this.running.has(key))
      .sort(([, a], [, b]) => a.systemData.createdAt.localeCompare(b.systemData.createdAt));
    const full = new Set<string>();
    for (const [key, job] of queued) {
      const computeId = job.properties.computeId.toLowerCase();
      const nodes = job.properties.resources?.instanceCount ?? 1;
      const compute = this.findCompute(job.workspaceId, job.properties.computeId);
      if (!compute) {
        this.move(key, 'Failed', { exitCode: null, reason: `the compute ${job.properties.computeId} was deleted`, durationMs: 0 });
        continue;
      }
      const busy = [...this.running.values()].filter((job) => job.computeId === computeId).reduce((sum, job) => sum + job.nodes, 0);
      if (full.has(computeId) || busy + nodes > maxNodes(compute)) {
        full.add(computeId);
        continue;
      }
      const entry = { container: undefined as RunningContainer | undefined, cancelled: false, done: Promise.resolve(), computeId, nodes };
      this.running.set(key, entry);
      entry.done = this.execute(key, job, entry).finally(() => {
        this.running.delete(key);
        this.schedule();
      });
    }
  }

  private async execute(
    key: string,
    job: StoredJob,
    entry: { container: RunningContainer | undefined; cancelled: boolean },
  ): Promise<void> {
    const { context, identityEndpoint, runtime } = this.services;
    const { properties, workspaceId } = job;
    const startedAt = context.clock.now().getTime();
    let grant: { readonly environment: Record<string, string>; revoke(): void } | undefined;
    let timedOut = false;
    let cancelTimeout: () => void = () => undefined;
    let result: { exitCode: number | null; reason?: string };
    try {
      this.move(key, 'Starting');
      const compute = this.compute(workspaceId, properties.computeId);
      const identity = this.jobIdentity(compute, properties);
      const [pullAs] = this.computeIdentities(compute);
      if (!pullAs) throw new Error(`the cluster ${compute.name} has no managed identity to pull the image with`);
      grant = identity && identityEndpoint.grant([identity], { protocol: 'machineLearning' });
      const variables = Object.entries(properties.environmentVariables ?? {}).flatMap(([name, value]) =>
        value === null ? [] : [[name, value] as const],
      );
      entry.container = await runtime.run({
        name: job.name,
        image: this.image(workspaceId, properties.environmentId),
        pullAs,
        command: ['/bin/sh', '-c', properties.command],
        logFile: this.logFile(job.name),
        environment: { ...Object.fromEntries(variables), ...grant?.environment },
      });
      if (properties.limits?.timeout !== undefined) {
        cancelTimeout = context.clock.after(Math.min(durationMs(properties.limits.timeout), longestTimerMs), () => {
          timedOut = true;
          void entry.container?.stop(graceMs);
        });
      }
      if (entry.cancelled) void entry.container.stop(graceMs);
      else this.move(key, 'Running');
      const { code, signal } = await entry.container.exited;
      result = { exitCode: code, ...(signal === null ? {} : { reason: `ended by ${signal}` }) };
    } catch (error) {
      result = { exitCode: null, reason: (error as Error).message };
    } finally {
      cancelTimeout();
      grant?.revoke();
    }
    if (timedOut)
      result = {
        exitCode: result.exitCode === 0 ? null : result.exitCode,
        reason: `the job ran longer than limits.timeout (${properties.limits?.timeout ?? ''})`,
      };
    const status = entry.cancelled ? 'Canceled' : result.exitCode === 0 ? 'Completed' : 'Failed';
    this.move(key, status, { ...result, durationMs: context.clock.now().getTime() - startedAt });
  }

  private move(key: string, status: JobStatus, outcome?: JobOutcome): void {
    const before = this.store.get(key);
    if (!before) return;
    const job: StoredJob = { ...before, properties: { ...before.properties, status }, ...(outcome ? { outcome } : {}) };
    this.store.set(key, job);
    this.services.changed(job);
  }
}

const maxNodes = (compute: WorkspaceAsset): number => {
  const cluster = (compute.properties['properties'] ?? {}) as { scaleSettings?: { maxNodeCount?: number } };
  return cluster.scaleSettings?.maxNodeCount ?? 1;
};
