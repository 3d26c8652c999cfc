import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RegionContext } from '../region/regionContext';
import type { RunningContainer } from '../region/serviceInterfaces';
import type { AppDeclaration, ContainerDeclaration } from './declarations';
import { Replica, type ReplicaServices } from './replica';
import { backoffMs } from '../../contracts/program/retry';

export type AppEvent =
  | { readonly type: 'appStarted'; readonly name: string; readonly revision: string; readonly container: string; readonly pid: number }
  | {
      readonly type: 'appExited';
      readonly name: string;
      readonly revision: string;
      readonly container: string;
      readonly exitCode: number | null;
      readonly durationMs: number;
      readonly restartInMs: number | null;
      readonly reason?: string;
    };
interface AppServices extends ReplicaServices {
  readonly context: RegionContext;
  emit(event: AppEvent): void;
}
export interface ContainerState {
  readonly container: string;
  readonly replica: number;
  readonly pid: number | null;
  readonly restarts: number;
  readonly lastExitCode: number | null;
  readonly reason?: string;
}

/** How often a revision looks at the vaults: a new version of a secret is mounted when two looks have found it, so after one to two of these. Azure takes up to 30 minutes. */
export const secretRefreshMs = 15_000;
const restartBackoff = { firstMs: 1_000, longestMs: 60_000 };
/** A container that ran this long is healthy: its next failure counts as the first. */
const healthyAfterMs = 60_000;

/** Revision name from what makes a revision: the template and the configuration it is started with. */
export function revisionName(declaration: AppDeclaration): string {
  const { template, configuration, identity } = declaration;
  return `${declaration.containerAppName}--${createHash('sha256')
    .update(JSON.stringify([template, configuration, identity]))
    .digest('hex')
    .slice(0, 7)}`;
}

/** One revision of an app: keeps its replicas' containers running until it is stopped. */
export class AppRevision {
  readonly revision: string;
  private stopping = false;
  private readonly states = new Map<string, ContainerState>();
  private readonly active = new Set<RunningContainer>();
  private readonly pauses = new Set<() => void>();
  private readonly loops: Promise<void>[] = [];

  constructor(
    private readonly resourceId: string,
    private readonly declaration: AppDeclaration,
    private readonly services: AppServices,
  ) {
    this.revision = revisionName(declaration);
  }

  private get directory() {
    return join(this.services.context.directory, 'container-apps', 'revisions', this.revision);
  }
  start(): void {
    for (let index = 0; index < this.declaration.template.scale.minReplicas; index++) this.loops.push(this.replica(index));
  }

