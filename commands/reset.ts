import { existsSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { refuseRunning, removeRegion } from './loop/regionDirectory';
import { readLocalOption, UsageError } from './startOptions';

const root = join(__dirname, '..');

/** `npm run reset`: takes away what runs left, and nothing while a region runs. */
function reset(): void {
  const local = readLocalOption(process.argv.slice(2), 'reset', root);
  if (!existsSync(local)) {
    process.stdout.write(`${relative(root, local)} is empty already.\n`);
    return;
  }
  refuseRunning(local);
  removeRegion(local);
  rmSync(local, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  process.stdout.write(`${relative(root, local)} is cleared.\n`);
}

try {
  reset();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
