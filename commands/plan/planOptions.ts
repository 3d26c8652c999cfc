import { parseArgs } from 'node:util';
import { UsageError } from '../../command-line/usageError';

export interface PlanOptions {
  readonly stack: string;
  readonly shows: 'tree' | 'roles' | 'cost' | 'diff';
  /** The stack to compare with. */
  readonly other?: string;
  /** Shows the plan as a preview has it: what only a deployment can tell is unknown. */
  readonly preview: boolean;
  readonly refreshPrices: boolean;
  readonly json: boolean;
}

export const planHelp = `Usage: npm run plan -- --stack <name> [options]

Shows what a stack holds, allows and costs before anything is created: no
sign-in, no Pulumi CLI, no network. Names end in a fixed "xxxxxx" where the
deployment will put random letters.

  --stack <name>        the stack of Pulumi.<name>.yaml
  --roles               who may do what, where and why, one line for each role
                        assignment
  --cost                monthly estimate by resource, with its assumptions
  --refresh-prices      with --cost: the prices of the stack's region from
                        Azure's public price list, where there is Internet
  --diff <stack>        what another stack has otherwise
  --preview             the plan as "pulumi preview" sees it: values that only a
                        deployment can tell are "[unknown]"
  --json                JSON and nothing else on standard output; without other
                        options an array with an element for each resource
  --help                this text

Encrypted values of the configuration show as "[secret]". Exit status: 0 done,
1 the program failed, 2 wrong usage, unknown stack or wrong configuration.
`;

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readPlanOptions(args: readonly string[], stacks: readonly string[]): PlanOptions | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: {
        stack: { type: 'string', short: 's' },
        roles: { type: 'boolean' },
        cost: { type: 'boolean' },
        'refresh-prices': { type: 'boolean' },
        diff: { type: 'string' },
        preview: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm run plan -- --help".`);
  }
  if (values.help === true) return 'help';
  const { stack, diff } = values;
  if (stack === undefined) throw new UsageError(`expected --stack <name>, one of ${stacks.join(', ')}. See "npm run plan -- --help".`);
  const views = [
    ['--roles', values.roles === true],
    ['--cost', values.cost === true],
    ['--diff', diff !== undefined],
  ] as const;
  const chosen = views.filter(([, given]) => given).map(([name]) => name);
  if (chosen.length > 1) throw new UsageError(`${chosen.join(' and ')}: expected one of them at a time.`);
  if (values.preview === true && chosen.length > 0)
    throw new UsageError(
      `--preview with ${chosen[0] ?? ''}: expected it alone or with --json; roles, cost and differences need known values.`,
    );
  if (values['refresh-prices'] === true && values.cost !== true) throw new UsageError('--refresh-prices: expected it with --cost.');
  return {
    stack,
    shows: values.roles === true ? 'roles' : values.cost === true ? 'cost' : diff === undefined ? 'tree' : 'diff',
    ...(diff === undefined ? {} : { other: diff }),
    preview: values.preview === true,
    refreshPrices: values['refresh-prices'] === true,
    json: values.json === true,
  };
}
