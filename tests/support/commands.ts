import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from '../../command-line/command';
import { projectRoot } from './projectRoot';

const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
/** The file that a script of package.json runs, where it runs one that declares a command. */
const fileOf = (script: string): string | undefined => /^node .*?((?:commands|tests)\/[\w/]+)\.c?[jt]s$/.exec(scripts[script] ?? '')?.[1];

/** Scripts of package.json that are commands of ours. */
export const commandScripts: readonly string[] = Object.keys(scripts).filter((script) => fileOf(script) !== undefined);

/** The command that a script of package.json runs, as its file declares it. */
export async function commandOf(script: string): Promise<Command> {
  const file = fileOf(script);
  if (file === undefined) throw new Error(`package.json has no command ${script}`);
  return ((await import(join(projectRoot, `${file}.ts`))) as { readonly command: Command }).command;
}
