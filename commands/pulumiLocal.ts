import { join } from 'node:path';
import { defineCommand } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { runOnLocalStacks } from './up/runOnLocalStacks';

export const command = defineCommand({
  script: 'pulumi:local',
  usage: ['<arguments of pulumi>'],
  summary:
    'Runs the Pulumi CLI on the stacks of up:local, for whatever else it can do: stack output, refresh, cancel. All arguments go to it as they are; "npm run pulumi:local -- help" is its own help. A command that asks the region starts it where it does not run.',
  notes: 'The Pulumi CLI is taken from PATH, else from .local/bin, where npm run engine:build puts it.',
  examples: ['npm run pulumi:local -- stack output --stack local'],
  exits: { 0: 'done', 1: 'failed; or whatever the CLI ended with', 2: 'no arguments, or there is no Pulumi CLI' },
  passesOn: (args: readonly string[]) => {
    if (args.length === 0) throw new UsageError('expected <arguments of pulumi>, got nothing');
    return args;
  },
  run: (args) => runOnLocalStacks(args, join(__dirname, '..')),
});

runScript(module, command);
