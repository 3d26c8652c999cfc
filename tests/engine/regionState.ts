import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Everything that the region's stores hold now: `<store>: <key>`, read from its files. */
export function regionState(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl')).sort().flatMap((name) => {
    const live = new Set<string>();
    for (const line of readFileSync(join(directory, name), 'utf8').split('\n')) {
      if (line === '') continue;
      const entry = JSON.parse(line) as { k: string; d?: 1 };
      if (entry.d === undefined) live.add(entry.k);
      else live.delete(entry.k);
    }
    return [...live].map((key) => `${name.replace(/\.jsonl$/, '')}: ${key}`);
  });
}

/** What may be left of a stack, as in Azure. */
export const mayRemain: Readonly<Record<string, string>> = {
  'key-vault/vaults': 'soft delete: a vault with purge protection cannot be removed before its time',
  'key-vault/secrets': 'goes with its vault',
};
/** The region's own notes, not resources: which port a name had, so that clients find it again. */
const notes = /\/ports: /;

/** What a destroyed stack left in the region that Azure would not leave. */
export const leftovers = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((one) => !before.includes(one) && !notes.test(one) && !(one.slice(0, one.indexOf(':')) in mayRemain));
