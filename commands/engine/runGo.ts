import { spawn, spawnSync } from 'node:child_process';

/** Older ones cannot fetch the toolchain that a go.mod asks for, and do not know its lines. */
export function fetchesToolchains(version: string): boolean {
  const [, major, minor] = /^(?:devel )?go(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 21);
}

/** Version of the Go toolchain that a folder's go.mod gets; undefined without Go, or with one that is too old. */
export function goVersion(directory: string): string | undefined {
  const { status, stdout } = spawnSync('go', ['env', 'GOVERSION'], { cwd: directory, encoding: 'utf8', timeout: 300_000 });
  return status === 0 && fetchesToolchains(stdout) ? stdout.trim() : undefined;
}

const buildTimeoutMs = 45 * 60_000;
const tailLines = 20;

/** Runs `go` to its end; every line of its progress is reported. Rejects with the last lines when it fails. */
export async function runGo(directory: string, args: readonly string[], onLine: (line: string) => void): Promise<void> {
  const child = spawn('go', args, { cwd: directory, stdio: ['ignore', 'ignore', 'pipe'], timeout: buildTimeoutMs, killSignal: 'SIGTERM' });
  const stop = () => child.kill('SIGTERM');
  process.once('exit', stop);
  const tail: string[] = [];
  let rest = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      tail.push(line);
      if (tail.length > tailLines) tail.shift();
      onLine(line);
    }
  });
  const ended = await new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal === null ? `exit status ${String(code)}` : `signal ${signal}`));
  }).finally(() => process.off('exit', stop));
  if (ended !== 'exit status 0')
    throw new Error(`go ${args[0] ?? ''} in ${directory} ended with ${ended}:\n${[...tail, rest].join('\n').trimEnd()}`);
}
