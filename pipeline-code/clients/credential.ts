import { DefaultAzureCredential, type TokenCredential } from '@azure/identity';

let shared: TokenCredential | undefined;

/** One credential for a program, so that its clients share tokens. */
export const credential = (): TokenCredential => (shared ??= new DefaultAzureCredential());
