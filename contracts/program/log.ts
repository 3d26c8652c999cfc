export type Level = 'debug' | 'info' | 'warn' | 'error';
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line on stdout, as the platform's log collection expects it. */
export const createLog =
  (program: string): Log =>
  (level, message, fields = {}) => {
    process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, program, message, ...fields })}\n`);
  };

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
