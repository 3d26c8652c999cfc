import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A change of one file: a text before or after a place that is there once, or a new file. */
export type Edit = { readonly file: string } & (
  | { readonly after: RegExp | string; readonly text: string }
  | { readonly before: RegExp | string; readonly text: string }
  | { readonly newFile: string }
);

/** A recipe of CONTRIBUTING.md, followed with an example. */
export interface Recipe {
  /** Its heading there. */
  readonly title: string;
  /** What stands for a placeholder there, such as `<program>`. */
  readonly names: Readonly<Record<string, string>>;
  readonly edits: readonly Edit[];
  /** Tests that see whether it was followed to the end. */
  readonly tests: readonly string[];
}

const placesOf = (text: string, place: RegExp | string) =>
  typeof place === 'string'
    ? text.split(place).length - 1
    : [...text.matchAll(new RegExp(place, place.flags.includes('g') ? place.flags : `${place.flags}g`))].length;

/** Makes one change below a folder. Throws where its place is not there, or more than once. */
function apply(root: string, edit: Edit): void {
  const path = join(root, edit.file);
  if ('newFile' in edit) {
    if (existsSync(path)) throw new Error(`${edit.file} is there already`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, edit.newFile);
    return;
  }
  const place = 'after' in edit ? edit.after : edit.before;
  const text = readFileSync(path, 'utf8');
  const found = placesOf(text, place);
  if (found !== 1) throw new Error(`${edit.file}: expected ${String(place)} once, found it ${found} times`);
  writeFileSync(
    path,
    text.replace(place, (there) => ('after' in edit ? `${there}${edit.text}` : `${edit.text}${there}`)),
  );
}

export function follow(root: string, { edits }: Recipe): void {
  for (const edit of edits) apply(root, edit);
}

export const filesOf = ({ edits }: Recipe): string[] => [...new Set(edits.map(({ file }) => file))];
