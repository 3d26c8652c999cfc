import { existsSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { faultKinds, type Fault } from '../../contracts/databus';
import { UsageError } from '../../command-line/usageError';

export interface StartOptions {
  /** CSV file or folder; undefined: a simulated machine delivers the raw data. */
  readonly raw?: string;
  readonly timeColumn?: string;
  readonly labelColumns?: string;
  readonly ignoredColumns?: string;
  /** Folder for everything a run leaves: the region's state, the report. Below the project, where programs find their native packages. */
  readonly local: string;
  readonly rounds: number;
  /** The line's own machine has this fault from the first round on. */
  readonly fault?: Fault;
  /** Name of the stack whose file is the configuration; without it the product's defaults. */
  readonly stack?: string;
  /** The region goes on where the last one in the folder was. */
  readonly continues: boolean;
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
  --stack <name>        take sizes, limits and names from Pulumi.<name>.yaml;
                        what only Azure has is left out, the site is simulated
                        and releases need no approval
  --rounds <n>          how often the loop goes round, 1 to 50 (default 1): what
                        the line sends back in one round starts the next
  --fault <kind>        step, drift, stuck or noise: the line's own machine has
                        this fault from the first round on, for good, and
                        healthy machines of its type deliver new raw data; the
                        loop must not learn the fault
  --continue            go on in the region that the last run left, instead of
                        starting an empty one
  --keep                leave the region running afterwards; Ctrl-C ends it
  --local <folder>      folder for the region's state and the report: .local
                        (the default) or one below it
  --quiet               only the closing table
  --json                only the report, as JSON, on standard output
  --help                this text

The report is written to report.json and report.html in that folder; "npm run
report" opens it, "npm run reset" clears the folder. Exit status: 0 all steps
are done, 1 a step is missing or failed, 2 wrong usage, 130 interrupted.
`;

/** The folder of a run. Throws UsageError when it is not inside the project. */
export function localFolder(given: string, root: string): string {
  const local = resolve(root, given);
  // Everything in it is thrown away, so it is never a folder with anything else in it.
  const ours = join(root, '.local');
  if (local !== ours && !local.startsWith(`${ours}${sep}`)) throw new UsageError(`--local ${given}: expected .local or a folder below it.`);
  return local;
}

/** Reads the command line of a command that takes nothing but --help. Throws UsageError. */
export function readHelpOption(args: readonly string[], command: string): 'help' | undefined {
  const [first] = args;
  if (first === undefined) return undefined;
  if (first === '--help' || first === '-h') return 'help';
  throw new UsageError(`unexpected "${first}". Usage: npm run ${command}`);
}

/** Reads the command line of a command that only takes the folder of a run. */
export function readLocalOption(args: readonly string[], command: string, root: string): string | 'help' {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: { local: { type: 'string', default: '.local' }, help: { type: 'boolean', short: 'h' } },
    });
    return values.help === true ? 'help' : localFolder(values.local, root);
  } catch (error) {
    throw error instanceof UsageError
      ? error
      : new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. Usage: npm run ${command} -- [--local <folder>]`);
  }
}

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readStartOptions(args: readonly string[], workingDirectory: string, root: string): StartOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        raw: { type: 'string' },
        time: { type: 'string' },
        label: { type: 'string' },
        ignore: { type: 'string' },
        rounds: { type: 'string', default: '1' },
        fault: { type: 'string' },
        stack: { type: 'string' },
        continue: { type: 'boolean' },
        local: { type: 'string', default: '.local' },
        keep: { type: 'boolean' },
        quiet: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm start -- --help".`);
  }
  if (values.help === true) return 'help';
  const raw = values.raw === undefined ? undefined : resolve(workingDirectory, values.raw);
  if (raw !== undefined && !existsSync(raw)) throw new UsageError(`--raw ${values.raw ?? ''}: no such file or folder.`);
  const rounds = /^\d{1,2}$/.test(values.rounds) ? Number(values.rounds) : 0;
  if (rounds < 1 || rounds > 50) throw new UsageError(`--rounds ${values.rounds}: expected a whole number from 1 to 50.`);
  const fault = faultKinds.find((kind): kind is Fault => kind === values.fault && kind !== 'none');
  if (values.fault !== undefined && fault === undefined)
    throw new UsageError(`--fault ${values.fault}: expected step, drift, stuck or noise.`);
  if (fault !== undefined && raw !== undefined)
    throw new UsageError('--fault: the fault is of the simulated machine, so it cannot go with --raw.');
  return {
    ...(fault === undefined ? {} : { fault }),
    local: localFolder(values.local, root),
    rounds,
    continues: values.continue === true,
    ...(values.stack === undefined ? {} : { stack: values.stack }),
    ...(raw === undefined ? {} : { raw }),
    ...(values.time === undefined ? {} : { timeColumn: values.time }),
    ...(values.label === undefined ? {} : { labelColumns: values.label }),
    ...(values.ignore === undefined ? {} : { ignoredColumns: values.ignore }),
    keep: values.keep === true,
    quiet: values.quiet === true,
    json: values.json === true,
  };
}