  private pause(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.stopping) return resolve();
      const end = () => {
        this.pauses.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.services.context.clock.after(durationMs, end);
      this.pauses.add(end);
    });
  }

  private async replica(index: number): Promise<void> {
    let failures = 0;
    while (!this.stopping) {
      let replica: Replica | undefined;
      try {
        const made = await Replica.create(`${this.revision}-${index}`, {
          resourceId: this.resourceId,
          workload: this.declaration,
          hostDirectory: join(this.directory, String(index)),
          services: this.services,
        });
        replica = made;
        for (const container of this.declaration.template.initContainers) await this.initialise(made, container);
        await Promise.all([
          this.keepSecretsFresh(made),
          ...this.declaration.template.containers.map((container) => this.keepRunning(made, container, index)),
        ]);
        made.release();
        return;
      } catch (error) {
        const restartInMs = backoffMs(failures++, restartBackoff);
        const reason = (error as Error).message;
        this.services.context.log('container-apps', `replica ${this.revision}-${index} cannot start`, { reason, restartInMs });
        this.services.emit({
          type: 'appExited',
          name: this.declaration.containerAppName,
          revision: this.revision,
          container: '',
          exitCode: null,
          durationMs: 0,
          restartInMs,
          reason,
        });
        replica?.release();
        await this.pause(restartInMs);
      }
    }
  }

  /** Mounted secrets of a vault, without a restart. */
  private async keepSecretsFresh(replica: Replica): Promise<void> {
    if (!this.declaration.configuration.secrets.some(({ keyVaultUrl }) => keyVaultUrl !== undefined)) return;
    for (;;) {
      await this.pause(secretRefreshMs);
      if (this.stopping) return;
      try {
        const renewed = await replica.refreshSecrets();
        if (renewed.length > 0)
          this.services.context.log('container-apps', `secrets of ${replica.name} are mounted anew`, { secrets: renewed });
      } catch (error) {
        this.services.context.log('container-apps', `secrets of ${replica.name} cannot be read, the mounted ones stay`, {
          reason: (error as Error).message,
        });
      }
    }
  }

  private async initialise(replica: Replica, container: ContainerDeclaration): Promise<void> {
    const running = await replica.start(container, 'Init', this.logFile(container.name));
    this.active.add(running);
    const { code, signal } = await running.exited;
    this.active.delete(running);
    if (code !== 0) throw new Error(`the init container ${container.name} ended with ${signal ?? `exit code ${code}`}`);
  }

  /** Where the volume of each replica is on this machine. */
  volumes(name: string): string[] {
    return Array.from({ length: this.declaration.template.scale.minReplicas }, (_, index) => join(this.directory, String(index), name));
  }

  logFile(container: string): string {
    return join(this.services.context.directory, 'container-apps', 'logs', this.declaration.containerAppName, `${container}.log`);
  }

  /** Starts a container again and again, whatever it ends with: an app is meant to run. */
  private async keepRunning(replica: Replica, container: ContainerDeclaration, index: number): Promise<void> {
    const { context, emit } = this.services;
    const key = `${index}/${container.name}`;
    const about = { name: this.declaration.containerAppName, revision: this.revision, container: container.name };
    const started = { container: container.name, replica: index };
    for (let failures = 0, restarts = 0; !this.stopping; restarts++) {
      const startedAt = context.clock.now().getTime();
      let exit: { code: number | null; reason?: string };
      try {
        const running = await replica.start(container, 'Main', this.logFile(container.name));
        this.active.add(running);
        this.states.set(key, { ...started, restarts, pid: running.pid, lastExitCode: this.states.get(key)?.lastExitCode ?? null });
        emit({ type: 'appStarted', ...about, pid: running.pid });
        if (this.stopping) void running.stop(this.graceMs);
        const { code, signal } = await running.exited;
        this.active.delete(running);
        exit = signal === null ? { code } : { code, reason: `ended by ${signal}` };
      } catch (error) {
        exit = { code: null, reason: (error as Error).message };
      }
      const durationMs = context.clock.now().getTime() - startedAt;
      failures = durationMs > healthyAfterMs ? 1 : failures + 1;
      const restartInMs = this.stopping ? null : Math.round(backoffMs(failures - 1, restartBackoff));
      const reason = exit.reason === undefined ? {} : { reason: exit.reason };
      this.states.set(key, { ...started, restarts, pid: null, lastExitCode: exit.code, ...reason });
      context.log('container-apps', `container ${container.name} of ${this.revision} ended`, {
        exitCode: exit.code,
        durationMs,
        restartInMs,
        ...reason,
      });
      emit({ type: 'appExited', ...about, exitCode: exit.code, durationMs, restartInMs, ...reason });
      if (restartInMs !== null) await this.pause(restartInMs);
    }
  }

  private get graceMs() {
    return this.declaration.template.terminationGracePeriodSeconds * 1_000;
  }
  get containers(): readonly ContainerState[] {
    return [...this.states.values()];
  }
  async stop(): Promise<void> {
    this.stopping = true;
    for (const end of [...this.pauses]) end();
    await Promise.all([...this.active].map((replica) => replica.stop(this.graceMs)));
    await Promise.all(this.loops);
  }
  /** For a revision that is replaced or deleted: its volumes go with it. */
  discard(): void {
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  }
}
