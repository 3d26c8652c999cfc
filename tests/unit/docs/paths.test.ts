import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { projectRoot } from '../../support/projectRoot';

/** Made by a command or by npm: nothing in them is part of the tree. */
const generated = ['node_modules', 'dist', '.local', '.git', 'coverage'];
const folders = readdirSync(projectRoot, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !generated.includes(entry.name))
  .map(({ name }) => name);
const tree = readdirSync(projectRoot).concat(
  folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((name) => posix.join(folder, name)),
  ),
);
const pages = tree.filter((file) => file.endsWith('.md') && file !== 'CHANGELOG.md');
const sources = tree.filter((file) => /\.(ts|cjs|mjs)$/.test(file));
const read = (file: string) => readFileSync(join(projectRoot, file), 'utf8');

/** What begins with a folder of the project, wherever it stands: in a sentence, a cell, a command. */
const paths = new RegExp(`(?<![\\w./@<*-])(?:${folders.map((name) => name.replace('.', '\\.')).join('|')})/[\\w./*<>{},-]*`, 'g');
const links = /\]\(([^)\s:]+)\)/g;
const fileNames = /`([\w./-]+\.(?:ts|cjs|mjs|md))`/g;

/** A path with `*`, `**`, `{a,b}` and `<placeholder>` as an expression. */
const pattern = (path: string) =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replace(/<[^>]+>|\{[^}]+\}|\*\*\/|\*+/g, (found) =>
        found.startsWith('{') ? `(?:${found.slice(1, -1).replaceAll(',', '|')})` : found === '**/' ? '(?:.+/)?' : '[^/]+',
      )}$`,
  );
const exists = (path: string) => tree.includes(path) || (/[*<{]/.test(path) && tree.some((one) => pattern(path).test(one)));
/** Without the heading of a link, and without what belongs to the sentence. */
const bare = (path: string) => path.replace(/#.*$/, '').replace(/[.,/]+$/, '');

const wrongPaths = (text: string) => [...text.matchAll(paths)].map(([path]) => bare(path)).filter((path) => !exists(path));
const wrongPathsOfPage = (text: string, folder: string) => [
  ...wrongPaths(text),
  ...[...text.matchAll(links)].map(([, path = '']) => bare(path)).filter((path) => path !== '' && !exists(posix.join(folder, path))),
  ...[...text.matchAll(fileNames)].map(([, name = '']) => name).filter((name) => !tree.some((one) => `/${one}`.endsWith(`/${name}`))),
];
/** Lines and blocks; a path in a string is what the code itself looks for. */
const commentsOf = (source: string) => (source.match(/(?<=^|\s)(?:\/\*[\s\S]*?\*\/|\/\/.*)/gm) ?? []).join('\n');

it.each(pages)('%s names paths that exist', (file) => {
  expect(wrongPathsOfPage(read(file), posix.dirname(file))).toEqual([]);
});

it('comments name paths that exist', () => {
  expect(sources.length).toBeGreaterThan(500);
  expect(sources.flatMap((file) => wrongPaths(commentsOf(read(file))).map((path) => `${file}: ${path}`))).toEqual([]);
});

it.each([
  ['a file', 'as in `docs/nowhere.md`.', 'docs/nowhere.md'],
  ['a folder, in a command', 'npx jest tests/nowhere', 'tests/nowhere'],
  ['a pattern', 'tests/engine/*/package-lock.json', 'tests/engine/*/package-lock.json'],
  ['a placeholder', '`contracts/nowhere/<program>.ts`', 'contracts/nowhere/<program>.ts'],
  ['a link', '[a page](nowhere.md#part)', 'nowhere.md'],
  ['the name of a file', 'see `nowhere.ts`', 'nowhere.ts'],
])('%s that is not there is seen', (_, text, path) => {
  expect([...new Set(wrongPathsOfPage(text, 'docs'))]).toEqual([path]);
});

it('what is there, in every way of writing it, is not', () => {
  const text =
    '[the table](plan.md#costs), docs/plan.md. `contracts/settings/<program>.ts`, tests/engine/*/go.mod, tests/**/*.test.ts, dist/nowhere, (`policy/`): docs/{plan,engine}.md';
  expect(wrongPathsOfPage(text, 'docs')).toEqual([]);
  expect(wrongPaths(commentsOf("const path = 'docs/nowhere.md'; // docs/plan.md"))).toEqual([]);
  expect(wrongPaths(commentsOf('/** See docs/nowhere.md. */'))).toEqual(['docs/nowhere.md']);
});
