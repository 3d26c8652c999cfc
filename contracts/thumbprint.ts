import type { X509Certificate } from 'node:crypto';
import { z } from 'zod';

export const sha256Thumbprint = () => z.string().regex(/^[0-9A-F]{64}$/, 'a SHA-256 thumbprint, 64 upper case hex digits');
export const sha1Thumbprint = () => z.string().regex(/^[0-9A-F]{40}$/, 'a SHA-1 thumbprint, 40 upper case hex digits');

const withoutColons = (fingerprint: string) => fingerprint.replaceAll(':', '');

/** SHA-256 of a certificate as Azure writes it: how IoT Hub knows a device. */
export const thumbprintOf = ({ fingerprint256 }: X509Certificate): string => withoutColons(fingerprint256);

/** SHA-1 of a certificate as Azure writes it: how Key Vault knows one. */
export const sha1ThumbprintOf = ({ fingerprint }: X509Certificate): string => withoutColons(fingerprint);

/** The same of a fingerprint as Node writes it (`AB:CD:…`), as tokens and vaults write it. */
export const base64urlThumbprint = (fingerprint: string): string => Buffer.from(withoutColons(fingerprint), 'hex').toString('base64url');
