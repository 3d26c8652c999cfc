import { SettingsError } from '../../contracts/settings/settings';

/** Runs a program of the deployment: its result is the only thing on stdout, as JSON. Exit 1 = failed, 2 = wrong settings. */
export async function runDeployProgram(work: () => Promise<object>): Promise<void> {
  try {
    process.stdout.write(`${JSON.stringify(await work())}\n`);
  } catch (error) {
    const { name, message } = error as Error;
    const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
    console.error(JSON.stringify({ error: name, message, ...(typeof code === 'string' ? { errorCode: code } : {}), ...(typeof statusCode === 'number' ? { status: statusCode } : {}) }));
    process.exitCode = error instanceof SettingsError ? 2 : 1;
  }
}
