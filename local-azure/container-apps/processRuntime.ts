import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { regionMarker } from '../../contracts/regionMarker';
import type { ContainerRuntime, ImageStore, RunningContainer } from '../region/serviceInterfaces';
import { Reaper } from './reaper';

type Container = Parameters<ContainerRuntime['run']>[0];

/** Signals a whole process group; a group that is gone is no error (macOS says EPERM when only a zombie is left). */
function signalGroup(processGroup: number, signal: NodeJS.Signals) {
  try {
    process.kill(-processGroup, signal);
  } catch (error) {
    if (!['ESRCH', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}

/** Containers as processes: the image's directory is the root, the declared environment is the whole environment. */
export class ProcessRuntime implements ContainerRuntime {
  private readonly reaper: Reaper;
  private readonly running = new Set<RunningContainer>();
  private readonly home: string;
  private stopped = false;

  constructor(private readonly options: { readonly directory: string; readonly trustStoreFile: string; readonly images: ImageStore }) {
    this.reaper = new Reaper(options.directory);
    this.home = join(options.directory, 'home');
  }

  async run(container: Container): Promise<RunningContainer> {
    const { directory, trustStoreFile, images } = this.options;
    mkdirSync(dirname(container.logFile), { recursive: true, mode: 0o700 });
    mkdirSync(this.home, { recursive: true, mode: 0o700 });
    const image = await images.pull(container.image, container.pullAs);
    if (this.stopped) throw new Error(`container ${container.name} is not started: the region is stopping`);
    const [program, ...rest] = [...(container.command ?? image.command), ...(container.args ?? [])];
    if (program === undefined)
      throw new Error(`container ${container.name}: neither the declaration nor the image ${container.image} has a command`);
    const log = openSync(container.logFile, 'a', 0o600);
    const child = spawn(program === 'node' ? process.execPath : program, rest, {
      cwd: container.workingDirectory ?? image.directory,
      stdio: ['ignore', log, log],
      detached: true,
      env: {
        ...image.environment,
        ...container.environment,
        PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'}`,
        HOME: this.home,
        TZ: 'UTC',
        NODE_EXTRA_CA_CERTS: trustStoreFile,
        [regionMarker]: directory,
      },
    });
    const exited = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        writeSync(log, `${container.name} could not be started: ${error.message}\n`);
        closeSync(log);
        resolve({ code: error.code === 'ENOENT' ? 127 : 126, signal: null });
      });
      child.once('exit', (code, signal) => {
        closeSync(log);
        resolve({ code, signal });
      });
    });
    const { pid } = child;
    if (pid === undefined) return { pid: 0, exited, stop: async () => undefined };
    this.reaper.watch(pid);
    const handle: RunningContainer = {
      pid,
      exited: exited.then((result) => {
        signalGroup(pid, 'SIGKILL');
        this.reaper.release(pid);
        this.running.delete(handle);
        return result;
      }),
      stop: async (graceMs) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        signalGroup(pid, 'SIGTERM');
        const timer = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
        await handle.exited;
        clearTimeout(timer);
      },
    };
    this.running.add(handle);
    return handle;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.running].map((container) => container.stop(5_000)));
    this.reaper.stop();
  }
}
