import { parseArgs } from 'node:util';
import { UsageError } from '../../command-line/usageError';

export interface FactoryOptions {
  readonly name?: string;
  readonly location?: string;
  readonly profile?: string;
  readonly dataset?: string;
  /** File with the site's public certificate. */
  readonly certificate?: string;
  readonly settings: readonly string[];
  /** Nothing is asked, even on a terminal. */
  readonly yes: boolean;
  /** The file goes to standard output instead. */
  readonly print: boolean;
}

export const factoryHelp = `Usage: npm run factory -- new <name> [options]

Writes Pulumi.<name>.yaml, the settings of a new factory. On a terminal it asks
for what is not given; elsewhere the defaults are taken.

  --location <region>    Azure region (default westeurope)
  --profile <profile>    dev (the default) or production
  --dataset <name>       name of the dataset (default line)
  --certificate <file>   public certificate (PEM) of the site's AI Model
                         Manager; without it the site is simulated
  --set <key>=<value>    any other setting, once per setting, such as
                         --set dataset.windowSeconds=20
  --yes                  ask nothing
  --print                show the file, write none
  --help                 this text

A file that is there already is never overwritten. Exit status: 0 written,
2 wrong usage or a value that the stack's configuration does not allow.
`;

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readFactoryOptions(args: readonly string[]): FactoryOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        location: { type: 'string' },
        profile: { type: 'string' },
        dataset: { type: 'string' },
        certificate: { type: 'string' },
        set: { type: 'string', multiple: true, default: [] },
        yes: { type: 'boolean', default: false },
        print: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm run factory -- --help".`);
  }
  const {
    values: { location, profile, dataset, certificate, set, yes, print, help },
    positionals: [verb, name, ...rest],
  } = parsed;
  if (help === true) return 'help';
  if (verb !== 'new' || rest.length > 0) throw new UsageError('expected "new <name>". See "npm run factory -- --help".');
  return {
    settings: set,
    yes,
    print,
    ...(name === undefined ? {} : { name }),
    ...(location === undefined ? {} : { location }),
    ...(profile === undefined ? {} : { profile }),
    ...(dataset === undefined ? {} : { dataset }),
    ...(certificate === undefined ? {} : { certificate }),
  };
}
