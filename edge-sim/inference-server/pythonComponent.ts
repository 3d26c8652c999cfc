import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { PackageComponent } from '../../contracts/edgePackage';
import { withDeadline } from '../../contracts/program/deadline';
import { messageOf, type LogLevel, type Log } from '../../contracts/program/log';
import { ComponentError, type ComponentAnswer, type RunningComponent, type Variables } from './component';
import runner from './runner.py';

const greeting = z.object({ ready: z.boolean(), python: z.string().optional(), error: z.string().optional() });
type Greeting = z.output<typeof greeting>;
const answer = z.object({
  id: z.number(),
  outputs: z.array(z.record(z.string(), z.unknown()).nullable()),
  errors: z.array(z.object({ index: z.number(), error: z.string() })),
});
const logLine = z.object({ level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() });

interface PythonTimeouts {
  readonly startSeconds: number;
  readonly callSeconds: number;
}
const defaultTimeouts: PythonTimeouts = { startSeconds: 30, callSeconds: 60 };
const stopSeconds = 3;

interface Call {
  readonly id: number;
  readonly resolve: (value: ComponentAnswer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}

function spawnRunner(python: string, { entrypoint, name }: PackageComponent, directory: string): ChildProcessWithoutNullStreams {
  // FACTORY_LOOP_REGION is how whoever runs this site finds every process of it.
  const { PATH, HOME, LANG, FACTORY_LOOP_REGION } = process.env;
  return spawn(python, ['-I', '-B', '-X', 'utf8', '-c', runner, directory, entrypoint.replace(/^\.\//, ''), name], {
    cwd: directory,
    env: { PATH, HOME, LANG, FACTORY_LOOP_REGION, TZ: 'UTC' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** What the component logs keeps its level; what it only prints is information. */
function forwardLog(stderr: Readable, component: string, log: Log): void {
  createInterface({ input: stderr }).on('line', (line) => {
    let level: LogLevel = 'info';
    let message = line.slice(0, 4_000);
    if (line.startsWith('{"level"')) {
      const parsed = logLine.safeParse(tryParse(line));
      if (parsed.success) ({ level, message } = parsed.data);
    }
    log(level, message, { component });
  });
}

/** The first line of the runner: it comes when the component is loaded, or says why it cannot be. */
const greetingFrom = (child: ChildProcessWithoutNullStreams, lines: Interface, component: string): Promise<Greeting> =>
  new Promise((resolve, reject) => {
    lines.once('line', (line) => {
      const parsed = greeting.safeParse(tryParse(line));
      if (parsed.success) resolve(parsed.data);
      else reject(new Error(`component "${component}": expected a greeting, got "${line.slice(0, 200)}"`));
    });
    child.once('error', (error) => reject(new Error(`cannot start ${child.spawnfile}: ${error.message}; install python3 >= 3.10`)));
    child.once('close', (code) => reject(new Error(`component "${component}" ended with code ${code} before it was ready`)));
  });

/** A loaded component in a process of its own; one call at a time. */
class PythonComponent implements RunningComponent {
  private call: Call | undefined;
  private nextId = 1;
  private closing = false;
  private failure: ComponentError | undefined;
  private failed: ((error: Error) => void) | undefined;
  private readonly exited: Promise<void>;

  constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    lines: Interface,
    private readonly name: string,
    private readonly callSeconds: number,
  ) {
    this.exited = new Promise((resolve) => child.once('close', () => resolve()));
    child.once('close', (code, signal) => this.fail(`its process ended with ${signal ?? `code ${code}`}`));
    lines.on('line', (line) => this.answered(line));
  }

  async setParameters(parameters: Variables): Promise<void> {
    const [refused] = (await this.request({ parameters })).errors;
    if (refused) throw new ComponentError(`component "${this.name}" refused its parameters:\n${refused.error}`);
  }

  process(inputs: readonly Variables[]): Promise<ComponentAnswer> {
    return this.request({ inputs });
  }

  onFailure(listener: (error: Error) => void): void {
    this.failed = listener;
  }

  async close(): Promise<void> {
    this.closing = true;
    this.takeCall()?.reject(new ComponentError(`component "${this.name}" was closed`));
    this.child.stdin.end();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), stopSeconds * 1000);
    await this.exited;
    clearTimeout(timer);
  }

  private request(body: Readonly<Record<string, unknown>>): Promise<ComponentAnswer> {
    if (this.failure) return Promise.reject(this.failure);
    if (this.call || this.closing)
      return Promise.reject(new ComponentError(`component "${this.name}": ${this.closing ? 'it is closed' : 'one call at a time'}`));
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      const timer = setTimeout(() => this.fail(`expected an answer within ${this.callSeconds} s`), this.callSeconds * 1000);
      this.call = { id, resolve, reject, timer };
      this.child.stdin.write(`${JSON.stringify({ id, ...body })}\n`);
    });
  }

  private answered(line: string): void {
    const parsed = answer.safeParse(tryParse(line));
    if (!parsed.success || parsed.data.id !== this.call?.id)
      return this.fail(`expected the answer to call ${this.call?.id ?? 'none'}, got "${line.slice(0, 200)}"`);
    const { errors, outputs } = parsed.data;
    this.takeCall()?.resolve({ errors, outputs: outputs.map((output) => output ?? undefined) });
  }

  private fail(reason: string): void {
    if (this.failure || this.closing) return;
    this.failure = new ComponentError(`component "${this.name}": ${reason}`);
    this.child.kill('SIGKILL');
    this.takeCall()?.reject(this.failure);
    this.failed?.(this.failure);
  }

  private takeCall(): Call | undefined {
    const { call } = this;
    clearTimeout(call?.timer);
    this.call = undefined;
    return call;
  }
}

/** Starts a CPython process of its own for one component, in the component's directory. */
export async function startPythonComponent(
  python: string,
  component: PackageComponent,
  directory: string,
  log: Log,
  timeouts = defaultTimeouts,
): Promise<RunningComponent> {
  await mkdir(join(directory, '_pipeline_storage'), { recursive: true });
  const child = spawnRunner(python, component, directory);
  forwardLog(child.stderr, component.name, log);
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout });
  try {
    const hello = await withDeadline(
      greetingFrom(child, lines, component.name),
      timeouts.startSeconds * 1000,
      `component "${component.name}": expected it to be ready within ${timeouts.startSeconds} s`,
    );
    if (!hello.ready) throw new Error(`component "${component.name}" cannot be loaded:\n${hello.error ?? ''}`);
    if (!hello.python?.startsWith(`${component.runtime.version.split('.').slice(0, 2).join('.')}.`))
      log('debug', 'another Python than the package asks for', {
        component: component.name,
        asked: component.runtime.version,
        used: hello.python,
      });
    return new PythonComponent(child, lines, component.name, timeouts.callSeconds);
  } catch (error) {
    child.kill('SIGKILL');
    throw new ComponentError(messageOf(error));
  }
}
