import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BundleCache } from '../../commands/bundleCache';

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
