import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ContainerRegistryManagementClient, type DockerBuildRequest, type Run } from '@azure/arm-containerregistry';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import type { TokenCredential } from '@azure/identity';
import { BlockBlobClient } from '@azure/storage-blob';
import { pack } from 'tar-stream';
import { buildImageSettings, type BuildImageSettings, type BuiltImage } from '../../contracts/settings/buildImage';
import { readSettings } from '../../contracts/settings/settings';
import { backoffMs, pause } from '../../contracts/program/retry';
import { baseImageArgument, baseImageOf, importBaseImage, type BuildRegistry } from './baseImage';
import { retryUntilReady } from '../retryUntilReady';
import { retryTransient, statusOf } from '../transientFailure';

const buildTimeoutMs = 30 * 60_000;
const requestTimeout = () => AbortSignal.timeout(5 * 60_000);
const pollBackoff = { firstMs: 20, longestMs: 5_000 };
const finalStates = ['Succeeded', 'Failed', 'Canceled', 'Error', 'Timeout'];

/** The context as tar.gz: sorted and without times, so the same folder gives the same bytes. */
async function contextArchive(directory: string): Promise<Buffer> {
  const tar = pack();
  const chunks: Buffer[] = [];
  const collected = (async () => {
    for await (const chunk of tar as AsyncIterable<Buffer>) chunks.push(chunk);
  })();
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(directory, name);
    if (!statSync(file).isFile()) continue;
    const content = readFileSync(file);
    tar.entry({ name: name.replaceAll('\\', '/'), size: content.length, mode: 0o644, mtime: new Date(0), type: 'file' }, content);
  }
  tar.finalize();
  await collected;
  return gzipSync(Buffer.concat(chunks));
}

/** Digest of the tag, or undefined when it was never pushed. */
async function digestOfTag(settings: BuildImageSettings, tag: string, credential: TokenCredential): Promise<string | undefined> {
  const client = new ContainerRegistryContentClient(`https://${settings.REGISTRY_LOGIN_SERVER}`, settings.PROGRAM, credential);
  try {
    return (await client.getManifest(tag, { abortSignal: requestTimeout() })).digest;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}

/** What a subscription on free credit is answered; no role and no waiting helps. */
export function explainedBuildError(error: unknown): unknown {
  const { code, message = '' } = error as { code?: unknown; message?: string };
  if (code !== 'TasksOperationsNotAllowed' && !message.includes('TasksOperationsNotAllowed')) return error;
  return new Error(
    'this subscription may not build images in a container registry (TasksOperationsNotAllowed; so it is on free credit): build them elsewhere, set imageSource: prebuilt and name them in prebuiltImages, or ask Azure support to allow it',
  );
}

async function build(settings: BuildImageSettings, tag: string, credential: TokenCredential): Promise<string> {
  const [, , subscriptionId = '', , resourceGroup = '', , , , registry = ''] = settings.REGISTRY_ID.split('/');
  const place: BuildRegistry = {
    resourceGroup,
    registry,
    loginServer: settings.REGISTRY_LOGIN_SERVER,
    baseImageRegistry: settings.BASE_IMAGE_REGISTRY ?? 'docker.io',
  };
  const client = new ContainerRegistryManagementClient(credential, subscriptionId, {
    endpoint: settings.AZURE_RESOURCE_MANAGER_ENDPOINT,
    credentialScopes: [`${settings.AZURE_RESOURCE_MANAGER_AUDIENCE}/.default`],
  });
  const base = baseImageOf(readFileSync(join(settings.CONTEXT_DIRECTORY, 'Dockerfile'), 'utf8'));
  if (base !== undefined) await importBaseImage(client, place, base, buildTimeoutMs);
  const { uploadUrl, relativePath } = await client.registries.getBuildSourceUploadUrl(resourceGroup, registry, {
    abortSignal: requestTimeout(),
  });
  if (uploadUrl === undefined || relativePath === undefined)
    throw new Error(`the registry ${registry} gave no upload URL for the build context`);
  const archive = await contextArchive(settings.CONTEXT_DIRECTORY);
  await new BlockBlobClient(uploadUrl).upload(archive, archive.length, { abortSignal: requestTimeout() });
  const request: DockerBuildRequest = {
    type: 'DockerBuildRequest',
    imageNames: [`${settings.PROGRAM}:${tag}`],
    isPushEnabled: true,
    dockerFilePath: 'Dockerfile',
    sourceLocation: relativePath,
    platform: { os: 'Linux', architecture: 'amd64' },
    arguments: base === undefined ? [] : [baseImageArgument(base, place.loginServer)],
    timeout: buildTimeoutMs / 1_000,
  };
  const poller = await client.registries
    .beginScheduleRun(resourceGroup, registry, request, { abortSignal: requestTimeout() })
    .catch((error: unknown) => {
      throw explainedBuildError(error);
    });
  let run: Run = await poller.pollUntilDone({ abortSignal: AbortSignal.timeout(buildTimeoutMs) });
  const runId = run.runId ?? '';
  const deadline = Date.now() + buildTimeoutMs;
  for (let polls = 0; !finalStates.includes(run.status ?? ''); polls++) {
    if (Date.now() > deadline)
      throw new Error(`the build ${runId} of ${settings.PROGRAM} is ${run.status ?? 'unknown'} after ${buildTimeoutMs / 60_000} minutes`);
    await pause(backoffMs(polls, pollBackoff));
    run = await client.runs.get(resourceGroup, registry, runId, { abortSignal: requestTimeout() });
  }
  if (run.status !== 'Succeeded') {
    const { logLink } = await client.runs.getLogSasUrl(resourceGroup, registry, runId, { abortSignal: requestTimeout() });
    const log =
      logLink === undefined
        ? ''
        : (await new BlockBlobClient(logLink).downloadToBuffer(0, undefined, { abortSignal: requestTimeout() })).toString('utf8');
    throw new Error(
      `the build ${runId} of ${settings.PROGRAM} ended as ${run.status ?? 'unknown'}:\n${log.split('\n').slice(-40).join('\n')}`,
    );
  }
  const digest = run.outputImages?.find((built) => built.repository === settings.PROGRAM)?.digest;
  if (digest === undefined) throw new Error(`the build ${runId} of ${settings.PROGRAM} succeeded without an image`);
  return digest;
}

/** Builds the image of one program in the registry, unless this very content is there; prints the image by digest. Transient failures are retried. */
export async function buildProgramImage(
  environment: NodeJS.ProcessEnv,
  credential: TokenCredential,
  retry = { attempts: 5, firstDelayMs: 20_000 },
): Promise<BuiltImage> {
  const settings = readSettings('build-image', buildImageSettings, environment);
  const tag = settings.CONTENT_HASH.slice(0, 16);
  const log = (message: string) => console.error(message);
  const found = async () => (await digestOfTag(settings, tag, credential)) ?? (await build(settings, tag, credential));
  const digest = await retryUntilReady(() => retryTransient(found, { ...retry, log }), settings.ROLE_ASSIGNMENT_WAIT_SECONDS);
  return { image: `${settings.REGISTRY_LOGIN_SERVER}/${settings.PROGRAM}@${digest}` };
}
