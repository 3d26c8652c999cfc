import { join } from 'node:path';

export interface Mount {
  readonly mountPath: string;
  readonly hostPath: string;
}

/**
 * A process has no mount namespace, so a path below a mount is given as the place on the host where the volume really is.
 * The longest mount path wins, as with nested mounts.
 */
export function onHost(value: string, mounts: readonly Mount[]): string {
  const trimmed = (path: string) => path.replace(/\/+$/, '');
  const mount = [...mounts]
    .sort((a, b) => b.mountPath.length - a.mountPath.length)
    .find(
      (mount) =>
        value === mount.mountPath || trimmed(value) === trimmed(mount.mountPath) || value.startsWith(`${trimmed(mount.mountPath)}/`),
    );
  return mount === undefined ? value : join(mount.hostPath, value.slice(trimmed(mount.mountPath).length));
}
