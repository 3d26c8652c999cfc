/** A fingerprint as Node writes it (`AB:CD:…`), as tokens and vaults write it. */
export const base64urlThumbprint = (fingerprint: string): string =>
  Buffer.from(fingerprint.replaceAll(':', ''), 'hex').toString('base64url');
