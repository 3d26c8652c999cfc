import type { TokenCredential } from '@azure/identity';
import { exitCodeAfter } from '../contracts/program/exitCode';
import { deployerCredential } from './deployerCredential';
import { statusOf } from './transientFailure';

/** What a program does with its settings, as whoever deploys; it resolves to the program's answer. */
export type DeployWork<Answer = object> = (environment: NodeJS.ProcessEnv, credential: TokenCredential) => Promise<Answer>;

/** The one of a program's actions that its first argument names. */
export function requestedAction(actions: Readonly<Record<string, DeployWork>>, argument: string | undefined): DeployWork {
  const action = argument !== undefined && Object.hasOwn(actions, argument) ? actions[argument] : undefined;
  if (action === undefined)
    throw new Error(`expected ${Object.keys(actions).join(' or ')} as the first argument, got ${argument ?? 'nothing'}`);
  return action;
}

/** Runs a program of the deployment as the principal that Pulumi deploys as: its answer is the only thing on stdout, as JSON. Exit 1 = failed, 2 = wrong settings. */
export async function runDeployProgram(work: DeployWork): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await work(process.env, deployerCredential(process.env)))}\n`);
  } catch (error) {
    const { name, message } = error as Error;
    const { code } = error as { code?: unknown };
    const status = statusOf(error);
    console.error(
      JSON.stringify({
        error: name,
        message,
        ...(typeof code === 'string' ? { errorCode: code } : {}),
        ...(status === undefined ? {} : { status }),
      }),
    );
    process.exitCode = exitCodeAfter(error);
  }
}
