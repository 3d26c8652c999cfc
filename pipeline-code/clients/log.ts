import { SettingsError } from '../../contracts/settings/settings';

type Level = 'debug' | 'info' | 'warn' | 'error';
export interface Log {
  info(message: string, detail?: Readonly<Record<string, unknown>>): void;
  warn(message: string, detail?: Readonly<Record<string, unknown>>): void;
  error(message: string, detail?: Readonly<Record<string, unknown>>): void;
}

const line = (program: string, level: Level, message: string, detail: Readonly<Record<string, unknown>>) =>
  `${JSON.stringify({ time: new Date().toISOString(), level, program, message, ...detail })}\n`;

/** One JSON object a line on stdout. */
export function createLog(program: string): Log {
  const write =
    (level: Level) =>
    (message: string, detail: Readonly<Record<string, unknown>> = {}) =>
      void process.stdout.write(line(program, level, message, detail));
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
const withoutQuery = (url: unknown) => (typeof url === 'string' ? url.split('?')[0] : undefined);

/** What an error says about itself; for errors of the Azure clients also HTTP status, error code, request and target. Never a query string: it may hold a signature. */
export function describeError(error: unknown): Record<string, unknown> {
  const message = error instanceof Error ? error.message : String(error);
  const status = field(error, 'statusCode');
  if (typeof status !== 'number') return { error: message.slice(0, 4_000), errorCode: field(error, 'code') };
  const details = field(error, 'details');
  const code = field(error, 'code') ?? field(details, 'errorCode') ?? field(details, 'code');
  return {
    error: message.slice(0, 4_000),
    status,
    errorCode: code,
    method: field(field(error, 'request'), 'method'),
    target: withoutQuery(field(field(error, 'request'), 'url')),
  };
}

/** Runs a program to its end and sets its exit code: 0 done, 1 failed, 2 wrong settings. Ends the process, because idle connections would hold it. */
export function runProgram(program: string, run: (log: Log) => Promise<void>): void {
  const end = (code: number, level: Level, message: string, detail: Record<string, unknown>) =>
    process.stderr.write(line(program, level, message, detail), () => process.exit(code));
  const ended = (error: unknown) =>
    end(
      error instanceof SettingsError ? 2 : 1,
      'error',
      error instanceof SettingsError ? 'wrong settings' : 'failed',
      describeError(error),
    );
  process.once('uncaughtException', ended);
  process.once('unhandledRejection', ended);
  Promise.resolve()
    .then(() => run(createLog(program)))
    .then(() => process.stdout.write('', () => process.exit(0)), ended);
}
