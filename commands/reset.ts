import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { defineCommand } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { refuseRunning, regionFolders, removeRegion } from '../loop/regionDirectory';
import { localFolderOption } from './options/localFolder';

const root = join(__dirname, '..');
/** The engine that engine:build made is no run's; building it again takes minutes. */
const tools = join(root, '.local', 'bin');

export const command = defineCommand({
  script: 'reset',
  usage: ['[--local <folder>]'],
  summary: 'Takes away what runs left, and nothing while a region runs there; the engine that engine:build made stays.',
  options: { local: localFolderOption('folder of the runs (default .local)') },
  exits: { 0: 'done', 2: 'wrong usage, or a region runs in the folder or below it' },
  run: async ({ local }, { terminal }) => {
    if (!existsSync(local)) {
      terminal.line(`${relative(root, local)} is empty already.`);
      return;
    }
    const folders = regionFolders(local);
    folders.forEach(refuseRunning);
    folders.forEach(removeRegion);
    for (const path of readdirSync(local).map((name) => join(local, name)))
      if (path !== tools) rmSync(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    terminal.line(`${relative(root, local)} is cleared.`);
  },
});

runScript(module, command);
