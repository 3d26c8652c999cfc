import { z } from 'zod';
import { RegistryError } from './registryError';
import type { ManifestRecord } from './repositories';

export const maxImageManifestBytes = 4 * 1024 * 1024;
export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const imageManifests = [ociManifest, 'application/vnd.docker.distribution.manifest.v2+json'];
const indexes = [ociIndex, 'application/vnd.docker.distribution.manifest.list.v2+json'];

const descriptor = z.looseObject({
  mediaType: z.string(),
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});
export const imageManifest = z.looseObject({
  schemaVersion: z.literal(2),
  mediaType: z.string().optional(),
  artifactType: z.string().optional(),
  config: descriptor,
  layers: z.array(descriptor).max(1_000),
  annotations: z.record(z.string(), z.string()).optional(),
});
const imageIndex = z.looseObject({
  schemaVersion: z.literal(2),
  artifactType: z.string().optional(),
  manifests: z.array(descriptor).max(1_000),
});

/** A manifest is taken only when everything it points to is in its repository. */
export function checkManifest(
  content: Buffer,
  contentType: string | undefined,
  has: (digest: string) => boolean,
): Omit<ManifestRecord, 'createdTime' | 'lastUpdateTime'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content.toString('utf8'));
  } catch {
    throw new RegistryError(400, 'MANIFEST_INVALID', 'expected a JSON manifest');
  }
  const declared = (parsed as { mediaType?: unknown } | null)?.mediaType;
  const mediaType = (contentType ?? (typeof declared === 'string' ? declared : ociManifest)).split(';')[0]?.trim() ?? '';
  if (typeof declared === 'string' && declared !== mediaType)
    throw new RegistryError(400, 'MANIFEST_INVALID', `the manifest says it is ${declared}, the request ${mediaType}`);
  if (!imageManifests.includes(mediaType) && !indexes.includes(mediaType))
    throw new RegistryError(400, 'MANIFEST_INVALID', `expected one of ${[...imageManifests, ...indexes].join(', ')}, got ${mediaType}`);
  const result = (imageManifests.includes(mediaType) ? imageManifest : imageIndex).safeParse(parsed);
  if (!result.success)
    throw new RegistryError(
      400,
      'MANIFEST_INVALID',
      result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
    );
  const manifest = result.data;
  const parts =
    'manifests' in manifest
      ? (manifest as z.output<typeof imageIndex>).manifests
      : [(manifest as z.output<typeof imageManifest>).config, ...(manifest as z.output<typeof imageManifest>).layers];
  const missing = parts.find((part) => !has(part.digest));
  if (missing)
    throw new RegistryError(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `the manifest points to ${missing.digest}, which has not been uploaded to this repository`,
    );
  return {
    mediaType,
    sizeBytes: content.length,
    imageSizeBytes: parts.reduce((sum, part) => sum + part.size, 0),
    ...(manifest.artifactType === undefined ? {} : { artifactType: manifest.artifactType }),
  };
}
