import type { Command } from './command';
import { endOnSignals, Interrupted, interruptedStatus, isAwaited } from './interruption';
import { helpText, readCommandLine } from './readCommandLine';
import { createTerminal } from './terminal';
import { UsageError } from './usageError';

/** What went wrong, as a person can use it: a fault of the program itself with where it happened. A request that failed is a TypeError with a cause. */
function failureText(error: Error, explained: string | undefined): string {
  const isFault = ['TypeError', 'ReferenceError', 'RangeError'].includes(error.name) && error.cause === undefined;
  return explained ?? (isFault ? (error.stack ?? error.message) : error.message.split('\n').join('\n  '));
}
const statusOf = (error: Error) => (error instanceof UsageError ? 2 : error instanceof Interrupted ? interruptedStatus : 1);

/** A reader that has seen enough closes the pipe: the command ends at once, or in its own order where it awaits signals. */
function endWithReader(): void {
  let closed = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (closed) return;
    closed = true;
    if (error.code !== 'EPIPE') process.exit(1);
    if (!isAwaited('SIGHUP')) process.exit(0);
    process.emit('SIGHUP', 'SIGHUP');
  });
}

async function answer<R>(command: Command<R>, args: readonly string[]): Promise<number> {
  try {
    const options = readCommandLine(command, args);
    if (options === 'help') {
      process.stdout.write(helpText(command));
      return 0;
    }
    const asked = (name: string) => typeof options === 'object' && (options as Record<string, unknown> | null)?.[name] === true;
    const terminal = createTerminal(asked('json') ? process.stderr : process.stdout, {
      quiet: asked('json') || asked('quiet'),
      environment: process.env,
    });
    return (await command.run(options as R, { terminal })) ?? 0;
  } catch (error) {
    process.stderr.write(`${failureText(error as Error, command.explain?.(error as Error))}\n`);
    return statusOf(error as Error);
  }
}

const written = (stream: NodeJS.WriteStream) => new Promise<void>((resolve) => stream.write('', () => resolve()));

/** Runs a command to its end and ends the process: help and results on standard output, what is wrong on standard error. */
export async function runCommand<R>(command: Command<R>, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  endOnSignals();
  endWithReader();
  const status = await answer(command, args);
  await Promise.all([written(process.stdout), written(process.stderr)]);
  process.exit(status);
}

/** Runs the command of a file that Node was started with; whoever only asks for the command gets it. */
export function runScript<R>(module: NodeJS.Module, command: Command<R>): void {
  if (require.main === module) void runCommand(command);
}
