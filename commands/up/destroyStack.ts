import { rmSync } from 'node:fs';
import type { Terminal } from '../../command-line/terminal';
import { UsageError } from '../../command-line/usageError';
import { prepareBackend, pulumiEnvironment, stacksOf } from './localStack';
import { findPulumi, runPulumi } from './pulumiCli';
import { endRegion, ensureRegion, runningRegion } from './runningRegion';
import { stackDirectory, upDirectory } from './upDirectory';

/** Destroys a stack and forgets it, and with the last one ends the region. */
export async function destroyStack(
  { stack, local }: { readonly stack: string; readonly local: string },
  root: string,
  { line }: Terminal,
): Promise<number> {
  const up = upDirectory(local);
  const pulumi = findPulumi(root, process.env);
  prepareBackend(up);
  const run = (providers: string | undefined) => ({
    pulumi,
    directory: up.project,
    environment: pulumiEnvironment(up, pulumi, root, providers, process.env),
  });
  const before = await stacksOf(run(undefined));
  const resources = before.get(stack);
  if (resources === undefined && (before.size > 0 || runningRegion(local) === undefined))
    throw new UsageError(
      `there is no stack ${stack} here${before.size === 0 ? '' : `, only ${[...before.keys()].join(', ')}`}. "npm run up:local" makes one.`,
    );
  if ((resources ?? 0) > 0) {
    const region = await ensureRegion(local, root);
    const { status } = await runPulumi({ ...run(region.providers), inherit: true }, [
      'destroy',
      '--yes',
      '--stack',
      stack,
      '--non-interactive',
    ]);
    if (status !== 0) return status;
  } else line(`stack ${stack} has no resources.`);
  if (resources !== undefined) {
    // A stack that stays known, empty, would be taken for the deployed one of its name.
    const { status, stderr } = await runPulumi(run(undefined), ['stack', 'rm', stack, '--yes', '--non-interactive']);
    if (status !== 0) throw new Error(`pulumi stack rm ${stack} failed: ${stderr.trim()}`);
    rmSync(stackDirectory(up, stack), { recursive: true, force: true });
  }
  const left = [...(await stacksOf(run(undefined)))].filter(([, count]) => count > 0).map(([name]) => name);
  if (left.length > 0) line(`\nThe region runs on for ${left.join(', ')}.`);
  else if (await endRegion(local)) line('\nThe region has ended.');
  return 0;
}
