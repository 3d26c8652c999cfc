import type { TokenCredential } from '@azure/identity';
import { ReleaseError } from '../../loop/releases';
import { readClaims } from './tokenClaims';

const storageScope = 'https://storage.azure.com/.default';

/** Name and object id of whoever is signed in, as their own token says. Rejects with ReleaseError where it says nothing. */
export async function signedInName(credential: TokenCredential): Promise<string> {
  const claims = readClaims((await credential.getToken(storageScope))?.token ?? '');
  if (!claims) throw new ReleaseError('the sign-in does not say who you are, and a decision needs a name.');
  return claims.name === claims.objectId ? claims.name : `${claims.name} (${claims.objectId})`;
}
