import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { queueId } from '../region/armId';
import { ResourceError } from '../region/resourceType';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import type { QueueAccess } from '../region/serviceInterfaces';
import type { JobDeclaration } from './declarations';
import { RunningExecution, type JobExecution } from './jobExecution';
import { WorkloadIdentities, type ReplicaServices } from './replica';
import { executionsToStart } from './scaling';

export type JobEvent =
  | { readonly type: 'jobStarted'; readonly name: string; readonly execution: string }
  | {
      readonly type: 'jobEnded';
      readonly name: string;
      readonly execution: string;
      readonly status: string;
      readonly exitCode: number | null;
      readonly durationMs: number;
      readonly reason?: string;
      readonly logFile?: string;
    }
  | { readonly type: 'scalerFailed'; readonly name: string; readonly rule: string; readonly error: string };
export interface JobServices extends ReplicaServices {
  readonly context: RegionContext;
  readonly queues: QueueAccess;
  resolveStorageAccount(name: string): string | undefined;
  readonly executions: AppendOnlyStore<JobExecution>;
  emit(event: JobEvent): void;
}

const keptExecutions = 100;
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
const suffix = () => Array.from({ length: 7 }, () => suffixAlphabet[Math.floor(Math.random() * suffixAlphabet.length)]).join('');

/** A deployed job: asks its queue at the declared interval and starts executions as KEDA would. */
export class Job {
  private readonly running = new Map<string, { readonly execution: RunningExecution; readonly done: Promise<void> }>();
  private cancelPoll: () => void = () => undefined;
  private active = false;
  private lastScalerError: string | undefined;
  private polling: Promise<void> = Promise.resolve();

  constructor(
    readonly resourceId: string,
    private declared: JobDeclaration,
    private readonly services: JobServices,
  ) {}

  get declaration(): JobDeclaration {
    return this.declared;
  }
  /** Executions that run keep what they were started with; the next ones take the new declaration. */
  update(declaration: JobDeclaration): void {
    this.declared = declaration;
    this.cancelPoll();
    if (declaration.configuration.triggerType === 'Event') this.schedule(0);
  }
  start(): void {
    if (this.active) return;
    this.active = true;
    if (this.declaration.configuration.triggerType === 'Event') this.schedule(0);
  }
  private schedule(delayMs: number) {
    if (!this.active) return;
    this.cancelPoll = this.services.context.clock.after(delayMs, () => {
      this.polling = this.polling
        .then(() => this.poll())
        .finally(() => this.schedule((this.declaration.configuration.eventTriggerConfig?.scale.pollingInterval ?? 30) * 1_000));
    });
  }

  private async poll(): Promise<void> {
    const scale = this.declaration.configuration.eventTriggerConfig?.scale;
    for (const rule of scale?.rules ?? []) {
      try {
        const { accountName, queueName, queueLength, queueLengthStrategy } = rule.metadata;
        const account = this.services.resolveStorageAccount(accountName);
        if (account === undefined)
          throw new ResourceError(
            'StorageAccountNotFound',
            `the scale rule ${rule.name} names the storage account ${accountName}, which does not exist.`,
          );
        const identities = new WorkloadIdentities(this.resourceId, this.declaration, this.services.directory);
        const messages = await this.services.queues.countMessages(
          queueId(account, queueName),
          identities.find(rule.identity, `the scale rule ${rule.name}`),
          queueLengthStrategy,
        );
        this.lastScalerError = undefined;
        const { minExecutions = 0, maxExecutions = 100 } = scale ?? {};
        const start = this.active
          ? executionsToStart({ messages, messagesPerExecution: queueLength, running: this.running.size, minExecutions, maxExecutions })
          : 0;
        for (let index = 0; index < start; index++) this.startExecution();
      } catch (error) {
        const { code, message: text } = error as Error & { code?: string };
        const message = code === undefined || text.includes(code) ? text : `${code}: ${text}`;
        if (message === this.lastScalerError) continue;
        this.lastScalerError = message;
        this.services.context.log('container-apps', `the scaler of job ${this.declaration.jobName} failed`, {
          rule: rule.name,
          error: message,
        });
        this.services.emit({ type: 'scalerFailed', name: this.declaration.jobName, rule: rule.name, error: message });
      }
    }
  }

  /** Starts one execution now, as the manual trigger does. Returns its name. */
  startExecution(): string {
    const { context, executions, emit } = this.services;
    const { jobName } = this.declaration;
    const name = `${jobName}-${suffix()}`;
    const volumeDirectory = join(context.directory, 'container-apps', 'volumes', name);
    const execution = new RunningExecution(name, {
      resourceId: this.resourceId,
      declaration: this.declaration,
      services: this.services,
      clock: context.clock,
      logDirectory: join(context.directory, 'container-apps', 'logs', jobName),
      volumeDirectory,
    });
    const startedAt = context.clock.now();
    executions.set(name, { name, job: jobName, status: 'Running', startedAt: startedAt.toISOString(), attempts: [] });
    emit({ type: 'jobStarted', name: jobName, execution: name });
    const done = execution.run().then((result) => {
      const endedAt = context.clock.now();
      const durationMs = endedAt.getTime() - startedAt.getTime();
      executions.set(name, {
        name,
        job: jobName,
        startedAt: startedAt.toISOString(),
        endedAt: endedAt.toISOString(),
        durationMs,
        attempts: execution.attempts,
        ...result,
      });
      rmSync(volumeDirectory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
      this.running.delete(name);
      this.forgetOld();
      const logFile = execution.attempts.at(-1)?.logFile;
      context.log('container-apps', `job execution ${name} ${result.status.toLowerCase()}`, {
        exitCode: result.exitCode,
        durationMs,
        reason: result.reason,
      });
      emit({ type: 'jobEnded', name: jobName, execution: name, durationMs, ...result, ...(logFile === undefined ? {} : { logFile }) });
    });
    this.running.set(name, { execution, done });
    return name;
  }

  private forgetOld() {
    const mine = [...this.services.executions.values()]
      .filter((execution) => execution.job === this.declaration.jobName && execution.status !== 'Running')
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt));
    for (const old of mine.slice(0, Math.max(0, mine.length - keptExecutions))) this.services.executions.delete(old.name);
  }

  get runningExecutions(): readonly string[] {
    return [...this.running.keys()];
  }
  async stop(): Promise<void> {
    this.active = false;
    this.cancelPoll();
    await this.polling;
    const running = [...this.running.values()];
    await Promise.all(running.map(({ execution }) => execution.stop()));
    await Promise.all(running.map(({ done }) => done));
  }
}
