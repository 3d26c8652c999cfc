import { join } from 'node:path';
import { defineCommand, flag } from '../command-line/command';
import { whileWorking } from '../command-line/progress';
import { runScript } from '../command-line/runCommand';
import { examine } from './doctor/examine';
import { exitCodeOf } from './doctor/finding';
import { findingLines } from './doctor/findingLines';
import { stackFileOption } from './options/stackName';

export const command = defineCommand({
  script: 'doctor',
  usage: ['--stack <name> [--json]'],
  summary:
    'Says what would stop "pulumi up" of the stack, each with its fix: settings, tools on this machine, sign-in, resource providers, the deployer\'s roles and Entra permissions, policies, quotas, names that are still soft-deleted. It changes nothing. Without a connection it says what it could not check.',
  options: {
    stack: stackFileOption('stack whose Pulumi.<name>.yaml is examined'),
    json: flag('the findings as a JSON array, alone on standard output'),
  },
  examples: ['npm run doctor -- --stack dev'],
  exits: {
    0: 'everything was checked and nothing stands in the way',
    1: 'something does or could not be checked',
    2: 'wrong usage, unknown stack or bad settings',
  },
  run: async ({ stack, json }, { terminal }) => {
    const findings = await whileWorking(terminal, `examining ${stack}`, examine(stack, join(__dirname, '..')));
    if (json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
    else findingLines(findings, terminal.paint).forEach(terminal.line);
    return exitCodeOf(findings);
  },
});

runScript(module, command);
