import { join } from 'node:path';
import { defineCommand } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { allStateOption } from './options/localFolder';
import { localStackOption } from './options/stackName';
import { destroyStack } from './up/destroyStack';

export const command = defineCommand({
  script: 'down:local',
  usage: ['[options]'],
  summary: 'Destroys a stack that npm run up:local deployed. With the last one the region ends.',
  options: { stack: localStackOption('which stack (default local)'), local: allStateOption },
  examples: ['npm run down:local', 'npm run down:local -- --stack plant-two'],
  exits: { 0: 'done', 1: 'failed', 2: 'wrong usage, no such stack, or there is no Pulumi CLI' },
  run: (asked, { terminal }) => destroyStack(asked, join(__dirname, '..'), terminal),
});

runScript(module, command);
