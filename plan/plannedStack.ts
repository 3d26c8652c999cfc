import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { RecordedProgram } from './recordProgram';
import { UsageError } from '../command-line/usageError';
import type { RecordAnswer, RecordRequest } from './recordStack';
import type { StackFile } from './stackFile';

const root = join(__dirname, '..');
const limitMs = 600_000;
/** What a stack's configuration may be wrong in; anything else that ends the program is a fault of the program. */
const configurationErrors = ['ConfigurationError'];

/** Registrations of the stack's program, run in a process of its own. */
export async function plannedStack(stack: StackFile, options: { readonly preview: boolean }): Promise<RecordedProgram> {
  const child = fork(join(__dirname, 'recordStack.ts'), [], {
    cwd: root,
    execArgv: ['-r', 'ts-node/register'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'json',
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said = `${said}${text}`.slice(-4_000)));
  const late = setTimeout(() => child.kill('SIGKILL'), limitMs);
  try {
    const answer = await new Promise<RecordAnswer>((resolve, reject) => {
      child.once('message', (message) => resolve(message as RecordAnswer));
      child.once('error', reject);
      child.once('exit', (code, signal) =>
        reject(
          new Error(
            `the program of stack ${stack.stack} ended without a plan (${signal ?? `exit status ${code ?? 0}`})${said === '' ? '' : `: ${said.trim()}`}`,
          ),
        ),
      );
      child.send({ ...stack, preview: options.preview } satisfies RecordRequest);
    });
    if ('recorded' in answer) return answer.recorded;
    const { name, message } = answer.error;
    if (configurationErrors.includes(name))
      throw new UsageError(
        `Pulumi.${stack.stack}.yaml: ${message
          .split(/\n\s*/)
          .join('; ')
          .replace(/^the stack's configuration is wrong:; /, '')}`,
      );
    throw new Error(`stack ${stack.stack}: ${message}`);
  } finally {
    clearTimeout(late);
    if (child.exitCode === null) child.kill();
  }
}
