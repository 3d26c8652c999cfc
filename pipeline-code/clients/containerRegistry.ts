import { createHash } from 'node:crypto';
import { ContainerRegistryContentClient, type OciDescriptor, type OciImageManifest } from '@azure/container-registry';
import { type TokenCredential } from '@azure/identity';

interface Layer {
  readonly mediaType: string;
  readonly fileName: string;
  readonly content: Buffer;
}
export interface Artifact {
  readonly repository: string;
  readonly tag: string;
  readonly artifactType: string;
  readonly config: { readonly mediaType: string; readonly content: Buffer };
  readonly layers: readonly Layer[];
  readonly annotations: Readonly<Record<string, string>>;
}

const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const timeout = () => ({ abortSignal: AbortSignal.timeout(300_000) });

/** The OCI manifest of an artifact; its bytes depend on the content alone, so a second push changes nothing. */
export function artifactManifest(artifact: Artifact): OciImageManifest {
  const describe = (mediaType: string, content: Buffer, title?: string): OciDescriptor => ({
    mediaType,
    digest: digestOf(content),
    size: content.length,
    ...(title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } }),
  });
  return {
    schemaVersion: 2,
    mediaType: manifestMediaType,
    artifactType: artifact.artifactType,
    config: describe(artifact.config.mediaType, artifact.config.content),
    layers: artifact.layers.map(({ mediaType, content, fileName }) => describe(mediaType, content, fileName)),
    annotations: { ...artifact.annotations },
  };
}

/** Pushes config, layers and, last, the tagged manifest. Answers with the manifest's digest. `loginServer` is a host with a port where it is not 443. */
export async function pushArtifact(loginServer: string, credential: TokenCredential, artifact: Artifact): Promise<string> {
  const client = new ContainerRegistryContentClient(`https://${loginServer}`, artifact.repository, credential, {
    retryOptions: { maxRetries: 3, retryDelayInMs: 500, maxRetryDelayInMs: 8_000 },
  });
  for (const { content } of [artifact.config, ...artifact.layers]) {
    const { digest } = await client.uploadBlob(content, timeout());
    if (digest !== digestOf(content)) throw new Error(`expected the registry to keep ${digestOf(content)}, it answered with ${digest}`);
  }
  const body = Buffer.from(JSON.stringify(artifactManifest(artifact)));
  const { digest } = await client.setManifest(body, { tag: artifact.tag, mediaType: manifestMediaType, ...timeout() });
  if (digest !== digestOf(body))
    throw new Error(`expected the registry to keep the manifest ${digestOf(body)}, it answered with ${digest}`);
  return digest;
}
