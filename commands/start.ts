import { join } from 'node:path';
import { defineCommand, flag, oneOfWords, option, type Given } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { faultKinds, type Fault } from '../contracts/databus';
import { existingPath } from './options/givenPath';
import { localFolderOption } from './options/localFolder';
import { wholeNumber } from './options/wholeNumber';
import { start } from './start/start';

const columns = (names: string): readonly string[] =>
  names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
const options = {
  raw: option('file|folder', 'CSV files to learn from; without it a simulated machine delivers them', {
    parse: existingPath('file or folder'),
  }),
  time: option('column', 'time column (detected when not given)'),
  label: option('columns', 'label columns, a,b (detected when not given); they judge the model, they never train it', { parse: columns }),
  ignore: option('columns', 'columns to leave out, a,b', { parse: columns }),
  stack: option(
    'name',
    'take sizes, limits and names from Pulumi.<name>.yaml; what only Azure has is left out, the site is simulated and releases need no approval',
    { short: 's' },
  ),
  rounds: option('n', 'how often the loop goes round, 1 to 50 (default 1): what the line sends back in one round starts the next', {
    parse: wholeNumber('a whole number', 1, 50),
    otherwise: 1,
  }),
  fault: option(
    'kind',
    "step, drift, stuck or noise: the line's own machine has this fault from the first round on, for good, and healthy machines of its type deliver new raw data; the loop must not learn the fault",
    { parse: oneOfWords(faultKinds.filter((kind): kind is Fault => kind !== 'none')) },
  ),
  continue: flag('go on in the region that the last run left, instead of starting an empty one'),
  keep: flag('leave the region running afterwards; Ctrl-C ends it'),
  local: localFolderOption("folder for the region's state and the report: .local (the default) or one below it"),
  quiet: flag('only the closing table'),
  json: flag('only the report, as JSON, on standard output'),
};

function check(given: Given<object, typeof options>) {
  if (given.fault !== undefined && given.raw !== undefined)
    throw new UsageError('--fault: the fault is of the simulated machine, so it cannot go with --raw.');
  return given;
}

export const command = defineCommand({
  script: 'start',
  usage: ['[options]'],
  summary:
    'Closes the loop on this machine: deploys the stack into a local Azure region, turns raw data into a model, a Siemens edge package and a running deployment.',
  options,
  notes:
    'The report is written to report.json and report.html in that folder; "npm run report" opens it, "npm run reset" clears the folder.',
  examples: ['npm start', 'npm start -- --raw recordings --label fault', 'npm start -- --rounds 3 --continue'],
  exits: { 0: 'all steps are done', 1: 'a step is missing or failed' },
  check,
  run: (asked, { terminal }) => start(asked, join(__dirname, '..'), terminal),
});

runScript(module, command);
