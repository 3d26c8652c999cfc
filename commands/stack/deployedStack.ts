import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { stackOutputs, type StackOutputs } from '../../contracts/stackOutputs';
import { project } from '../../loop/localConfiguration';
import { UsageError } from '../../command-line/usageError';
import { pulumiEnvironment } from '../up/localStack';
import { findPulumi, pathFor, runPulumi } from '../up/pulumiCli';
import { upDirectory } from '../up/upDirectory';

/** A stack that `npm run up:local` made; any other is what the person's own CLI knows. */
const isLocalStack = (local: string, stack: string): boolean =>
  existsSync(join(upDirectory(local).backend, '.pulumi', 'stacks', project, `${stack}.json`));

/** The outputs of a stack. Throws UsageError when there is no CLI, no such stack, or none of this program. */
export const readStackOutputs = (stack: string, local: string, root: string, own: NodeJS.ProcessEnv): Promise<StackOutputs> =>
  readOutputsOf(stackOutputs, stack, local, root, own);

/** The outputs of a stack that a schema names, as the Pulumi CLI tells them. */
export async function readOutputsOf<S extends z.ZodType>(
  schema: S,
  stack: string,
  local: string,
  root: string,
  own: NodeJS.ProcessEnv,
): Promise<z.output<S>> {
  const pulumi = findPulumi(root, own);
  const environment = isLocalStack(local, stack)
    ? pulumiEnvironment(upDirectory(local), pulumi, root, undefined, own)
    : { ...own, PATH: pathFor(pulumi, root, own['PATH']), PULUMI_SKIP_UPDATE_CHECK: 'true' };
  const { status, stdout, stderr } = await runPulumi({ pulumi, directory: root, environment }, [
    'stack',
    'output',
    '--json',
    '--stack',
    stack,
    '--non-interactive',
  ]);
  if (status !== 0)
    throw new UsageError(
      `--stack ${stack}: ${
        stderr
          .split('\n')
          .find((line) => line.trim() !== '')
          ?.replace(/^error: /, '')
          .slice(0, 300) ?? `the Pulumi CLI ended with ${status}`
      }`,
    );
  const parsed = schema.safeParse(JSON.parse(stdout));
  if (!parsed.success)
    throw new UsageError(
      `--stack ${stack}: expected the outputs of this program, ${parsed.error.issues[0]?.path.join('.') ?? ''} is missing or wrong. Was the stack ever deployed?`,
    );
  return parsed.data;
}

const operator = z.object({
  AZURE_TENANT_ID: z.string(),
  AZURE_CLIENT_ID: z.string(),
  AZURE_CLIENT_CERTIFICATE_PATH: z.string(),
  AZURE_AUTHORITY_HOST: z.url(),
  NODE_EXTRA_CA_CERTS: z.string(),
});

/** What else the SDK would read: a person's own secret would be tried before the operator's certificate. */
const otherSignIn = [
  'AZURE_CLIENT_SECRET',
  'AZURE_CLIENT_CERTIFICATE_PASSWORD',
  'AZURE_CLIENT_SEND_CERTIFICATE_CHAIN',
  'AZURE_USERNAME',
  'AZURE_PASSWORD',
  'AZURE_FEDERATED_TOKEN_FILE',
  'AZURE_ADDITIONALLY_ALLOWED_TENANTS',
  'AZURE_REGIONAL_AUTHORITY_NAME',
];

/** What signs the operator of a local stack in; a variable without value is to be taken away. Undefined for any other stack, where the Azure SDK finds the person's own sign-in. */
export function operatorEnvironment(local: string, stack: string): NodeJS.ProcessEnv | undefined {
  const { operatorFile } = upDirectory(local);
  if (!isLocalStack(local, stack) || !existsSync(operatorFile)) return undefined;
  return {
    ...Object.fromEntries(otherSignIn.map((name) => [name, undefined])),
    ...operator.parse(JSON.parse(readFileSync(operatorFile, 'utf8'))),
    AZURE_TOKEN_CREDENTIALS: 'EnvironmentCredential',
  };
}
