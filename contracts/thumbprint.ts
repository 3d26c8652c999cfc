import type { X509Certificate } from 'node:crypto';

const withoutColons = (fingerprint: string) => fingerprint.replaceAll(':', '');

/** SHA-256 of a certificate as Azure writes it, 64 upper case hex digits: how IoT Hub knows a device. */
export const thumbprintOf = ({ fingerprint256 }: X509Certificate): string => withoutColons(fingerprint256);

/** SHA-1 of a certificate, 40 upper case hex digits: how Key Vault knows one. */
export const sha1ThumbprintOf = ({ fingerprint }: X509Certificate): string => withoutColons(fingerprint);
