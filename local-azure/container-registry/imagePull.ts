import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { BlobStore } from './blobStore';
import { imageManifest } from './manifest';
import { readTar } from './tarball';

const limits = { maxBytes: 2 * 1024 ** 3, maxEntries: 100_000 };
const imageConfig = z.looseObject({
  config: z
    .looseObject({
      WorkingDir: z.string().optional(),
      Env: z.array(z.string()).nullish(),
      Cmd: z.array(z.string()).nullish(),
      Entrypoint: z.array(z.string()).nullish(),
    })
    .optional(),
  rootfs: z.looseObject({ diff_ids: z.array(z.string()) }),
});

export interface UnpackedImage {
  readonly directory: string;
  readonly digest: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}
interface ImageReference {
  readonly loginServer: string;
  readonly repository: string;
  readonly reference: string;
}

/** `host:port/repository:tag` or `…@sha256:…`. */
export function parseImage(name: string): ImageReference {
  const match = /^([^/\s]+)\/([^@\s]+?)(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(name);
  if (!match?.[1] || !match[2]) throw new Error(`expected <registry>/<repository>:<tag> or @<digest>, got "${name}"`);
  return { loginServer: match[1], repository: match[2], reference: match[4] ?? match[3] ?? 'latest' };
}

/** Images by digest, unpacked once for all replicas. */
export class UnpackedImages {
  private readonly pending = new Map<string, Promise<UnpackedImage>>();
  constructor(
    private readonly directory: string,
    private readonly blobs: BlobStore,
  ) {}

  unpack(digest: string): Promise<UnpackedImage> {
    const running = this.pending.get(digest) ?? this.unpackOnce(digest);
    this.pending.set(digest, running);
    running.catch(() => this.pending.delete(digest));
    return running;
  }

  /** Removes unpacked images that no registry has any more. */
  keepOnly(digests: ReadonlySet<string>): void {
    for (const name of existsSync(this.directory) ? readdirSync(this.directory) : []) {
      const digest = `sha256:${name}`;
      if (digests.has(digest)) continue;
      this.pending.delete(digest);
      rmSync(join(this.directory, name), { recursive: true, force: true });
    }
  }

  private async unpackOnce(digest: string): Promise<UnpackedImage> {
    const manifest = imageManifest.parse(JSON.parse((await this.blobs.read(digest)).toString('utf8')));
    const { config, rootfs } = imageConfig.parse(JSON.parse((await this.blobs.read(manifest.config.digest)).toString('utf8')));
    const target = join(this.directory, digest.slice('sha256:'.length));
    // Resolved from the image's root: whoever pushed the configuration cannot name a place outside of the image.
    const workingDirectory = posix.resolve('/', config?.WorkingDir ?? '/');
    if (!existsSync(target)) {
      const fresh = join(this.directory, `new-${randomUUID()}`);
      try {
        mkdirSync(fresh, { recursive: true, mode: 0o755 });
        for (const [index, layer] of manifest.layers.entries()) await this.unpackLayer(layer, rootfs.diff_ids[index], fresh);
        mkdirSync(join(fresh, workingDirectory), { recursive: true });
        renameSync(fresh, target);
      } catch (error) {
        rmSync(fresh, { recursive: true, force: true });
        throw error;
      }
    }
    const environment = Object.fromEntries(
      (config?.Env ?? []).map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
    );
    return {
      directory: join(target, workingDirectory),
      digest,
      command: [...(config?.Entrypoint ?? []), ...(config?.Cmd ?? [])],
      environment,
    };
  }

  /** Checks the layer's digest while it reads; the files count only when both are right. */
  private async unpackLayer(
    layer: { readonly digest: string; readonly mediaType: string },
    diffId: string | undefined,
    target: string,
  ): Promise<void> {
    const compressed = /[+.]gzip$/.test(layer.mediaType);
    if (!compressed && !layer.mediaType.endsWith('.tar'))
      throw new Error(`the layer ${layer.digest} is ${layer.mediaType}: expected a tar or tar+gzip`);
    if (diffId === undefined) throw new Error('the image has more layers than its configuration names');
    const hash = createHash('sha256');
    const source = new PassThrough();
    source.on('data', (chunk: Buffer) => hash.update(chunk));
    const reading = readTar(source, compressed, limits, (path, file) => {
      if (/(?:^|\/)\.wh\./.test(path))
        throw new Error(`the layer ${layer.digest} deletes ${path}: whiteouts are not supported by the local registry`);
      const destination = join(target, path);
      mkdirSync(dirname(destination), { recursive: true });
      writeFileSync(destination, file.content, { mode: file.executable ? 0o755 : 0o644 });
    });
    await Promise.all([pipeline(this.blobs.stream(layer.digest), source), reading]);
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== layer.digest) throw new Error(`the stored layer ${layer.digest} has the digest ${found}: it was changed on disk`);
  }
}
