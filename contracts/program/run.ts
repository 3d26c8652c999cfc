import type { z } from 'zod';
import { readSettings, SettingsError, type SettingsSchema } from '../settings/settings';
import { createLog, messageOf, type Log } from './log';

export interface Running {
  close(): Promise<void>;
}
const stopSeconds = 20;

/** Runs a program of the site until SIGTERM or SIGINT: exit 0 after a clean stop, 1 after a failure, 2 with wrong settings. */
export async function runProgram<S extends SettingsSchema>(
  name: string,
  schema: S,
  start: (settings: z.output<S>, log: Log) => Promise<Running>,
): Promise<void> {
  const log = createLog(name);
  const fail = (error: unknown, exitCode = 1): void => {
    process.stderr.write(
      `${JSON.stringify({ time: new Date().toISOString(), level: 'error', program: name, code: error instanceof Error ? error.name : 'Error', message: messageOf(error) })}\n`,
    );
    process.exit(exitCode);
  };
  let settings: z.output<S>;
  try {
    settings = readSettings(name, schema, process.env);
  } catch (error) {
    return fail(error, error instanceof SettingsError ? 2 : 1);
  }
  try {
    const signalled = new Promise<NodeJS.Signals>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
    });
    const running = await Promise.race([start(settings, log), signalled.then(() => undefined)]);
    log('info', 'stopping', { signal: await signalled });
    setTimeout(() => fail(new Error(`expected a clean stop within ${stopSeconds} s`)), stopSeconds * 1000).unref();
    await running?.close();
    process.exit(0);
  } catch (error) {
    fail(error);
  }
}
