import { parseArgs } from 'node:util';
import { UsageError } from '../../command-line/usageError';

export const doctorHelp = `Usage: npm run doctor -- --stack <name> [--json]

Says what would stop "pulumi up" of the stack, each with its fix: settings, tools
on this machine, sign-in, resource providers, the deployer's roles and Entra
permissions, policies, quotas, names that are still soft-deleted. It changes
nothing. Without a connection it says what it could not check.

  --stack <name>   stack whose Pulumi.<name>.yaml is examined
  --json           the findings as a JSON array, alone on standard output
  --help           this text

Exit status: 0 everything was checked and nothing stands in the way, 1 something
does or could not be checked, 2 wrong usage, unknown stack or bad settings.
`;

/** Reads the command line. Throws UsageError with one line that says what is wrong. */
export function readDoctorOptions(args: readonly string[]): { stack: string; json: boolean } | 'help' {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      strict: true,
      allowPositionals: false,
      options: { stack: { type: 'string', short: 's' }, json: { type: 'boolean', default: false }, help: { type: 'boolean', short: 'h' } },
    }));
  } catch (error) {
    throw new UsageError(`${(error as Error).message.split('. ')[0] ?? ''}. See "npm run doctor -- --help".`);
  }
  if (values.help === true) return 'help';
  if (values.stack === undefined || values.stack === '') throw new UsageError('expected --stack <name>. See "npm run doctor -- --help".');
  return { stack: values.stack, json: values.json };
}
