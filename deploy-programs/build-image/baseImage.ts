import type { ContainerRegistryManagementClient } from '@azure/arm-containerregistry';
import { statusOf } from '../transientFailure';

/** An image of Docker Hub that a Dockerfile begins with, by digest: the default of its argument BASE_IMAGE. */
export interface BaseImage {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}
export interface BuildRegistry {
  readonly resourceGroup: string;
  readonly registry: string;
  readonly loginServer: string;
  /** Where base images are imported from: a registry, and the folder in it that has Docker Hub's images. */
  readonly baseImageRegistry: string;
}

const from = /^ARG BASE_IMAGE=(?<name>[a-z0-9][a-z0-9_/-]*):(?<tag>[\w.-]+)@(?<digest>sha256:[0-9a-f]{64})\r?\nFROM \$\{BASE_IMAGE\}\r?$/m;

/** The base image that a Dockerfile takes from Docker Hub by digest; undefined for any other. */
export function baseImageOf(dockerfile: string): BaseImage | undefined {
  const { name, tag, digest } = from.exec(dockerfile)?.groups ?? {};
  if (name === undefined || tag === undefined || digest === undefined) return undefined;
  return { repository: name.includes('/') ? name : `library/${name}`, tag, digest };
}

const copiedRepository = ({ repository }: BaseImage) => `base/${repository.replace(/^library\//, '')}`;

/** The build argument that takes the same bytes from the registry that builds: there a pull is nobody's quota. */
export const baseImageArgument = (base: BaseImage, loginServer: string) => ({
  name: 'BASE_IMAGE',
  value: `${loginServer}/${copiedRepository(base)}@${base.digest}`,
});

/** Copies the base image into the registry, once: whoever comes later finds its tag taken. */
export async function importBaseImage(
  client: Pick<ContainerRegistryManagementClient, 'registries'>,
  { resourceGroup, registry, baseImageRegistry }: BuildRegistry,
  base: BaseImage,
  timeoutMs: number,
): Promise<void> {
  const target = `${copiedRepository(base)}:${base.tag}-${base.digest.slice(7, 19)}`;
  const [registryUri = '', ...folder] = baseImageRegistry.split('/');
  const sourceImage = [...folder, `${base.repository}@${base.digest}`].join('/');
  try {
    await client.registries.beginImportImageAndWait(
      resourceGroup,
      registry,
      { source: { registryUri, sourceImage }, targetTags: [target], mode: 'NoForce' },
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
  }
}
