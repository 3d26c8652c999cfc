import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { deployPrograms, programs } from '../../contracts/programs';

export interface FileState {
  readonly size: number;
  /** When it was written, in milliseconds since 1970. */
  readonly mtimeMs: number;
  /** Hash of its content, in hex. */
  readonly sha256: string;
}
/** What a bundle was made of, by absolute path, and the hash of what came out. The bundler keeps one a program in `dist/cache`. */
export interface BundleRecord {
  readonly inputs: Readonly<Record<string, FileState>>;
  readonly hash: string;
}

export const bundleRecordFile = (root: string, program: string) => join(root, 'dist', 'cache', `${program}.json`);

export function fileState(file: string): FileState | undefined {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return undefined;
  return { size: found.size, mtimeMs: found.mtimeMs, sha256: createHash('sha256').update(readFileSync(file)).digest('hex') };
}

/** A file that was only written again has not changed: its content counts where size and time do not settle it. */
export function isUnchanged(file: string, { size, mtimeMs, sha256 }: FileState): boolean {
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.size === size && (found.mtimeMs === mtimeMs || fileState(file)?.sha256 === sha256);
}

/** The record of a bundle; undefined where there is none, or one that a killed build has left unreadable. */
export function readBundleRecord(file: string): BundleRecord | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as BundleRecord;
  } catch {
    return undefined;
  }
}

/**
 * Own sources of the tree at `root` that are not what its bundles were made of; packages in node_modules are the lock file's business, and bundles that
 * were made elsewhere, such as those of a build server, nobody's.
 */
export function changedSources(
  root: string,
  names: readonly string[] = [...Object.keys(programs), ...Object.keys(deployPrograms)],
): string[] {
  const own = (file: string) => file.startsWith(root + sep) && !file.startsWith(join(root, 'node_modules') + sep);
  const inputs = new Map(names.flatMap((name) => Object.entries(readBundleRecord(bundleRecordFile(root, name))?.inputs ?? {})));
  return [...inputs]
    .filter(([file, state]) => own(file) && !isUnchanged(file, state))
    .map(([file]) => relative(root, file))
    .sort();
}
