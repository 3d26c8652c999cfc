import { join } from 'node:path';
import { prepareBackend, pulumiEnvironment } from './localStack';
import { findPulumi, runPulumi } from './pulumiCli';
import { ensureRegion, runningRegion } from './runningRegion';
import { upDirectory } from './upDirectory';

/** Commands that ask the provider without the program, which is not in this project's folder; the others only read and write Pulumi's own state. */
const askTheRegion = new Set(['refresh', 'destroy', 'down', 'dn', 'import']);

/** The CLI on the stacks of up:local, for whatever else it can do (stack output, refresh, cancel). */
export async function runOnLocalStacks(args: readonly string[], root: string): Promise<number> {
  const local = join(root, '.local');
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
