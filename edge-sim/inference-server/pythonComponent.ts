import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { PackageComponent } from '../../contracts/edgePackage';
import type { Level, Log } from '../../contracts/program/log';
import { ComponentError, type ComponentAnswer, type RunningComponent } from './component';
import runner from './runner.py';

const greeting = z.object({ ready: z.boolean(), python: z.string().optional(), error: z.string().optional() });
const answer = z.object({
  id: z.number(),
  outputs: z.array(z.record(z.string(), z.unknown()).nullable()),
  errors: z.array(z.object({ index: z.number(), error: z.string() })),
});
const logLine = z.object({ level: z.enum(['debug', 'info', 'warn', 'error']), message: z.string() });

export interface PythonTimeouts {
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

/** Starts a CPython process of its own for one component, in the component's directory. */
export async function startPythonComponent(
  python: string,
  component: PackageComponent,
  directory: string,
  log: Log,
  timeouts = defaultTimeouts,
): Promise<RunningComponent> {
  await mkdir(join(directory, '_pipeline_storage'), { recursive: true });
  // FACTORY_LOOP_REGION is how whoever runs this site finds every process of it.
  const { PATH, HOME, LANG, FACTORY_LOOP_REGION } = process.env;
  const child = spawn(
    python,
    ['-I', '-B', '-X', 'utf8', '-c', runner, directory, component.entrypoint.replace(/^\.\//, ''), component.name],
    { cwd: directory, env: { PATH, HOME, LANG, FACTORY_LOOP_REGION, TZ: 'UTC' }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let call: Call | undefined;
  let nextId = 1;
  let closing = false;
  let failure: ComponentError | undefined;
  let failed: ((error: Error) => void) | undefined;
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));

  const fail = (reason: string) => {
    if (failure || closing) return;
    failure = new ComponentError(`component "${component.name}": ${reason}`);
    child.kill('SIGKILL');
    clearTimeout(call?.timer);
    call?.reject(failure);
    call = undefined;
    failed?.(failure);
  };
  createInterface({ input: child.stderr }).on('line', (line) => {
    let level: Level = 'info';
    let message = line.slice(0, 4_000);
    if (line.startsWith('{"level"')) {
      const parsed = logLine.safeParse(tryParse(line));
      if (parsed.success) ({ level, message } = parsed.data);
    }
    log(level, message, { component: component.name });
  });
  const answers = createInterface({ input: child.stdout });
  child.stdin.on('error', () => undefined);

  try {
    const hello = await new Promise<z.output<typeof greeting>>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new ComponentError(`component "${component.name}": expected it to be ready within ${timeouts.startSeconds} s`)),
        timeouts.startSeconds * 1000,
      );
      const settle = (act: () => void) => {
        clearTimeout(timer);
        act();
      };
      answers.once('line', (line) =>
        settle(() => {
          const parsed = greeting.safeParse(tryParse(line));
          if (parsed.success) resolve(parsed.data);
          else reject(new ComponentError(`component "${component.name}": expected a greeting, got "${line.slice(0, 200)}"`));
        }),
      );
      child.once('error', (error) =>
        settle(() => reject(new ComponentError(`cannot start ${python}: ${error.message}; install python3 >= 3.10`))),
      );
      child.once('close', (code) =>
        settle(() => reject(new ComponentError(`component "${component.name}" ended with code ${code} before it was ready`))),
      );
    });
    if (!hello.ready) throw new ComponentError(`component "${component.name}" cannot be loaded:\n${hello.error ?? ''}`);
    if (!hello.python?.startsWith(`${component.runtime.version.split('.').slice(0, 2).join('.')}.`))
      log('debug', 'another Python than the package asks for', {
        component: component.name,
        asked: component.runtime.version,
        used: hello.python,
      });
  } catch (error) {
    closing = true;
    child.kill('SIGKILL');
    throw error;
  }
  child.once('close', (code, signal) => fail(`its process ended with ${signal ?? `code ${code}`}`));
  answers.on('line', (line) => {
    const parsed = answer.safeParse(tryParse(line));
    if (!parsed.success || parsed.data.id !== call?.id)
      return fail(`expected the answer to call ${call?.id ?? 'none'}, got "${line.slice(0, 200)}"`);
    const { resolve, timer } = call;
    clearTimeout(timer);
    call = undefined;
    resolve({ errors: parsed.data.errors, outputs: parsed.data.outputs.map((output) => output ?? undefined) });
  });

  const request = (body: Readonly<Record<string, unknown>>): Promise<ComponentAnswer> => {
    if (failure) return Promise.reject(failure);
    if (call || closing)
      return Promise.reject(new ComponentError(`component "${component.name}": ${closing ? 'it is closed' : 'one call at a time'}`));
    return new Promise((resolve, reject) => {
      const id = nextId++;
      call = {
        id,
        resolve,
        reject,
        timer: setTimeout(() => fail(`expected an answer within ${timeouts.callSeconds} s`), timeouts.callSeconds * 1000),
      };
      child.stdin.write(`${JSON.stringify({ id, ...body })}\n`);
    });
  };
  return {
    setParameters: async (parameters) => {
      const [refused] = (await request({ parameters })).errors;
      if (refused) throw new ComponentError(`component "${component.name}" refused its parameters:\n${refused.error}`);
    },
    process: (inputs) => request({ inputs }),
    onFailure: (listener) => {
      failed = listener;
    },
    close: async () => {
      closing = true;
      clearTimeout(call?.timer);
      call?.reject(new ComponentError(`component "${component.name}" was closed`));
      call = undefined;
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), stopSeconds * 1000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function tryParse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
