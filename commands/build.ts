import { bundleAll } from '../bundles/bundlePrograms';
import { defineCommand } from '../command-line/command';
import { whileWorking } from '../command-line/progress';
import { runScript } from '../command-line/runCommand';

export const command = defineCommand({
  script: 'build',
  usage: [''],
  summary:
    'Bundles every program into dist/ and prints name and content hash: what the images of the next pulumi up are built from. Unchanged programs are left as they are.',
  exits: { 0: 'done', 1: 'a program cannot be bundled' },
  run: async (_, { terminal }) => {
    for (const { name, hash } of await whileWorking(terminal, 'bundling the programs', bundleAll()))
      terminal.line(`${name.padEnd(24)}${hash.slice(0, 16)}`);
  },
});

runScript(module, command);
