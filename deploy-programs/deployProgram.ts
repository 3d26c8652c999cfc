import type { TokenCredential } from '@azure/identity';
import { SettingsError } from '../contracts/settings/settings';
import { deployerCredential } from './deployerCredential';

/** Runs a program of the deployment as the principal that Pulumi deploys as: its result is the only thing on stdout, as JSON. Exit 1 = failed, 2 = wrong settings. */
export async function runDeployProgram(work: (credential: TokenCredential) => Promise<object>): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await work(deployerCredential(process.env)))}\n`);
  } catch (error) {
    const { name, message } = error as Error;
    const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
    console.error(
      JSON.stringify({
        error: name,
        message,
        ...(typeof code === 'string' ? { errorCode: code } : {}),
        ...(typeof statusCode === 'number' ? { status: statusCode } : {}),
      }),
    );
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}
