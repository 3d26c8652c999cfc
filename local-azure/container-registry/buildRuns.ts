import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { RegionContext } from '../region/regionContext';
import { ArmError, type ArmAnswer, type ArmRoute } from '../region/serviceInterfaces';
import { sendJson } from '../region/webServer';
import { digestOf, type BlobStore } from './blobStore';
import { buildImage, type DockerfileUse } from './imageBuild';
import { ImageImports } from './imageImports';
import { checkManifest } from './manifest';
import { checkRepository, type ServedRegistry } from './registryRequests';
import type { Repositories } from './repositories';

const maxContextBytes = 512 * 1024 * 1024;
const image = /^(?<repository>[^:@]+):(?<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/;
const dockerBuild = z.object({
  type: z.literal('DockerBuildRequest'),
  imageNames: z.array(z.string().regex(image)).min(1).max(10),
  isPushEnabled: z.boolean().optional(),
  dockerFilePath: z.string().min(1).max(500),
  platform: z.looseObject({ os: z.string() }),
  sourceLocation: z.string().regex(/^source\/[0-9a-f]{32}\.tar\.gz$/, 'the relativePath of listBuildSourceUploadUrl'),
  arguments: z
    .array(z.object({ name: z.string().min(1).max(100), value: z.string().max(1_000), isSecret: z.literal(false).optional() }))
    .max(20)
    .default([]),
});
type Status = 'Queued' | 'Running' | 'Succeeded' | 'Failed' | 'Canceled';
interface Run {
  readonly runId: string;
  readonly registry: string;
  readonly status: Status;
  readonly createTime: string;
  readonly startTime?: string;
  readonly finishTime?: string;
  readonly outputImages: readonly object[];
  readonly log: readonly string[];
  readonly error?: string;
  readonly logKey: string;
}

/** Builds that Resource Manager schedules: the context is uploaded to the registry, the image appears in it. */
export class BuildRuns {
  private readonly directory: string;
  private readonly runs: AppendOnlyStore<Run>;
  private readonly imports: ImageImports;
  /** Upload keys by the name of the context; a URL is good for one context. */
  private readonly uploadKeys = new Map<string, string>();

  constructor(
    private readonly context: RegionContext,
    private readonly blobs: BlobStore,
    private readonly repositories: Repositories,
    private readonly registry: (id: string) => ServedRegistry | undefined,
  ) {
    this.directory = join(context.directory, 'container-registry', 'build-source');
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    this.imports = new ImageImports(context);
    this.runs = context.openStore<Run>('container-registry/runs');
    for (const [key, run] of [...this.runs.entries()])
      if (run.status === 'Queued' || run.status === 'Running')
        this.runs.set(key, { ...run, status: 'Canceled', error: 'the region was stopped during the build' });
  }

  routes(): ArmRoute[] {
    const registryPath = String.raw`(?<registry>\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.ContainerRegistry\/registries\/[^/]+)`;
    const route = (
      method: ArmRoute['method'],
      suffix: string,
      action: string,
      handle: (registry: ServedRegistry, match: RegExpExecArray, body: unknown) => ArmAnswer,
    ): ArmRoute => ({
      method,
      pattern: new RegExp(registryPath + suffix, 'i'),
      action: () => `Microsoft.ContainerRegistry/registries/${action}`,
      scope: (match) => match.groups?.['registry'] ?? '',
      handle: async ({ match, body }) => {
        const id = match.groups?.['registry'] ?? '';
        const registry = this.registry(id);
        if (!registry) throw new ArmError(404, 'ResourceNotFound', `The Resource '${id}' was not found.`);
        return handle(registry, match, body);
      },
    });
    return [
      route('POST', String.raw`\/listBuildSourceUploadUrl`, 'listBuildSourceUploadUrl/action', (registry) => this.uploadUrl(registry)),
      route('POST', String.raw`\/scheduleRun`, 'scheduleRun/action', (registry, _match, body) => this.schedule(registry, body)),
      route('POST', String.raw`\/importImage`, 'importImage/action', (registry, _match, body) => this.imports.take(registry, body)),
      route('GET', String.raw`\/runs`, 'runs/read', (registry) => ({
        status: 200,
        body: {
          value: [...this.runs.values()].filter((run) => run.registry === registry.id.toLowerCase()).map((run) => armRun(registry, run)),
        },
      })),
      route('GET', String.raw`\/runs\/(?<run>[^/]+)`, 'runs/read', (registry, match) => ({
        status: 200,
        body: armRun(registry, this.run(registry, match)),
      })),
      route('POST', String.raw`\/runs\/(?<run>[^/]+)\/listLogSasUrl`, 'runs/listLogSasUrl/action', (registry, match) => {
        const run = this.run(registry, match);
        return { status: 200, body: { logLink: `https://${registry.loginServer}/build-logs/${run.runId}?sig=${run.logKey}` } };
      }),
    ];
  }

  forget(registry: string): void {
    this.imports.forget(registry);
    for (const [key, run] of [...this.runs.entries()]) if (run.registry === registry) this.runs.delete(key);
  }

  /** The upload of a context and the download of a log: both by a URL that carries its own key. True when it was such a request. */
  async handle(registry: ServedRegistry, request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> {
    const source = /^\/build-source\/(source\/[0-9a-f]{32}\.tar\.gz)$/.exec(url.pathname)?.[1];
    const logOf = /^\/build-logs\/([a-z0-9]+)$/.exec(url.pathname)?.[1];
    if (source === undefined && logOf === undefined) return false;
    const run = logOf === undefined ? undefined : this.runs.get(runKey(registry, logOf));
    const expected = source === undefined ? run?.logKey : this.uploadKeys.get(source);
    if (expected === undefined || !sameKey(url.searchParams.get('sig') ?? '', expected)) {
      request.resume();
      sendJson(response, 403, undefined, { 'x-ms-error-code': 'AuthenticationFailed' });
      return true;
    }
    const headers = {
      'x-ms-request-id': randomBytes(16).toString('hex'),
      etag: '"0x1"',
      'last-modified': this.context.clock.now().toUTCString(),
    };
    if (run) {
      const text = Buffer.from(`${run.log.join('\n')}\n`);
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(text.length),
        'x-ms-blob-type': 'AppendBlob',
      });
      response.end(request.method === 'HEAD' ? undefined : text);
      return true;
    }
    if (request.method !== 'PUT' || url.searchParams.has('comp')) {
      request.resume();
      sendJson(response, 501, undefined, { 'x-ms-error-code': 'UnsupportedOperation' });
      return true;
    }
    await this.receive(source as string, request);
    sendJson(response, 201, undefined, headers);
    return true;
  }

  private async receive(source: string, request: IncomingMessage): Promise<void> {
    let size = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        done(size > maxContextBytes ? new Error(`a build context may have at most ${maxContextBytes} bytes`) : null, chunk);
      },
    });
    await pipeline(request, count, createWriteStream(this.contextFile(source), { mode: 0o600 }));
  }

  private uploadUrl(registry: ServedRegistry): ArmAnswer {
    const relativePath = `source/${randomBytes(16).toString('hex')}.tar.gz`;
    const key = randomBytes(32).toString('base64url');
    this.uploadKeys.set(relativePath, key);
    return { status: 200, body: { relativePath, uploadUrl: `https://${registry.loginServer}/build-source/${relativePath}?sig=${key}` } };
  }

  private schedule(registry: ServedRegistry, body: unknown): ArmAnswer {
    const request = dockerBuild.safeParse(body);
    if (!request.success)
      throw new ArmError(
        400,
        'InvalidRequest',
        request.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '),
      );
    const { sourceLocation, imageNames, dockerFilePath, isPushEnabled } = request.data;
    const buildArguments = new Map(request.data.arguments.map(({ name, value }) => [name, value]));
    for (const name of imageNames) checkRepository(image.exec(name)?.groups?.['repository'] ?? '');
    if (!existsSync(this.contextFile(sourceLocation)))
      throw new ArmError(400, 'InvalidRequest', `nothing has been uploaded to ${sourceLocation}`);
    const run: Run = {
      runId: `c${randomBytes(4).toString('hex')}`,
      registry: registry.id.toLowerCase(),
      status: 'Queued',
      createTime: this.context.clock.now().toISOString(),
      outputImages: [],
      log: [],
      logKey: randomBytes(32).toString('base64url'),
    };
    this.runs.set(runKey(registry, run.runId), run);
    setImmediate(
      () =>
        void this.build(registry, run, sourceLocation, { path: dockerFilePath, buildArguments }, isPushEnabled === false ? [] : imageNames),
    );
    return { status: 200, body: armRun(registry, run) };
  }

  private async build(
    registry: ServedRegistry,
    queued: Run,
    source: string,
    dockerfile: DockerfileUse,
    names: readonly string[],
  ): Promise<void> {
    const now = () => this.context.clock.now().toISOString();
    const log: string[] = [];
    const running: Run = { ...queued, status: 'Running', startTime: now() };
    this.runs.set(runKey(registry, queued.runId), running);
    try {
      const built = await buildImage(
        readFileSync(this.contextFile(source)),
        dockerfile,
        (line) => void log.push(line),
        (base) => this.imports.checkBase(registry, base),
      );
      const outputImages = names.map((name) => {
        const { repository = '', tag = '' } = image.exec(name)?.groups ?? {};
        for (const blob of built.blobs) this.repositories.addBlob(running.registry, repository, this.blobs.put(blob), blob.length);
        const digest = this.blobs.put(built.manifest);
        this.repositories.addManifest(
          running.registry,
          repository,
          digest,
          checkManifest(built.manifest, built.mediaType, (digest) => this.repositories.hasBlob(running.registry, repository, digest)),
          tag,
          now(),
        );
        return { registry: registry.loginServer, repository, tag, digest };
      });
      this.runs.set(runKey(registry, queued.runId), { ...running, status: 'Succeeded', finishTime: now(), outputImages, log });
    } catch (error) {
      const { message } = error as Error;
      this.runs.set(runKey(registry, queued.runId), {
        ...running,
        status: 'Failed',
        finishTime: now(),
        log: [...log, message],
        error: message,
      });
      this.context.log('container-registry', 'build failed', { run: queued.runId, error: message });
    } finally {
      this.uploadKeys.delete(source);
      rmSync(this.contextFile(source), { force: true });
    }
  }

  private contextFile(source: string): string {
    return join(this.directory, source.replace('source/', ''));
  }
  private run(registry: ServedRegistry, match: RegExpExecArray): Run {
    const run = this.runs.get(runKey(registry, match.groups?.['run'] ?? ''));
    if (!run)
      throw new ArmError(404, 'RunNotFound', `The run '${match.groups?.['run'] ?? ''}' was not found in the registry ${registry.name}.`);
    return run;
  }
}

const runKey = (registry: ServedRegistry, runId: string) => `${registry.id}|${runId}`.toLowerCase();
const sameKey = (given: string, expected: string) =>
  timingSafeEqual(Buffer.from(digestOf(Buffer.from(given))), Buffer.from(digestOf(Buffer.from(expected))));
const armRun = (registry: ServedRegistry, run: Run) => ({
  id: `${registry.id}/runs/${run.runId}`,
  name: run.runId,
  type: 'Microsoft.ContainerRegistry/registries/runs',
  properties: {
    runId: run.runId,
    status: run.status,
    runType: 'QuickRun',
    createTime: run.createTime,
    lastUpdatedTime: run.finishTime ?? run.startTime ?? run.createTime,
    ...(run.startTime === undefined ? {} : { startTime: run.startTime }),
    ...(run.finishTime === undefined ? {} : { finishTime: run.finishTime }),
    outputImages: run.outputImages,
    platform: { os: 'linux', architecture: 'amd64' },
    isArchiveEnabled: false,
    ...(run.error === undefined ? {} : { runErrorMessage: run.error }),
  },
});
