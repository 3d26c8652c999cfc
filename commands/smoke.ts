import { join } from 'node:path';
import { defineCommand, flag, oneOfWords, option, type Given } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { isSmokeDataset } from '../contracts/datasets';
import { loopSteps } from '../loop/loopSteps';
import { existingPath } from './options/givenPath';
import { localStacksOption } from './options/localFolder';
import { deployedStackOption } from './options/stackName';
import { wholeNumber } from './options/wholeNumber';
import { smoke } from './smoke/smoke';
import { asOperator } from './stack/personSignIn';

const root = join(__dirname, '..');
const options = {
  stack: deployedStackOption,
  timeout: option('seconds', 'how long all of it may take, 10 to 86400 (default 2700)', {
    parse: wholeNumber('whole seconds', 10, 86_400),
    otherwise: 2_700,
  }),
  until: option('step', 'stop after this step, such as 7 (default 13c)', {
    parse: oneOfWords(loopSteps.map(({ id }) => id)),
    otherwise: '13c',
  }),
  raw: option('file', "drop this CSV file; without it a piece of the factory's own raw data, or simulated data where there are none", {
    parse: existingPath('file'),
  }),
  approve: flag('let the delivery of the test go, where people approve releases and you are one of them'),
  'keep-evidence': flag('take away only the raw file'),
  'clean-up': option('data set', 'only take away what an earlier test left, smoke-<id>', {
    parse: (text: string) => {
      if (!isSmokeDataset(text)) throw new UsageError('expected the data set of a smoke test, smoke-<id>.');
      return text;
    },
  }),
  local: localStacksOption,
  json: flag('only the report, as JSON, on standard output'),
};

function check(given: Given<object, typeof options>) {
  if (given['clean-up'] !== undefined && (given.raw !== undefined || given['keep-evidence'] || given.approve))
    throw new UsageError('--clean-up: goes with neither --raw, --keep-evidence nor --approve.');
  return given;
}

export const command = defineCommand({
  script: 'smoke',
  usage: ['--stack <name> [options]'],
  summary:
    "Drops a small raw file into a deployed stack and follows it round the loop, from step 1a to 13c, as a data set of its own beside the factory's. Then takes away again what can be taken away. What it touches, the roles that it needs and what it leaves: docs/smoke.md.",
  options,
  examples: ['npm run smoke -- --stack dev', 'npm run smoke -- --stack dev --until 7 --raw recording.csv'],
  exits: { 0: 'all steps were seen', 1: 'a step is missing or failed' },
  check,
  run: (asked, { terminal }) => asOperator(asked.local, asked.stack, (isLocal) => smoke(asked, isLocal, root, terminal)),
});

runScript(module, command);
