import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { PipelineConfiguration } from '../../contracts/edgePackage';
import { messageOf, type Log } from '../../contracts/program/log';
import { extractZip, type ZipLimits } from './extractZip';
import { PackageError, parsePipelineConfiguration } from './pipelineConfiguration';

export interface ImportedPackage {
  readonly packageId: string;
  readonly packageVersion: string;
  readonly projectName: string;
  readonly sha256: string;
  readonly directory: string;
  readonly configuration: PipelineConfiguration;
}
const importRecord = z.object({ sha256: z.string(), file: z.string(), importedAt: z.string() });
const archiveLimits: ZipLimits = { maxEntries: 200, maxTotalBytes: 2_400_000_000, maxRatio: 100 };
const componentLimits: ZipLimits = { maxEntries: 5_000, maxTotalBytes: 4_000_000_000, maxRatio: 100 };
const versionsKept = 5;

export const componentDirectory = (imported: ImportedPackage, name: string) => join(imported.directory, 'unpacked', name);
const key = (packageId: string, packageVersion: string) => `${packageId}/${packageVersion}`;

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** Packages on the site's disk: `packages/<package id>/<version>`, complete or absent. */
export class PackageStore {
  private readonly packages = new Map<string, ImportedPackage>();
  private readonly root: string;
  private readonly inbox: string;

  private constructor(
    siteDirectory: string,
    private readonly log: Log,
  ) {
    this.root = join(siteDirectory, 'packages');
    this.inbox = join(siteDirectory, 'inbox');
  }

  static async open(siteDirectory: string, log: Log): Promise<PackageStore> {
    const store = new PackageStore(siteDirectory, log);
    await mkdir(store.root, { recursive: true });
    await mkdir(store.inbox, { recursive: true });
    for (const packageId of await readdir(store.root)) {
      if (packageId.startsWith('.')) await rm(join(store.root, packageId), { recursive: true, force: true });
      else for (const version of await readdir(join(store.root, packageId))) await store.load(join(store.root, packageId, version));
    }
    return store;
  }

  private async load(directory: string): Promise<void> {
    try {
      const { sha256 } = importRecord.parse(JSON.parse(await readFile(join(directory, 'import.json'), 'utf8')));
      this.keep(directory, sha256, parsePipelineConfiguration(await readFile(join(directory, 'pipeline_config.yml'), 'utf8')));
    } catch (error) {
      this.log('warn', 'package on disk left out', { directory, reason: messageOf(error) });
    }
  }

  private keep(directory: string, sha256: string, configuration: PipelineConfiguration): ImportedPackage {
    const { packageId, dataFlowPipelineVersion: packageVersion, projectName } = configuration.dataFlowPipelineInfo;
    const imported = { packageId, packageVersion, projectName, sha256, directory, configuration };
    this.packages.set(key(packageId, packageVersion), imported);
    return imported;
  }

  list(): ImportedPackage[] {
    return [...this.packages.values()].sort(
      (left, right) => left.packageId.localeCompare(right.packageId) || Number(left.packageVersion) - Number(right.packageVersion),
    );
  }

  get(packageId: string, packageVersion: string): ImportedPackage | undefined {
    return this.packages.get(key(packageId, packageVersion));
  }

  /** Checks, unpacks and keeps a package of the inbox; the same package again changes nothing. */
  async import(file: string, sha256: string): Promise<ImportedPackage> {
    const archive = join(this.inbox, file);
    const found = await lstat(archive).catch(() => undefined);
    if (!found?.isFile())
      throw new PackageError(`expected the file "${file}" in the inbox, got ${found ? 'something else of that name' : 'none'}`);
    const digest = await digestOf(archive);
    if (digest !== sha256) throw new PackageError(`expected ${file} to have the SHA-256 ${sha256}, got ${digest}: the file is refused`);
    const incoming = join(this.root, `.incoming-${randomUUID()}`);
    try {
      await extractZip(archive, incoming, archiveLimits);
      const configuration = parsePipelineConfiguration(
        await readFile(join(incoming, 'pipeline_config.yml'), 'utf8').catch(() => {
          throw new PackageError(`expected pipeline_config.yml at the root of ${file}`);
        }),
      );
      const { packageId, dataFlowPipelineVersion: packageVersion } = configuration.dataFlowPipelineInfo;
      const known = this.get(packageId, packageVersion);
      if (known?.sha256 === sha256) return known;
      if (known)
        throw new PackageError(
          `package ${packageId} has a version ${packageVersion} already, with the SHA-256 ${known.sha256}; give the new content a new version`,
        );
      for (const component of configuration.dataFlowPipeline.components)
        await this.unpackComponent(incoming, component.name, component.version, component.entrypoint);
      await writeFile(join(incoming, 'import.json'), JSON.stringify({ sha256, file, importedAt: new Date().toISOString() }));
      const directory = join(this.root, packageId, packageVersion);
      await mkdir(join(this.root, packageId), { recursive: true });
      await rm(directory, { recursive: true, force: true });
      await rename(incoming, directory);
      this.log('info', 'package imported', { packageId, packageVersion, sha256 });
      return this.keep(directory, sha256, configuration);
    } finally {
      await rm(incoming, { recursive: true, force: true });
    }
  }

  private async unpackComponent(incoming: string, name: string, version: string, entrypoint: string): Promise<void> {
    const directory = join(incoming, 'unpacked', name);
    await extractZip(join(incoming, 'components', `${name}_${version}.zip`), directory, componentLimits);
    const entry = await lstat(join(directory, entrypoint)).catch(() => undefined);
    if (!entry?.isFile())
      throw new PackageError(`component "${name}": expected its entrypoint ${entrypoint} in components/${name}_${version}.zip`);
    if (await lstat(join(directory, 'PythonPackages.zip')).catch(() => undefined))
      throw new PackageError(
        `component "${name}": expected the standard library only, got PythonPackages.zip: this server installs no wheels`,
      );
  }

  /** Removes the oldest versions of a package; those in use and the newest few stay. */
  async prune(packageId: string, inUse: (packageVersion: string) => boolean): Promise<void> {
    const old = this.list()
      .filter((imported) => imported.packageId === packageId && !inUse(imported.packageVersion))
      .slice(0, -versionsKept);
    for (const { packageVersion, directory } of old) {
      this.packages.delete(key(packageId, packageVersion));
      await rm(directory, { recursive: true, force: true });
      this.log('info', 'old package removed', { packageId, packageVersion });
    }
  }
}
