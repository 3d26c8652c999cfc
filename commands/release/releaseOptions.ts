import { parseArgs } from 'node:util';
import { localFolder } from '../start/startOptions';
import { UsageError } from '../../command-line/usageError';

export const releaseHelp = `Usage: npm run release -- <list|approve|reject> [<delivery>] --stack <name>

Where a stack asks for it (release: approved, the default of production), a
validated package waits until a person lets it go to the factory.

  list                  what waits: package, model, figures of the gate
  approve <delivery>    the package goes to the factory
  reject <delivery>     it does not, and its model is marked as rejected

  <delivery>            the id, or the first 8 characters of it or more
  --stack <name>        which stack; its outputs are read with the Pulumi CLI
  --reason <text>       why; kept with the delivery (needed to reject)
  --all                 with list: every delivery, not only those that wait
  --local <folder>      folder of local stacks (default .local)
  --json                the records as JSON, on standard output
  --help                this text

Exit status: 0 done, 1 the delivery cannot be decided (there is none, or it has
been), 2 wrong usage.
`;

export interface ReleaseOptions {
  readonly action: 'list' | 'approve' | 'reject';
  readonly delivery?: string;
  readonly stack: string;
  readonly reason?: string;
  readonly all: boolean;
  readonly local: string;
  readonly json: boolean;
}
const actions: readonly string[] = ['list', 'approve', 'reject'];
const maximumReason = 1_000;

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readReleaseOptions(args: readonly string[], root: string): ReleaseOptions | 'help' {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: true,
      options: {
        stack: { type: 'string' },
        reason: { type: 'string' },
        all: { type: 'boolean' },
        local: { type: 'string', default: '.local' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\n|\. /)[0] ?? ''}. See "npm run release -- --help".`);
  }
  const {
    values,
    positionals: [action, delivery, more],
  } = parsed;
  if (values.help === true) return 'help';
  const { stack, reason, all = false, json = false } = values;
  if (action === undefined || !actions.includes(action))
    throw new UsageError(`expected list, approve or reject, got ${action ?? 'nothing'}. See "npm run release -- --help".`);
  if (more !== undefined || (action === 'list' && delivery !== undefined))
    throw new UsageError(`unexpected "${more ?? delivery ?? ''}". See "npm run release -- --help".`);
  // The name goes to the CLI as an argument; it must not be taken for an option.
  if (stack === undefined || !/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(stack))
    throw new UsageError(`--stack ${stack ?? ''}: expected the name of a stack, as in "npm run release -- list --stack dev".`);
  if (action !== 'list' && delivery === undefined)
    throw new UsageError(`${action}: expected the id of a delivery; "npm run release -- list --stack ${stack}" shows those that wait.`);
  if (action === 'reject' && (reason ?? '').trim() === '')
    throw new UsageError('reject: expected --reason <text>: whoever trains the next model wants to know.');
  if (action === 'list' && reason !== undefined) throw new UsageError('--reason: goes with approve or reject.');
  if (action !== 'list' && all) throw new UsageError('--all: goes with list.');
  if ((reason ?? '').length > maximumReason)
    throw new UsageError(`--reason: expected at most ${maximumReason} characters, got ${(reason ?? '').length}.`);
  return {
    action: action as ReleaseOptions['action'],
    stack,
    all,
    json,
    local: localFolder(values.local, root),
    ...(delivery === undefined ? {} : { delivery }),
    ...(reason === undefined ? {} : { reason }),
  };
}
