import { join } from 'node:path';
import { defineCommand, flag } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { allStateOption } from './options/localFolder';
import { localStackOption } from './options/stackName';
import { deployStack } from './up/deployStack';

export const command = defineCommand({
  script: 'up:local',
  usage: ['[options]'],
  summary:
    'Deploys the stack with the real Pulumi engine into a local Azure region. The region runs in a process of its own until npm run down:local.',
  options: {
    stack: localStackOption(
      'which stack (default local): 2 to 20 lower case letters, digits and single dashes; several live in one region',
    ),
    preview: flag('only show what would be done'),
    local: allStateOption,
  },
  notes: 'The Pulumi CLI is taken from PATH, else from .local/bin, where npm run engine:build puts it.',
  examples: ['npm run up:local', 'npm run up:local -- --stack plant-two --preview'],
  exits: { 0: 'done', 1: 'failed', 2: 'wrong usage, or there is no Pulumi CLI' },
  run: (asked, { terminal }) => deployStack(asked, join(__dirname, '..'), terminal),
});

runScript(module, command);
