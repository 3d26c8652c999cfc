import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { AppendOnlyStore } from '../../../../local-azure/region/appendOnlyStore';

const directory = mkdtempSync(join(tmpdir(), 'store-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
let count = 0;
const newFile = () => join(directory, `${count++}.jsonl`);

it('is after a restart what a map would be, however often it was written', () => {
  const change = fc.record({
    key: fc.constantFrom('a', 'b', 'c', '__proto__', 'ü\n'),
    value: fc.option(fc.jsonValue(), { nil: undefined }),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
      const file = newFile();
      const store = new AppendOnlyStore<unknown>(file);
      const expected = new Map<string, unknown>();
      let agreed = true;
      for (const { key, value } of changes) {
        if (value === undefined) agreed &&= store.delete(key) === expected.delete(key);
        else {
          store.set(key, value);
          expected.set(key, value);
        }
      }
      store.close();
      expect(agreed).toBe(true);
      const again = new AppendOnlyStore<unknown>(file);
      expect(JSON.parse(JSON.stringify([...again.entries()]))).toEqual(JSON.parse(JSON.stringify([...expected])));
      again.close();
    }),
    { numRuns: 60 },
  );
});

it('drops a line that a crash cut short and goes on behind the last whole one', () => {
  const file = newFile();
  const store = new AppendOnlyStore<number>(file);
  store.set('whole', 1);
  store.close();
  appendFileSync(file, '{"k":"cut","v":');
  const again = new AppendOnlyStore<number>(file);
  expect([...again.entries()]).toEqual([['whole', 1]]);
  again.set('after', 2);
  again.close();
  const last = new AppendOnlyStore<number>(file);
  expect([...last.entries()]).toEqual([
    ['whole', 1],
    ['after', 2],
  ]);
  last.close();
});

it('keeps nothing of what was deleted once it is compacted', () => {
  const file = newFile();
  const store = new AppendOnlyStore<string>(file);
  store.set('link', 'sig=secret');
  store.set('kept', 'value');
  store.delete('link');
  store.compact();
  expect(readFileSync(file, 'utf8')).toBe('{"k":"kept","v":"value"}\n');
  store.set('after', 'more');
  store.close();
  expect([...new AppendOnlyStore<string>(file).entries()]).toEqual([
    ['kept', 'value'],
    ['after', 'more'],
  ]);
});

it('stays small when the same key is written again and again', () => {
  const file = newFile();
  const store = new AppendOnlyStore<number>(file);
  for (let value = 0; value < 5_000; value++) store.set('one', value);
  store.set('two', 2);
  store.close();
  expect(readFileSync(file, 'utf8').split('\n').length).toBeLessThan(2_000);
  const again = new AppendOnlyStore<number>(file);
  expect([...again.entries()]).toEqual([
    ['one', 4_999],
    ['two', 2],
  ]);
  again.close();
});

it('refuses a file that is damaged in its middle instead of losing what follows', () => {
  const file = newFile();
  writeFileSync(file, '{"k":"a","v":1}\nnot json\n{"k":"b","v":2}\n');
  expect(() => new AppendOnlyStore<number>(file)).toThrow(SyntaxError);
});
