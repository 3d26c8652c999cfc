import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readLocalOption } from './start/startOptions';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const help = `Usage: npm run report -- [--local <folder>]

Opens the page of the last run; without a desktop it says where the page is.

  --local <folder>  folder of the run (default .local)
`;
/** What opens a file the way its owner wants it, by platform; elsewhere the desktop's own. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] };

/** `npm run report`: opens the page of the last run; without a desktop it says where the page is. */
function report(): void {
  const local = readLocalOption(process.argv.slice(2), 'report', root);
  if (local === 'help') {
    process.stdout.write(help);
    return;
  }
  const page = join(local, 'report.html');
  if (!existsSync(page)) throw new UsageError(`there is no report at ${page}: run "npm start" first.`);
  const desktop = process.platform !== 'linux' || (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== '';
  const [opener, ...args] = openers[process.platform] ?? ['xdg-open'];
  const opened = desktop && spawnSync(opener, [...args, page], { stdio: 'ignore', timeout: 10_000 }).status === 0;
  process.stdout.write(opened ? `opened ${page}\n` : `${page}\n`);
}

try {
  report();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
