import { z } from 'zod';
import { imageRegistry } from './imageRegistry';
import { roleAssignmentWait } from './deployment';
import { resourceManager, text } from './settings';

/** Settings of `build-image`. */
export const buildImageSettings = z.object({
  ...resourceManager,
  ...roleAssignmentWait,
  REGISTRY_ID: z
    .string()
    .regex(
      /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+$/i,
      'the ARM id of a container registry',
    ),
  REGISTRY_LOGIN_SERVER: text(),
  PROGRAM: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'lower case words with dashes'),
  CONTENT_HASH: z.string().regex(/^[0-9a-f]{16,64}$/, 'at least 16 hex digits'),
  /** Where the base image is imported from; without it Docker Hub. */
  BASE_IMAGE_REGISTRY: imageRegistry().optional(),
  /** Folder with the Dockerfile and all that it copies. */
  CONTEXT_DIRECTORY: text(),
});
export type BuildImageSettings = z.output<typeof buildImageSettings>;

/** Answer of `build-image`. */
export const builtImage = z.object({ image: z.string().regex(/^[^\s@]+@sha256:[0-9a-f]{64}$/, '<registry>/<name>@sha256:…') });
export type BuiltImage = z.output<typeof builtImage>;
