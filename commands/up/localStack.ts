import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { project } from '../../loop/localConfiguration';
import { pathFor, runPulumi, type PulumiRun } from './pulumiCli';
import { stackFile, type UpDirectory } from './upDirectory';

/** The environment in which the CLI uses the folder's backend and the region's provider, and nothing of the person's own. */
export function pulumiEnvironment(
  up: UpDirectory,
  pulumi: string,
  root: string,
  providers: string | undefined,
  own: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  const others = Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('PULUMI_')));
  return {
    // Without side files: one that a killed CLI left half written would make the whole state unreadable.
    ...others,
    PATH: pathFor(pulumi, root, own['PATH']),
    PULUMI_HOME: up.pulumiHome,
    PULUMI_BACKEND_URL: `file://${up.backend}?metadata=skip`,
    PULUMI_CONFIG_PASSPHRASE_FILE: up.passphraseFile,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    PULUMI_NODEJS_TRANSPILE_ONLY: 'true',
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    ...(providers === undefined ? {} : { PULUMI_DEBUG_PROVIDERS: providers }),
  };
}

/** Passphrase, backend and project of the folder; what is there stays. */
export function prepareBackend(up: UpDirectory): void {
  for (const folder of [up.backend, up.project, up.pulumiHome]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(up.passphraseFile)) writeFileSync(up.passphraseFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  writeFileSync(join(up.project, 'Pulumi.yaml'), stringify({ name: project, runtime: 'nodejs' }));
}

const stackList = z.array(z.object({ name: z.string(), resourceCount: z.int().optional() }));
/** Stacks of the folder and how many resources each has. */
export async function stacksOf(run: PulumiRun): Promise<ReadonlyMap<string, number>> {
  const { status, stdout, stderr } = await runPulumi(run, ['stack', 'ls', '--json', '--non-interactive']);
  if (status !== 0) throw new Error(`pulumi stack ls failed: ${stderr.trim()}`);
  return new Map(stackList.parse(JSON.parse(stdout)).map(({ name, resourceCount }) => [name, resourceCount ?? 0]));
}

const stackSettings = z.looseObject({ config: z.record(z.string(), z.unknown()).optional() });
/** Makes the stack if there is none, and writes its configuration beside the salt that the CLI keeps there. */
export async function prepareStack(
  run: PulumiRun,
  up: UpDirectory,
  stack: string,
  configuration: Readonly<Record<string, string>>,
): Promise<void> {
  if (!(await stacksOf(run)).has(stack)) {
    const { status, stderr } = await runPulumi(run, ['stack', 'init', stack, '--non-interactive']);
    if (status !== 0) throw new Error(`pulumi stack init ${stack} failed: ${stderr.trim()}`);
  }
  const file = stackFile(up, stack);
  const before = existsSync(file) ? stackSettings.parse(parse(readFileSync(file, 'utf8')) ?? {}) : {};
  writeFileSync(file, stringify({ ...before, config: configuration }), { mode: 0o600 });
}
