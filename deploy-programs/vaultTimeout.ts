/** How long a call to Key Vault may take. */
export const vaultTimeout = () => ({ abortSignal: AbortSignal.timeout(60_000) });
