import { createHash } from 'node:crypto';

/** Namespace of every identifier that this product makes from names. */
const namespace = 'c2f1d9b4-6f0e-4b57-9a53-2d1c8e7a4f60';

/** RFC 9562 version 5: the same names give the same UUID on every machine. Parts are kept apart by a zero byte. */
export function nameBasedUuid(...parts: readonly string[]): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(parts.join('\0'))
    .digest()
    .subarray(0, 16);
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50;
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** A package keeps its id for ever: it is made from the factory and the project name, never from the content. */
export const packageIdOf = (factory: string, packageName: string) => nameBasedUuid('package', factory, packageName);
export const projectIdOf = (factory: string) => nameBasedUuid('project', factory);
export const deliveryIdOf = (packageId: string, packageVersion: string, deviceId: string) =>
  nameBasedUuid('delivery', packageId, packageVersion, deviceId);
