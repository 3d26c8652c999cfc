import { parseArgs } from 'node:util';
import { localFolder } from '../start/startOptions';
import { UsageError } from '../../command-line/usageError';

export interface UpOptions {
  readonly stack: string;
  readonly local: string;
  readonly preview: boolean;
}
export interface DownOptions {
  readonly stack: string;
  readonly local: string;
}

const upHelp = `Usage: npm run up:local -- [options]

Deploys the stack with the real Pulumi engine into a local Azure region. The
region runs in a process of its own until npm run down:local.

  --stack <name>     which stack (default local): 2 to 20 lower case letters,
                     digits and single dashes; several live in one region
  --preview          only show what would be done
  --local <folder>   folder for all state: .local (the default) or one below it
  --help             this text

The Pulumi CLI is taken from PATH, else from .local/bin, where npm run
engine:build puts it. Exit status: 0 done, 1 failed, 2 wrong usage.
`;
const downHelp = `Usage: npm run down:local -- [options]

Destroys a stack that npm run up:local deployed. With the last one the region
ends.

  --stack <name>     which stack (default local)
  --local <folder>   folder for all state: .local (the default) or one below it
  --help             this text
`;

function readOptions(args: readonly string[], root: string, script: 'up:local' | 'down:local'): UpOptions | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        stack: { type: 'string', default: 'local' },
        local: { type: 'string', default: '.local' },
        help: { type: 'boolean', short: 'h' },
        ...(script === 'up:local' ? { preview: { type: 'boolean' as const } } : {}),
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm run ${script} -- --help".`);
  }
  if (values.help === true) return undefined;
  const { stack } = values;
  // The stack's name is the factory's too, and names of resources are made of it.
  if (!/^(?=.{2,20}$)[a-z](?!.*--)[a-z0-9-]*[a-z0-9]$/.test(stack))
    throw new UsageError(`--stack ${stack}: expected 2 to 20 lower case letters, digits and single dashes, a letter first.`);
  return { stack, local: localFolder(values.local, root), preview: values.preview === true };
}

/** Read a command line; a text is the help that was asked for. Throw UsageError with one line. */
export const readUpOptions = (args: readonly string[], root: string): UpOptions | string => readOptions(args, root, 'up:local') ?? upHelp;
export const readDownOptions = (args: readonly string[], root: string): DownOptions | string =>
  readOptions(args, root, 'down:local') ?? downHelp;
