import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/** What a bundle was made of: size and time of each file, and the hash of what came out. */
interface CacheEntry {
  readonly recipe: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly hash: string;
}

const stampOf = (file: string): string | undefined => {
  const found = statSync(file, { throwIfNoEntry: false });
  return found && `${found.size}:${found.mtimeMs}`;
};
/** Sources of the tree at `root` that are not what its bundles were made of. Bundles that were made elsewhere, such as those of a build server, are nobody's business here. */
export function changedSources(root: string): string[] {
  const directory = join(root, 'dist', 'cache');
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(directory, name), 'utf8')) as CacheEntry);
  const sources = entries
    .flatMap(({ inputs }) => Object.entries(inputs))
    .filter(([file]) => file.startsWith(root + sep) && !relative(root, file).startsWith('node_modules'));
  return [...new Set(sources.filter(([file, stamp]) => stampOf(file) !== stamp).map(([file]) => relative(root, file)))].sort();
}
const recipeOf = (files: readonly string[]) =>
  files.reduce((hash, file) => hash.update(readFileSync(file)).update('\0'), createHash('sha256')).digest('hex');

/** Remembers bundles in a file each, so that an unchanged tree is not bundled again. */
export class BundleCache {
  private readonly recipe: string;
  /** `recipe`: files that decide how every bundle is made. */
  constructor(
    private readonly file: string,
    recipe: readonly string[],
  ) {
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
    const entry: CacheEntry = {
      recipe: this.recipe,
      inputs: Object.fromEntries(
        inputs.flatMap((file) => {
          const stamp = stampOf(file);
          return stamp === undefined ? [] : [[file, stamp]];
        }),
      ),
      hash,
    };
    writeFileSync(this.file, JSON.stringify(entry));
  }
}
