import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { UsageError } from '../../command-line/usageError';

const isExecutable = (file: string) => {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** `pulumi` of PATH, else the one that engine:build made. Throws UsageError that says how to get one. */
export function findPulumi(root: string, environment: NodeJS.ProcessEnv): string {
  const folders = [...(environment['PATH'] ?? '').split(delimiter).filter((directory) => directory !== ''), join(root, '.local', 'bin')];
  const found = folders.map((folder) => join(folder, 'pulumi')).find(isExecutable);
  if (found === undefined)
    throw new UsageError(
      'the Pulumi CLI is neither on PATH nor in .local/bin: install it (pulumi.com/docs/install), or build it with "npm run engine:build".',
    );
  return found;
}

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}
export interface PulumiRun {
  readonly pulumi: string;
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  /** The person sees and may interrupt it; nothing is captured. */
  readonly inherit?: boolean;
}

/** PATH on which the CLI finds its language host beside itself, and the project's own Node. */
export const pathFor = (pulumi: string, root: string, path = '') =>
  [dirname(pulumi), join(root, 'node_modules', '.bin'), path].join(delimiter);

/** Runs the CLI to its end. An interrupt is the CLI's to handle: it ends what is under way and writes its state. */
export async function runPulumi({ pulumi, directory, environment, inherit = false }: PulumiRun, args: readonly string[]): Promise<Ended> {
  const child = spawn(pulumi, args, { cwd: directory, env: environment, stdio: inherit ? 'inherit' : ['ignore', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) child[name]?.setEncoding('utf8').on('data', (chunk: string) => (texts[name] += chunk));
  const pass = (signal: NodeJS.Signals) => () => child.kill(signal);
  const handlers = { SIGINT: () => undefined, SIGTERM: pass('SIGTERM'), SIGHUP: pass('SIGTERM') } as const;
  for (const [signal, handler] of Object.entries(handlers)) process.on(signal, handler);
  try {
    const status = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
    });
    return { status, ...texts };
  } finally {
    for (const [signal, handler] of Object.entries(handlers)) process.off(signal, handler);
  }
}
