import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BundleCache, changedSources } from '../../commands/bundleCache';

const directory = mkdtempSync(join(tmpdir(), 'bundle-cache-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};

it('answers with the hash until an input, the recipe, or a file is gone', () => {
  const input = file('program.ts', 'one');
  const other = file('library.ts', 'library');
  const recipe = file('recipe', 'options');
  const cache = () => new BundleCache(join(directory, 'cache', 'program.json'), [recipe]);
  expect(cache().unchanged()).toBeUndefined();
  cache().remember([input, other, join(directory, 'not a file')], 'abc');
  expect(cache().unchanged()).toBe('abc');
  file('program.ts', 'other');
  expect(cache().unchanged()).toBeUndefined();
  cache().remember([input, other], 'def');
  file('recipe', 'other options');
  expect(cache().unchanged()).toBeUndefined();
  cache().remember([input, other], 'ghi');
  expect(cache().unchanged()).toBe('ghi');
  rmSync(other);
  expect(cache().unchanged()).toBeUndefined();
});

it('names the sources that have changed since, and none where the bundles were made elsewhere', () => {
  const root = join(directory, 'tree');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  const [one, two, library] = ['one.ts', 'two.ts', join('node_modules', 'library.js')].map((name) => file(join('tree', name), 'first'));
  expect(changedSources(root)).toEqual([]);
  for (const program of ['a', 'b'])
    new BundleCache(join(root, 'dist', 'cache', `${program}.json`), []).remember([one, two, library] as string[], 'abc');
  expect(changedSources(root)).toEqual([]);
  file(join('tree', 'node_modules', 'library.js'), 'second one');
  file(join('tree', 'two.ts'), 'second one');
  rmSync(join(root, 'one.ts'));
  expect(changedSources(root)).toEqual(['one.ts', 'two.ts']);
  const elsewhere = join(directory, 'elsewhere');
  mkdirSync(join(elsewhere, 'dist', 'cache'), { recursive: true });
  new BundleCache(join(elsewhere, 'dist', 'cache', 'a.json'), []).remember([two] as string[], 'abc');
  file(join('tree', 'two.ts'), 'the third');
  expect(changedSources(elsewhere)).toEqual([]);
});
