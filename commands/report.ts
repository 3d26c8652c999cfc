import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defineCommand } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { localFolderOption } from './options/localFolder';

/** What opens a file the way its owner wants it, by platform; elsewhere the desktop's own. */
const openers: Readonly<Record<string, readonly [string, ...string[]]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] };

export const command = defineCommand({
  script: 'report',
  usage: ['[--local <folder>]'],
  summary: 'Opens the page of the last run; without a desktop it says where the page is.',
  options: { local: localFolderOption('folder of the run (default .local)') },
  exits: { 0: 'done', 2: 'wrong usage, or there is no report' },
  run: async ({ local }, { terminal }) => {
    const page = join(local, 'report.html');
    if (!existsSync(page)) throw new UsageError(`there is no report at ${page}: run "npm start" first.`);
    const desktop = process.platform !== 'linux' || (process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY'] ?? '') !== '';
    const [opener, ...args] = openers[process.platform] ?? ['xdg-open'];
    const opened = desktop && spawnSync(opener, [...args, page], { stdio: 'ignore', timeout: 10_000 }).status === 0;
    terminal.line(opened ? `opened ${page}` : page);
  },
});

runScript(module, command);
