import { deployerCredential } from '../../deploy-programs/deployerCredential';
import { askWith, NoAnswer } from './azureQuestions';
import type { SignedIn } from './cloudChecks';
import { readClaims } from '../stack/tokenClaims';

const reachTimeoutMs = 3_000;
const signInTimeoutMs = 20_000;

/** Why the authority cannot be reached, if it cannot: signing in without it takes long to fail. */
export async function unreachable(authorityHost: string): Promise<string | undefined> {
  try {
    await (
      await fetch(`${authorityHost}/common/v2.0/.well-known/openid-configuration`, { signal: AbortSignal.timeout(reachTimeoutMs) })
    ).body?.cancel();
    return undefined;
  } catch (error) {
    return `${new URL(authorityHost).host} cannot be reached (${((error as Error).cause as Error | undefined)?.message ?? (error as Error).message})`;
  }
}

/** Signs in as the programs of a deployment would by this environment. Throws NoAnswer when nobody is signed in. */
export async function signIn(
  environment: NodeJS.ProcessEnv,
  options: {
    authorityHost: string;
    disableInstanceDiscovery: boolean;
    armAudience: string;
    graphEndpoint: string;
  },
): Promise<SignedIn> {
  const credential = deployerCredential(environment, {
    authorityHost: options.authorityHost,
    disableInstanceDiscovery: options.disableInstanceDiscovery,
  });
  const tokenFor = async (resource: string) => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>(
      (_, reject) => (timer = setTimeout(() => reject(new Error(`no answer within ${signInTimeoutMs / 1_000} s`)), signInTimeoutMs)),
    );
    try {
      const token = (await Promise.race([credential.getToken(`${resource}/.default`), late]))?.token ?? '';
      const claims = readClaims(token);
      if (claims === undefined) throw new Error('the token names nobody');
      return { ask: askWith(token), claims };
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const arm = await tokenFor(options.armAudience);
    return { arm, graph: await tokenFor(options.graphEndpoint).catch(() => undefined) };
  } catch (error) {
    throw new NoAnswer((error as Error).message.split('\n')[0] ?? '');
  }
}
