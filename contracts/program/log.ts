export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type Fields = Readonly<Record<string, unknown>>;
export type Log = (level: LogLevel, message: string, fields?: Fields) => void;

/** One JSON object a line, as the platform's log collection expects it and the alerts read it. */
export const logLine = (program: string, level: LogLevel, fields: Fields & { readonly message: string }): string =>
  `${JSON.stringify({ time: new Date().toISOString(), level, program, ...fields })}\n`;

/** The log of a program: stdout. */
export const createLog =
  (program: string): Log =>
  (level, message, fields) =>
    void process.stdout.write(logLine(program, level, { message, ...fields }));

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
const withoutQuery = (url: unknown) => (typeof url === 'string' ? url.split('?')[0] : undefined);

/** What an error says about itself; for errors of the Azure clients also HTTP status, error code, request and target. Never a query string: it may hold a signature. */
export function describeError(error: unknown): Fields {
  const message = messageOf(error).slice(0, 4_000);
  const status = field(error, 'statusCode');
  if (typeof status !== 'number') return { error: message, errorCode: field(error, 'code') };
  const details = field(error, 'details');
  const request = field(error, 'request');
  return {
    error: message,
    status,
    errorCode: field(error, 'code') ?? field(details, 'errorCode') ?? field(details, 'code'),
    method: field(request, 'method'),
    target: withoutQuery(field(request, 'url')),
  };
}
