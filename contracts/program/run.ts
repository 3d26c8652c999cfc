import type { z } from 'zod';
import { readSettings, SettingsError, type SettingsSchema } from '../settings/settings';
import { withDeadline } from './deadline';
import { exitCodeAfter, exitCodes } from './exitCode';
import { createLog, describeError, logLine, messageOf, type Fields, type Log } from './log';

export interface Running {
  close(): Promise<void>;
}
type FailureFields = Fields & { readonly message: string };
const stopSeconds = 20;

/** Runs a program to its end; a failure is its last line, on stderr. Ends the process, because idle connections would hold it. */
function run<S extends SettingsSchema>(
  program: string,
  schema: S,
  work: (settings: z.output<S>, log: Log) => Promise<void>,
  failureFields: (error: unknown) => FailureFields,
): void {
  const fail = (error: unknown) =>
    process.stderr.write(logLine(program, 'error', failureFields(error)), () => process.exit(exitCodeAfter(error)));
  process.once('uncaughtException', fail);
  process.once('unhandledRejection', fail);
  Promise.resolve()
    .then(() => work(readSettings(program, schema, process.env), createLog(program)))
    .then(() => process.stdout.write('', () => process.exit(exitCodes.done)), fail);
}

/** A program of the pipelines. The alerts look for the message of its failure, so that stays the same and the error is beside it. */
export const runPipelineProgram = <S extends SettingsSchema>(
  program: string,
  schema: S,
  work: (settings: z.output<S>, log: Log) => Promise<void>,
): void =>
  run(program, schema, work, (error) => ({
    message: error instanceof SettingsError ? 'wrong settings' : 'failed',
    ...describeError(error),
  }));

/** A program of the site: runs until SIGTERM or SIGINT and has 20 seconds to stop. */
export const runSiteProgram = <S extends SettingsSchema>(
  program: string,
  schema: S,
  start: (settings: z.output<S>, log: Log) => Promise<Running>,
): void =>
  run(
    program,
    schema,
    async (settings, log) => {
      const signalled = new Promise<NodeJS.Signals>((resolve) => {
        for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
      });
      const running = await Promise.race([start(settings, log), signalled.then(() => undefined)]);
      log('info', 'stopping', { signal: await signalled });
      await withDeadline(Promise.resolve(running?.close()), stopSeconds * 1_000, `expected a clean stop within ${stopSeconds} s`);
    },
    (error) => ({ code: error instanceof Error ? error.name : 'Error', message: messageOf(error) }),
  );
