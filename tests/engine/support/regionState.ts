import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf } from '../../../loop/regionProcesses';

/** Everything that the region's stores hold now: `<store>: <key>`, read from its files, and the files that are no store: volumes, layers of images. */
export function regionState(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .sort()
    .flatMap((name) => {
      if (!name.endsWith('.jsonl')) return statSync(join(directory, name)).isFile() ? [`files: ${name}`] : [];
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
const mayRemain: Readonly<Record<string, string>> = {
  'key-vault/vaults': 'soft delete: a vault with purge protection cannot be removed before its time',
  'key-vault/secrets': 'goes with its vault',
};
/** The region's own notes, not resources: which port a name had, so that clients find it again; sign-ins that must not be repeated; logs; what Azurite clears away in its own time. */
const notes = /\/ports: |^entra\/assertions: |^files: (container-apps\/logs|logs|storage\/azurite)\//;

/** What a destroyed stack left in the region that Azure would not leave. */
export const leftovers = (before: readonly string[], after: readonly string[]): string[] =>
  after.filter((one) => !before.includes(one) && !notes.test(one) && !(one.slice(0, one.indexOf(':')) in mayRemain));

/** Programs of stacks that run now; Azurite is the region's own, and so is the shell that ends its programs when it is killed. Empty where there is no /proc. */
export const runningPrograms = (directory: string): string[] =>
  processesOf(directory).flatMap((pid) => {
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command === '' || /azurite|trap '' INT TERM HUP/i.test(command) ? [] : [command];
    } catch {
      return [];
    }
  });
