import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** What a bundle was made of: size and time of each file, and the hash of what came out. */
interface CacheEntry { readonly recipe: string; readonly inputs: Readonly<Record<string, string>>; readonly hash: string }

const stampOf = (file: string): string | undefined => {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.size}:${found.mtimeMs}`;
};
const recipeOf = (files: readonly string[]) => files.reduce((hash, file) => hash.update(readFileSync(file)).update('\0'), createHash('sha256')).digest('hex');

/** Remembers bundles in a file each, so that an unchanged tree is not bundled again. */
export class BundleCache {
  private readonly recipe: string;
  /** `recipe`: files that decide how every bundle is made. */
  constructor(private readonly file: string, recipe: readonly string[]) {
    this.recipe = recipeOf(recipe);
  }

  /** The hash of the bundle, when nothing it was made of has changed since. */
  unchanged(): string | undefined {
    if (!existsSync(this.file)) return undefined;
    const { recipe, inputs, hash } = JSON.parse(readFileSync(this.file, 'utf8')) as CacheEntry;
    return recipe === this.recipe && Object.entries(inputs).every(([file, stamp]) => stampOf(file) === stamp) ? hash : undefined;
  }

  remember(inputs: readonly string[], hash: string): void {
    mkdirSync(dirname(this.file), { recursive: true });
    const entry: CacheEntry = { recipe: this.recipe, inputs: Object.fromEntries(inputs.flatMap((file) => { const stamp = stampOf(file); return stamp === undefined ? [] : [[file, stamp]]; })), hash };
    writeFileSync(this.file, JSON.stringify(entry));
  }
}
