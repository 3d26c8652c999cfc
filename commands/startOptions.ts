import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';

export interface StartOptions {
  /** CSV file or folder; undefined: a simulated machine delivers the raw data. */
  readonly raw?: string;
  readonly timeColumn?: string;
  readonly labelColumns?: string;
  readonly ignoredColumns?: string;
  /** Folder for everything a run leaves: the region's state, the report. Below the project, where programs find their native packages. */
  readonly local: string;
  readonly keep: boolean;
  readonly quiet: boolean;
  readonly json: boolean;
}

export const startHelp = `Usage: npm start -- [options]

Closes the loop on this machine: deploys the stack into a local Azure region,
turns raw data into a model, a Siemens edge package and a running deployment.

  --raw <file|folder>   CSV files to learn from; without it a simulated machine
                        delivers them
  --time <column>       time column              (detected when not given)
  --label <columns>     label columns, a,b       (detected when not given);
                        they judge the model, they never train it
  --ignore <columns>    columns to leave out, a,b
  --keep                leave the region running afterwards; Ctrl-C ends it
  --local <folder>      folder for the region's state and the report: .local
                        (the default) or one below it
  --quiet               only the closing table
  --json                only the report, as JSON, on standard output
  --help                this text

The report is written to report.json in that folder. Exit status: 0 all steps
are done, 1 a step is missing or failed, 2 wrong usage.
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readStartOptions(args: readonly string[], workingDirectory: string, root: string): StartOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args], strict: true, allowPositionals: false,
      options: { raw: { type: 'string' }, time: { type: 'string' }, label: { type: 'string' }, ignore: { type: 'string' }, local: { type: 'string', default: '.local' }, keep: { type: 'boolean' }, quiet: { type: 'boolean' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm start -- --help".`);
  }
  if (values.help === true) return 'help';
  const raw = values.raw === undefined ? undefined : resolve(workingDirectory, values.raw);
  if (raw !== undefined && !existsSync(raw)) throw new UsageError(`--raw ${values.raw ?? ''}: no such file or folder.`);
  const local = resolve(root, values.local);
  // Everything in it is thrown away, so it is never a folder with anything else in it.
  const ours = join(root, '.local');
  if (local !== ours && !local.startsWith(`${ours}${sep}`)) throw new UsageError(`--local ${values.local}: expected .local or a folder below it.`);
  return {
    local,
    ...(raw === undefined ? {} : { raw }), ...(values.time === undefined ? {} : { timeColumn: values.time }), ...(values.label === undefined ? {} : { labelColumns: values.label }),
    ...(values.ignore === undefined ? {} : { ignoredColumns: values.ignore }), keep: values.keep === true, quiet: values.quiet === true, json: values.json === true,
  };
}
