import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { digestOf } from './blobStore';
import { parseDockerfile, type ImageRecipe } from './dockerfile';
import { ociManifest } from './manifest';
import { gzip, readTar, writeTar, type TarFile } from './tarball';

const limits = { maxBytes: 1024 ** 3, maxEntries: 50_000 };
const configMediaType = 'application/vnd.oci.image.config.v1+json';
const layerMediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';

/** Which file of the context is the Dockerfile, and the values that the build gives to its arguments. */
export interface DockerfileUse {
  readonly path: string;
  readonly buildArguments?: ReadonlyMap<string, string>;
}
interface BuiltImage {
  readonly manifest: Buffer;
  readonly mediaType: string;
  readonly blobs: readonly Buffer[];
}

/** Files that COPY takes, by their absolute path in the image. */
export function copiedFiles(recipe: ImageRecipe, context: ReadonlyMap<string, TarFile>): Map<string, TarFile> {
  const image = new Map<string, TarFile>();
  for (const { sources, target, intoDirectory } of recipe.copies) {
    for (const source of sources) {
      const wanted = posix.normalize(source).replace(/^\/+/, '').replace(/\/+$/, '');
      if (wanted === '..' || wanted.startsWith('../')) throw new Error(`COPY ${source}: the source is outside of the build context`);
      const expression = new RegExp(
        `^${wanted
          .split('')
          .map((letter) => (letter === '*' ? '[^/]*' : letter === '?' ? '[^/]' : letter.replace(/[\\^$.+()[\]{}|]/, String.raw`\$&`)))
          .join('')}(?=/|$)`,
      );
      let taken = 0;
      for (const [path, file] of context) {
        const found = wanted === '.' || wanted === '' ? '' : expression.exec(path)?.[0];
        if (found === undefined) continue;
        const below = found === '' ? path : path.slice(found.length + 1);
        const isFile = found === path;
        image.set(isFile ? (intoDirectory ? posix.join(target, posix.basename(path)) : target) : posix.join(target, below), file);
        taken++;
      }
      if (taken === 0) throw new Error(`COPY ${source}: not found in the build context`);
    }
  }
  return image;
}

/** What the image began with. A pinned base is its digest, wherever it was pulled from: the same context gives the same image in every registry. */
function baseAnnotation(base: string): Record<string, string> {
  const digest = /@(sha256:[0-9a-f]{64})$/.exec(base)?.[1];
  return digest === undefined ? { 'org.opencontainers.image.base.name': base } : { 'org.opencontainers.image.base.digest': digest };
}

/** Builds one image of one layer from a tar.gz of the context. The same context gives the same digest. `checkBase` throws for a base that cannot be pulled. */
export async function buildImage(
  context: Buffer,
  { path: dockerfilePath, buildArguments }: DockerfileUse,
  log: (line: string) => void,
  checkBase: (base: string) => void = () => undefined,
): Promise<BuiltImage> {
  const files = new Map<string, TarFile>();
  await readTar(Readable.from([context]), true, limits, (path, file) => void files.set(path, file));
  const dockerfile = files.get(posix.normalize(dockerfilePath));
  if (!dockerfile) throw new Error(`unable to find the Dockerfile: ${dockerfilePath} is not in the build context (${files.size} files)`);
  const recipe = parseDockerfile(dockerfile.content.toString('utf8'), buildArguments);
  checkBase(recipe.base);
  log(`FROM ${recipe.base}: recorded; the region runs programs on its own Node`);
  for (const run of recipe.notExecuted) log(`RUN ${run}: recorded, not executed`);
  const image = copiedFiles(recipe, files);
  for (const { sources, target } of recipe.copies) log(`COPY ${sources.join(' ')} ${target}`);
  const tar = await writeTar(new Map([...image].map(([path, file]) => [path.replace(/^\/+/, ''), file])));
  const layer = gzip(tar);
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      config: {
        WorkingDir: recipe.workingDirectory,
        Env: recipe.environment.map(([key, value]) => `${key}=${value}`),
        Cmd: recipe.command,
        ...(recipe.entrypoint.length > 0 ? { Entrypoint: recipe.entrypoint } : {}),
        ...(recipe.user === undefined ? {} : { User: recipe.user }),
        Labels: recipe.labels,
      },
      rootfs: { type: 'layers', diff_ids: [digestOf(tar)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: { mediaType: configMediaType, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: layerMediaType, digest: digestOf(layer), size: layer.length }],
      annotations: { ...baseAnnotation(recipe.base), 'local-azure.run-not-executed': JSON.stringify(recipe.notExecuted) },
    }),
  );
  log(`${image.size} files, ${layer.length} bytes, ${digestOf(manifest)}`);
  return { manifest, mediaType: ociManifest, blobs: [config, layer] };
}
