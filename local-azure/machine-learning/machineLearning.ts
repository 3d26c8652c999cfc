import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext, Service } from '../region/regionContext';
import type { ArmEndpoint, ContainerRuntime, Directory, EventPublisher, IdentityEndpoint } from '../region/serviceInterfaces';
import type { ArmResource } from './armResource';
import { machineLearningRoutes } from './armRoutes';
import { Assets, type AssetKindName } from './assets';
import { CommandJobs, type JobOutcome, type JobStatus, type StoredJob } from './commandJobs';
import { Workspaces } from './workspaces';

type WorkspaceEvent = Parameters<EventPublisher['publish']>[1];
interface Announcement {
  readonly source: string;
  readonly event: WorkspaceEvent;
}
interface MachineLearningEvent {
  readonly type: 'trainingStatus';
  readonly job: string;
  readonly status: JobStatus;
  readonly outcome?: JobOutcome;
  readonly logFile: string;
}
interface MachineLearningDependencies {
  readonly directory: Directory;
  readonly identityEndpoint: IdentityEndpoint;
  readonly runtime: ContainerRuntime;
  readonly events: EventPublisher;
  readonly resourceManager: ArmEndpoint;
}

/** Azure Machine Learning of the region: catalog, datastores, clusters, command jobs that run, and the workspace's events. */
export class MachineLearning implements Service {
  readonly name = 'machine-learning';
  readonly workspaces: Workspaces;
  readonly assets: Assets;
  readonly jobs: CommandJobs;
  private readonly outbox: AppendOnlyStore<Announcement>;
  private readonly listeners = new Set<(event: MachineLearningEvent) => void>();
  private announcements: Promise<void> = Promise.resolve();
  private sequence = 0;

  constructor(
    private readonly context: RegionContext,
    private readonly dependencies: MachineLearningDependencies,
  ) {
    this.workspaces = new Workspaces(context.openStore('machine-learning/workspaces'));
    this.assets = new Assets(context.openStore<ArmResource>('machine-learning/assets'), context.clock);
    this.outbox = context.openStore('machine-learning/outbox');
    this.jobs = new CommandJobs(context.openStore('machine-learning/jobs'), {
      ...dependencies,
      context,
      workspaces: this.workspaces,
      assets: this.assets,
      changed: (job) => this.jobChanged(job),
    });
    dependencies.resourceManager.addRoutes(
      machineLearningRoutes({
        workspaces: this.workspaces,
        assets: this.assets,
        jobs: this.jobs,
        endpoint: () => dependencies.resourceManager.endpoint,
        registered: (workspaceId, kind, version) => this.registered(workspaceId, kind, version),
      }),
    );
  }

  async start(): Promise<void> {
    void this.publishPending();
    this.jobs.start();
  }
  async stop(): Promise<void> {
    await this.jobs.stop();
    await this.announcements;
  }

  /** With its clusters, datastores, assets and jobs. */
  async removeWorkspace(id: string): Promise<void> {
    await this.jobs.forget(id);
    this.workspaces.delete(id);
    this.assets.deleteWorkspace(id);
  }

  onEvent(listener: (event: MachineLearningEvent) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private async registered(workspaceId: string, kind: AssetKindName, version: ArmResource): Promise<void> {
    if (kind !== 'models') return;
    const name = version.id.split('/').at(-3) ?? '';
    await this.announce(workspaceId, {
      eventType: 'Microsoft.MachineLearningServices.ModelRegistered',
      subject: `models/${name}:${version.name}`,
      dataVersion: '2',
      data: {
        ModelName: name,
        ModelVersion: /^\d+$/.test(version.name) ? Number(version.name) : version.name,
        ModelTags: version.properties['tags'] ?? {},
        ModelProperties: version.properties['properties'] ?? {},
      },
    });
  }

  private jobChanged(job: StoredJob): void {
    const { status, experimentName, tags, properties } = job.properties;
    this.context.log(this.name, `job ${job.name} ${status}`, { ...job.outcome });
    const { outcome } = job;
    for (const listener of this.listeners)
      listener({ type: 'trainingStatus', job: job.name, status, logFile: this.jobs.logFile(job.name), ...(outcome ? { outcome } : {}) });
    const data = {
      experimentId: experimentName,
      experimentName,
      runId: job.name,
      runType: 'azureml.commandjob',
      runTags: tags ?? {},
      runProperties: properties ?? {},
    };
    const subject = `experiments/${experimentName}/runs/${job.name}`;
    const announce = (event: WorkspaceEvent) => void this.announce(job.workspaceId, event);
    announce({
      eventType: 'Microsoft.MachineLearningServices.RunStatusChanged',
      subject,
      dataVersion: '2',
      data: { ...data, runStatus: status },
    });
    if (status === 'Completed') announce({ eventType: 'Microsoft.MachineLearningServices.RunCompleted', subject, dataVersion: '2', data });
  }

  /** Written down before it is handed over, so that an event outlives a crash between the two. */
  private async announce(source: string, event: WorkspaceEvent): Promise<void> {
    const key = `${this.context.clock.now().toISOString()}-${String(this.sequence++).padStart(6, '0')}`;
    this.outbox.set(key, { source, event });
    await this.publishPending();
  }
  /** Hands over everything that is still in the outbox, in order; what fails stays for the next time. */
  private publishPending(): Promise<void> {
    this.announcements = this.announcements
      .then(async () => {
        for (const [key, { source, event }] of [...this.outbox.entries()]) {
          await this.dependencies.events.publish(source, event);
          this.outbox.delete(key);
        }
      })
      .catch((error: Error) => this.context.log(this.name, 'an event is kept for later', { error: error.message }));
    return this.announcements;
  }
}
