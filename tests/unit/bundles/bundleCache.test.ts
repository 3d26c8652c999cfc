import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BundleCache } from '../../../bundles/bundleCache';
import { bundleRecordFile, changedSources } from '../../../components/programs/bundleRecord';

const directory = mkdtempSync(join(tmpdir(), 'bundle-cache-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
};

it('answers with the hash until an input has another content or is gone', () => {
  const input = file('program.ts', 'one');
  const other = file('library.ts', 'library');
  const record = join(directory, 'cache', 'program.json');
  const cache = new BundleCache(record);
  expect(cache.unchanged()).toBeUndefined();
  cache.remember([input, other, join(directory, 'not a file')], 'abc');
  expect(cache.unchanged()).toBe('abc');
  utimesSync(input, new Date(0), new Date(0));
  expect(cache.unchanged()).toBe('abc');
  file('program.ts', 'two');
  expect(cache.unchanged()).toBeUndefined();
  cache.remember([input, other], 'ghi');
  expect(cache.unchanged()).toBe('ghi');
  rmSync(other);
  expect(cache.unchanged()).toBeUndefined();
  file('library.ts', 'library');
  expect(cache.unchanged()).toBe('ghi');
  writeFileSync(record, '{"inputs":{');
  expect(cache.unchanged()).toBeUndefined();
});

it('names the sources that have changed since, and none where the bundles were made elsewhere or of a program that is gone', () => {
  const root = join(directory, 'tree');
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  const [one = '', two = '', library = ''] = ['one.ts', 'two.ts', join('node_modules', 'library.js')].map((name) =>
    file(join('tree', name), 'first'),
  );
  const names = ['a', 'b'];
  expect(changedSources(root, names)).toEqual([]);
  for (const program of [...names, 'gone']) new BundleCache(bundleRecordFile(root, program)).remember([one, two, library], 'abc');
  new BundleCache(bundleRecordFile(root, 'gone')).remember([file(join('tree', 'three.ts'), '')], 'abc');
  rmSync(join(root, 'three.ts'));
  expect(changedSources(root, names)).toEqual([]);
  file(join('tree', 'node_modules', 'library.js'), 'second one');
  file(join('tree', 'two.ts'), 'other');
  rmSync(one);
  expect(changedSources(root, names)).toEqual(['one.ts', 'two.ts']);
  const elsewhere = join(directory, 'elsewhere');
  new BundleCache(bundleRecordFile(elsewhere, 'a')).remember([two], 'abc');
  file(join('tree', 'two.ts'), 'third');
  expect(changedSources(elsewhere, names)).toEqual([]);
});
