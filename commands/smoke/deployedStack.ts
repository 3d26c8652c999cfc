import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { stackOutputs, type StackOutputs } from '../../contracts/stackOutputs';
import { UsageError } from '../startOptions';

const cliTimeoutMs = 120_000;
const maxOutputBytes = 16 * 1024 * 1024;

/** Where `npm run up:local` keeps what belongs to its stacks. */
const upFolder = (local: string) => join(local, 'up');
export const isLocalStack = (local: string, stack: string): boolean => existsSync(join(upFolder(local), 'pulumi', '.pulumi', 'stacks', 'factory-loop', `${stack}.json`));

/** A local stack has a backend and a passphrase of its own, and nothing of the person's; any other is what the person's CLI knows. */
function cliEnvironment(local: string, stack: string, root: string, own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const path = [own['PATH'] ?? '', join(root, '.local', 'bin')].join(delimiter);
  if (!isLocalStack(local, stack)) return { ...own, PATH: path, PULUMI_SKIP_UPDATE_CHECK: 'true' };
  const up = upFolder(local);
  return {
    ...Object.fromEntries(Object.entries(own).filter(([name]) => !name.startsWith('PULUMI_'))), PATH: path,
    PULUMI_HOME: join(up, 'home'), PULUMI_BACKEND_URL: `file://${join(up, 'pulumi')}`, PULUMI_CONFIG_PASSPHRASE_FILE: join(up, 'passphrase'), PULUMI_SKIP_UPDATE_CHECK: 'true',
  };
}

/** The outputs of a stack, as the Pulumi CLI tells them. Throws UsageError when there is no CLI, no such stack, or none of this program. */
export async function readStackOutputs(stack: string, local: string, root: string, environment: NodeJS.ProcessEnv): Promise<StackOutputs> {
  const stdout = await new Promise<string>((resolve, reject) => {
    execFile('pulumi', ['stack', 'output', '--json', '--stack', stack, '--non-interactive'], { cwd: root, env: cliEnvironment(local, stack, root, environment), timeout: cliTimeoutMs, maxBuffer: maxOutputBytes }, (error, out, err) => {
      if (error === null) resolve(out);
      else if (error.code === 'ENOENT') reject(new UsageError('the Pulumi CLI is neither on PATH nor in .local/bin: install it (pulumi.com/docs/install), or build it with "npm run engine:build".'));
      else reject(new UsageError(`--stack ${stack}: ${err.split('\n').find((line) => line.trim() !== '')?.replace(/^error: /, '').slice(0, 300) ?? error.message}`));
    });
  });
  const parsed = stackOutputs.safeParse(JSON.parse(stdout));
  if (!parsed.success) throw new UsageError(`--stack ${stack}: expected the outputs of this program, ${parsed.error.issues[0]?.path.join('.') ?? ''} is missing or wrong. Was the stack ever deployed?`);
  return parsed.data;
}

const operator = z.object({ AZURE_TENANT_ID: z.string(), AZURE_CLIENT_ID: z.string(), AZURE_CLIENT_CERTIFICATE_PATH: z.string(), AZURE_AUTHORITY_HOST: z.url(), NODE_EXTRA_CA_CERTS: z.string() });

/** What signs the operator of a local stack in; undefined for any other stack, where the Azure SDK finds the person's own sign-in. */
export function operatorEnvironment(local: string, stack: string): NodeJS.ProcessEnv | undefined {
  const file = join(upFolder(local), 'operator.json');
  if (!isLocalStack(local, stack) || !existsSync(file)) return undefined;
  return { ...operator.parse(JSON.parse(readFileSync(file, 'utf8'))), AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential' };
}
