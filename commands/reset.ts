import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { refuseRunning, regionFolders, removeRegion } from '../loop/regionDirectory';
import { readLocalOption } from './start/startOptions';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const help = `Usage: npm run reset -- [--local <folder>]

Takes away what runs left, and nothing while a region runs there; the engine that
engine:build made stays.

  --local <folder>  folder of the runs (default .local)
`;

/** The engine that engine:build made is no run's; building it again takes minutes. */
const tools = join(root, '.local', 'bin');

/** `npm run reset`: takes away what runs left, and nothing while a region runs in the folder or below it. */
function reset(): void {
  const local = readLocalOption(process.argv.slice(2), 'reset', root);
  if (local === 'help') {
    process.stdout.write(help);
    return;
  }
  if (!existsSync(local)) {
    process.stdout.write(`${relative(root, local)} is empty already.\n`);
    return;
  }
  const places = regionFolders(local);
  places.forEach(refuseRunning);
  places.forEach(removeRegion);
  for (const path of readdirSync(local).map((name) => join(local, name)))
    if (path !== tools) rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.stdout.write(`${relative(root, local)} is cleared.\n`);
}

try {
  reset();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
