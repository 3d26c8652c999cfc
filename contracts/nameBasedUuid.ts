import { v5 } from 'uuid';

/** Namespace of every identifier that this product makes from names. */
const namespace = 'c2f1d9b4-6f0e-4b57-9a53-2d1c8e7a4f60';

/** RFC 9562 version 5: the same names give the same UUID on every machine. Parts are kept apart by a zero byte. */
export const nameBasedUuid = (...parts: readonly string[]): string => v5(parts.join('\0'), namespace);

/** A package keeps its id for ever: it is made from the factory and the project name, never from the content. */
export const packageIdOf = (factory: string, packageName: string) => nameBasedUuid('package', factory, packageName);
export const projectIdOf = (factory: string) => nameBasedUuid('project', factory);
export const deliveryIdOf = (packageId: string, packageVersion: string, deviceId: string) =>
  nameBasedUuid('delivery', packageId, packageVersion, deviceId);
