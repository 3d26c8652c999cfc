import { join } from 'node:path';
import { UsageError } from './startOptions';
import { prepareBackend, pulumiEnvironment } from './up/localStack';
import { findPulumi, runPulumi } from './up/pulumiCli';
import { runningRegion } from './up/runningRegion';
import { upDirectory } from './up/upDirectory';

const root = join(__dirname, '..');
const local = join(root, '.local');

/** `npm run pulumi:local -- <arguments>`: the CLI on the stacks of up:local, for whatever else it can do (stack output, refresh, cancel). */
async function pulumiLocal(): Promise<number> {
  const args = process.argv.slice(2);
  if (args.length === 0) throw new UsageError('Usage: npm run pulumi:local -- <arguments of pulumi>, such as: stack output --stack local');
  const up = upDirectory(local);
  const pulumi = findPulumi(root, process.env);
  prepareBackend(up);
  return (await runPulumi({ pulumi, directory: up.project, environment: pulumiEnvironment(up, pulumi, root, runningRegion(local)?.providers, process.env), inherit: true }, args)).status;
}

pulumiLocal().then(
  (status) => (process.exitCode = status),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
