import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isSmokeDataset } from '../../contracts/datasets';
import { returnSteps } from '../../loop/returnSteps';
import { steps } from '../../loop/steps';
import { localFolder } from '../start/startOptions';
import { UsageError } from '../../command-line/usageError';

export interface SmokeOptions {
  readonly stack: string;
  /** Folder below which `npm run up:local` keeps its stacks. */
  readonly local: string;
  readonly timeoutSeconds: number;
  /** Last step to look for. */
  readonly until: string;
  /** The raw file to drop instead of one that the command makes. */
  readonly raw?: string;
  /** Lets the delivery of the test go where people approve releases. */
  readonly approve: boolean;
  readonly keepEvidence: boolean;
  /** Data set of an earlier test: takes away what it left, and nothing else. */
  readonly cleanUp?: string;
  readonly json: boolean;
}

const ids = [...steps, ...returnSteps].map(({ id }) => id);

export const smokeHelp = `Usage: npm run smoke -- --stack <name> [options]

Drops a small raw file into a deployed stack and follows it round the loop, from
step 1a to 13c, as a data set of its own beside the factory's. Then takes away
again what can be taken away. What it touches, the roles that it needs and what
it leaves: docs/smoke.md.

  --stack <name>          which stack; its outputs are read with the Pulumi CLI
  --timeout <seconds>     how long all of it may take, 10 to 86400 (default 2700)
  --until <step>          stop after this step, such as 7 (default 13c)
  --raw <file>            drop this CSV file; without it a piece of the factory's
                          own raw data, or simulated data where there are none
  --approve               let the delivery of the test go, where people approve
                          releases and you are one of them
  --keep-evidence         take away only the raw file
  --clean-up <data set>   only take away what an earlier test left, smoke-<id>
  --local <folder>        folder of local stacks (default .local)
  --json                  only the report, as JSON, on standard output
  --help                  this text

Exit status: 0 all steps were seen, 1 a step is missing or failed, 2 wrong usage,
130 interrupted.
`;

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readSmokeOptions(args: readonly string[], workingDirectory: string, root: string): SmokeOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        stack: { type: 'string' },
        timeout: { type: 'string', default: '2700' },
        until: { type: 'string', default: '13c' },
        raw: { type: 'string' },
        approve: { type: 'boolean' },
        'keep-evidence': { type: 'boolean' },
        'clean-up': { type: 'string' },
        local: { type: 'string', default: '.local' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split(/\n|\. /)[0] ?? ''}. See "npm run smoke -- --help".`);
  }
  if (values.help === true) return 'help';
  const { stack, until, 'clean-up': cleanUp } = values;
  // The name goes to the CLI as an argument; it must not be taken for an option.
  if (stack === undefined || !/^[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}$/.test(stack))
    throw new UsageError(`--stack ${stack ?? ''}: expected the name of a stack, as in "npm run smoke -- --stack dev".`);
  const timeoutSeconds = /^\d{1,5}$/.test(values.timeout) ? Number(values.timeout) : 0;
  if (timeoutSeconds < 10 || timeoutSeconds > 86_400)
    throw new UsageError(`--timeout ${values.timeout}: expected whole seconds from 10 to 86400.`);
  if (!ids.includes(until)) throw new UsageError(`--until ${until}: expected one of ${ids.join(' ')}.`);
  if (cleanUp !== undefined && !isSmokeDataset(cleanUp))
    throw new UsageError(`--clean-up ${cleanUp}: expected the data set of a smoke test, smoke-<id>.`);
  if (cleanUp !== undefined && (values.raw !== undefined || values['keep-evidence'] === true || values.approve === true))
    throw new UsageError('--clean-up: goes with neither --raw, --keep-evidence nor --approve.');
  const raw = values.raw === undefined ? undefined : resolve(workingDirectory, values.raw);
  if (raw !== undefined && !existsSync(raw)) throw new UsageError(`--raw ${values.raw ?? ''}: no such file.`);
  return {
    stack,
    local: localFolder(values.local, root),
    timeoutSeconds,
    until,
    keepEvidence: values['keep-evidence'] === true,
    approve: values.approve === true,
    json: values.json === true,
    ...(raw === undefined ? {} : { raw }),
    ...(cleanUp === undefined ? {} : { cleanUp }),
  };
}
