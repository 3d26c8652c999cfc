import { join, resolve, sep } from 'node:path';
import { option } from '../../command-line/command';
import { UsageError } from '../../command-line/usageError';

const root = join(__dirname, '..', '..');
/** Where runs leave what they make. */
const ours = join(root, '.local');

/** The folder of a run. Throws UsageError when it is not inside the project. */
function localFolder(given: string): string {
  const local = resolve(root, given);
  // Everything in it is thrown away, so it is never a folder with anything else in it.
  if (local !== ours && !local.startsWith(`${ours}${sep}`)) throw new UsageError('expected .local or a folder below it.');
  return local;
}

export const localFolderOption = (description: string) => option('folder', description, { parse: localFolder, otherwise: ours });
export const localStacksOption = localFolderOption('folder of local stacks (default .local)');
export const allStateOption = localFolderOption('folder for all state: .local (the default) or one below it');
