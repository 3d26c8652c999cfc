import { spawn } from 'node:child_process';
import { DefaultAzureCredential, type TokenCredential } from '@azure/identity';
import { operatorEnvironment } from './deployedStack';

const known = ['login.microsoftonline.com', 'login.microsoftonline.us', 'login.chinacloudapi.cn', 'login.partner.microsoftonline.cn'];

/** Whoever is signed in on this machine. */
export function personCredential(environment: NodeJS.ProcessEnv): TokenCredential {
  const authority = environment['AZURE_AUTHORITY_HOST'];
  return new DefaultAzureCredential({ disableInstanceDiscovery: authority !== undefined && !known.includes(new URL(authority).hostname) });
}

/** Certificate authorities are read when a process starts, so the operator of a local stack signs in in a process of its own. */
async function inEnvironment(environment: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  // A terminal interrupts both; a signal to this one alone is passed on. The other ends in its own order either way.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

/** Runs `work` as the operator where the stack is a local one, else as whoever is signed in. Resolves with an exit status. */
export async function asOperator(local: string, stack: string, work: (local: boolean) => Promise<number | void>): Promise<number | void> {
  const operator = operatorEnvironment(local, stack);
  const foreign = operator !== undefined && Object.entries(operator).some(([name, value]) => process.env[name] !== value);
  return foreign ? inEnvironment(operator) : work(operator !== undefined);
}
