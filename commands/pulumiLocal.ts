import { join } from 'node:path';
import { UsageError } from '../command-line/usageError';
import { prepareBackend, pulumiEnvironment } from './up/localStack';
import { findPulumi, runPulumi } from './up/pulumiCli';
import { ensureRegion, runningRegion } from './up/runningRegion';
import { upDirectory } from './up/upDirectory';

const root = join(__dirname, '..');
const local = join(root, '.local');

/** Commands that ask the provider without the program, which is not in this project's folder; the others only read and write Pulumi's own state. */
const askTheRegion = new Set(['refresh', 'destroy', 'down', 'dn', 'import']);

/** `npm run pulumi:local -- <arguments>`: the CLI on the stacks of up:local, for whatever else it can do (stack output, refresh, cancel). */
async function pulumiLocal(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.length === 0) throw new UsageError('Usage: npm run pulumi:local -- <arguments of pulumi>, such as: stack output --stack local');
  const up = upDirectory(local);
  const pulumi = findPulumi(root, process.env);
  prepareBackend(up);
  let region = runningRegion(local);
  if (region === undefined && args.some((argument) => askTheRegion.has(argument))) {
    process.stderr.write('the region does not run: starting it; npm run down:local ends it with the last stack.\n');
    region = await ensureRegion(local, root);
  }
  return (
    await runPulumi(
      { pulumi, directory: up.project, environment: pulumiEnvironment(up, pulumi, root, region?.providers, process.env), inherit: true },
      args,
    )
  ).status;
}

pulumiLocal().then(
  (status) => (process.exitCode = status),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
