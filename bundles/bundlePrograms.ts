import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { bundleRecordFile } from '../components/programs/bundleRecord';
import { deployPrograms, programs, type ProgramName } from '../contracts/programs';
import { BundleCache } from './bundleCache';

/** Packages with native code: installed in the image instead of bundled. */
const nativePackages = ['@duckdb/node-api', 'onnxruntime-node'] as const;
const root = join(__dirname, '..');

interface Bundle {
  readonly name: string;
  readonly directory: string;
  /** Hash of everything that goes into the image. */
  readonly hash: string;
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(directory, name)).isFile())
    .sort();
}

function hashDirectory(directory: string): string {
  const hash = createHash('sha256');
  for (const name of filesBelow(directory))
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(directory, name)))
      .update('\0');
  return hash.digest('hex');
}

/** Bundles one program to `dist/<name>/`: index.js, package.json with the pinned native packages, and an image's Dockerfile. Nothing is done when nothing has changed. */
async function bundleProgram(name: string, sources: string, isImage: boolean): Promise<Bundle> {
  const directory = join(root, 'dist', name);
  const dockerfile = isImage ? join(sources, 'Dockerfile') : undefined;
  const cache = new BundleCache(bundleRecordFile(root, name));
  const known = existsSync(directory) ? cache.unchanged() : undefined;
  if (known !== undefined) return { name, directory: relative(root, directory), hash: known };
  const fresh = `${directory}.new-${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  const result = await build({
    entryPoints: [join(sources, 'main.ts')],
    outfile: join(fresh, 'index.js'),
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    external: [...nativePackages],
    minify: true,
    keepNames: true,
    metafile: true,
    logLevel: 'error',
    legalComments: 'none',
    loader: { '.py': 'text' },
    absWorkingDir: root,
  });
  const imported = new Set(
    Object.values(result.metafile.outputs).flatMap((output) => output.imports.filter(({ external }) => external).map(({ path }) => path)),
  );
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
  const natives = Object.fromEntries(nativePackages.filter((name) => imported.has(name)).map((name) => [name, dependencies[name]]));
  writeFileSync(
    join(fresh, 'package.json'),
    `${JSON.stringify({ name: `factory-loop-${name}`, private: true, dependencies: natives }, null, 2)}\n`,
  );
  if (dockerfile !== undefined) writeFileSync(join(fresh, 'Dockerfile'), readFileSync(dockerfile));
  const hash = hashDirectory(fresh);
  // An unchanged bundle stays where it is: another run may be reading it.
  if (existsSync(directory) && hashDirectory(directory) === hash) rmSync(fresh, { recursive: true, force: true });
  else {
    rmSync(directory, { recursive: true, force: true });
    renameSync(fresh, directory);
  }
  cache.remember(
    [
      __filename,
      join(root, 'package.json'),
      ...Object.keys(result.metafile.inputs).map((input) => join(root, input)),
      ...(dockerfile === undefined ? [] : [dockerfile]),
    ],
    hash,
  );
  return { name, directory: relative(root, directory), hash };
}

/** Bundles every program of this tree and writes `dist/images.json` (program -> content hash), which the Pulumi program reads. */
export async function bundleAll(): Promise<Bundle[]> {
  mkdirSync(join(root, 'dist'), { recursive: true });
  const images = await Promise.all(
    (Object.keys(programs) as ProgramName[]).map((name) => bundleProgram(name, join(root, programs[name], name), true)),
  );
  const deploy = await Promise.all(
    Object.keys(deployPrograms).map((name) => bundleProgram(name, join(root, 'deploy-programs', name), false)),
  );
  const list = join(root, 'dist', 'images.json');
  writeFileSync(
    `${list}.new-${process.pid}`,
    `${JSON.stringify(Object.fromEntries(images.map(({ name, hash }) => [name, hash])), null, 2)}\n`,
  );
  renameSync(`${list}.new-${process.pid}`, list);
  return [...images, ...deploy];
}
