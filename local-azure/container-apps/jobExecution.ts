import { join } from 'node:path';
import type { Clock } from '../region/clock';
import type { RunningContainer } from '../region/serviceInterfaces';
import type { JobDeclaration } from './declarations';
import { Replica, type ReplicaServices } from './replica';
import { backoffMs } from '../../contracts/program/retry';

type ExecutionStatus = 'Running' | 'Succeeded' | 'Failed' | 'Stopped';
interface Attempt {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly exitCode: number | null;
  readonly reason?: string;
  readonly logFile: string;
}
export interface JobExecution {
  readonly name: string;
  readonly job: string;
  readonly status: ExecutionStatus;
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly durationMs?: number;
  readonly exitCode?: number | null;
  readonly reason?: string;
  readonly attempts: readonly Attempt[];
}

const graceMs = 10_000;
const retryBackoff = { firstMs: 1_000, longestMs: 30_000 };

/** One execution of a job: replicas with their retries and time limit, until enough have succeeded or one has failed for good. */
export class RunningExecution {
  readonly attempts: Attempt[] = [];
  private readonly active = new Set<RunningContainer>();
  private stopped = false;
  private wake: () => void = () => undefined;

  constructor(
    readonly name: string,
    private readonly options: {
      readonly resourceId: string;
      readonly declaration: JobDeclaration;
      readonly services: ReplicaServices;
      readonly clock: Clock;
      readonly logDirectory: string;
      readonly volumeDirectory: string;
    },
  ) {}

  async run(): Promise<{ status: ExecutionStatus; exitCode: number | null; reason?: string }> {
    const { parallelism = 1, replicaCompletionCount = 1 } = this.options.declaration.configuration.eventTriggerConfig ?? {};
    let next = 0;
    let failure: { exitCode: number | null; reason?: string } | undefined;
    const lane = async () => {
      while (next < replicaCompletionCount && failure === undefined && !this.stopped) {
        const result = await this.replicaWithRetries(next++);
        if (result.exitCode !== 0) failure ??= result;
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallelism, replicaCompletionCount) }, lane));
    if (this.stopped) return { status: 'Stopped', exitCode: failure?.exitCode ?? null, reason: 'the execution was stopped' };
    return failure === undefined ? { status: 'Succeeded', exitCode: 0 } : { status: 'Failed', ...failure };
  }

  private async replicaWithRetries(index: number): Promise<{ exitCode: number | null; reason?: string }> {
    const { replicaRetryLimit } = this.options.declaration.configuration;
    for (let attempt = 0; ; attempt++) {
      const result = await this.replica(index, attempt);
      if (result.exitCode === 0 || this.stopped || result.timedOut || attempt >= replicaRetryLimit) return result;
      await this.pause(backoffMs(attempt, retryBackoff));
      if (this.stopped) return result;
    }
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.options.clock.after(durationMs, resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }

  private async replica(index: number, attempt: number): Promise<{ exitCode: number | null; reason?: string; timedOut: boolean }> {
    const { declaration, clock, resourceId, services, logDirectory, volumeDirectory } = this.options;
    const { replicaTimeout } = declaration.configuration;
    const startedAt = clock.now();
    const logFile = join(logDirectory, `${this.name}-${index}-${attempt}.log`);
    let timedOut = false;
    let replica: Replica | undefined;
    const cancelTimeout = clock.after(replicaTimeout * 1_000, () => {
      timedOut = true;
      void this.endActive();
    });
    let outcome: { exitCode: number | null; reason?: string };
    try {
      replica = await Replica.create(`${this.name}-${index}`, {
        resourceId,
        workload: declaration,
        hostDirectory: join(volumeDirectory, `${this.name}-${index}`),
        services,
      });
      outcome = await this.containers(replica, logFile);
    } catch (error) {
      outcome = { exitCode: null, reason: (error as Error).message };
    } finally {
      cancelTimeout();
      replica?.release();
    }
    if (timedOut) outcome = { exitCode: outcome.exitCode, reason: `the replica ran longer than replicaTimeout (${replicaTimeout} s)` };
    if (timedOut && outcome.exitCode === 0) outcome = { ...outcome, exitCode: null };
    this.attempts.push({
      startedAt: startedAt.toISOString(),
      durationMs: clock.now().getTime() - startedAt.getTime(),
      logFile,
      ...outcome,
    });
    return { ...outcome, timedOut };
  }

  private async containers(replica: Replica, logFile: string): Promise<{ exitCode: number | null; reason?: string }> {
    const { initContainers, containers } = this.options.declaration.template;
    for (const container of initContainers) {
      const result = await this.follow(await replica.start(container, 'Init', logFile));
      if (result.exitCode !== 0) return { ...result, reason: `the init container ${container.name} failed` };
    }
    const started = await Promise.all(containers.map((container) => replica.start(container, 'Main', logFile)));
    const results = await Promise.all(started.map((container) => this.follow(container)));
    return results.find((result) => result.exitCode !== 0) ?? { exitCode: 0 };
  }

  private async follow(container: RunningContainer): Promise<{ exitCode: number | null; reason?: string }> {
    this.active.add(container);
    if (this.stopped) void container.stop(graceMs);
    const { code, signal } = await container.exited;
    this.active.delete(container);
    return signal === null ? { exitCode: code } : { exitCode: code, reason: `ended by ${signal}` };
  }

  private async endActive(): Promise<void> {
    await Promise.all([...this.active].map((container) => container.stop(graceMs)));
  }
  async stop(): Promise<void> {
    this.stopped = true;
    this.wake();
    await this.endActive();
  }
}
