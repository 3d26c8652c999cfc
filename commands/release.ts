import { join } from 'node:path';
import { actionOf, anyText, defineCommand, flag, option, type Given } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { localStacksOption } from './options/localFolder';
import { deployedStackOption } from './options/stackName';
import { explainRelease, listOrDecide, reasonOf, type ReleaseOptions } from './release/listOrDecide';
import { asOperator } from './stack/personSignIn';

const root = join(__dirname, '..');
const inputs = {
  arguments: { action: actionOf(['list', 'approve', 'reject']), delivery: anyText },
  options: {
    stack: deployedStackOption,
    reason: option('text', 'why; kept with the delivery (needed to reject)', { parse: reasonOf }),
    all: flag('with list: every delivery, not only those that wait'),
    local: localStacksOption,
    json: flag('the records as JSON, on standard output'),
  },
};

function check(given: Given<typeof inputs.arguments, typeof inputs.options>): ReleaseOptions {
  const { action, delivery, stack, reason, all } = given;
  if (action === 'list') {
    if (delivery !== undefined) throw new UsageError(`unexpected "${delivery}": list takes no delivery.`);
    if (reason !== undefined) throw new UsageError('--reason: goes with approve or reject.');
    return { ...given, action };
  }
  if (delivery === undefined)
    throw new UsageError(`${action}: expected the id of a delivery; "npm run release -- list --stack ${stack}" shows those that wait.`);
  if (action === 'reject' && (reason ?? '').trim() === '')
    throw new UsageError('reject: expected --reason <text>: whoever trains the next model wants to know.');
  if (all) throw new UsageError('--all: goes with list.');
  return { ...given, action, delivery };
}

export const command = defineCommand({
  script: 'release',
  usage: ['<list|approve|reject> [<delivery>] --stack <name>'],
  summary:
    'Where a stack asks for it (release: approved, the default of production), a validated package waits until a person lets it go to the factory.',
  actions: [
    ['list', 'what waits: package, model, figures of the gate'],
    ['approve <delivery>', 'the package goes to the factory'],
    ['reject <delivery>', 'it does not, and its model is marked as rejected'],
    ['<delivery>', 'the id, or the first 8 characters of it or more'],
  ],
  ...inputs,
  examples: ['npm run release -- list --stack dev', 'npm run release -- approve 0b7e6b0e --stack dev --reason "seen on line 2"'],
  exits: { 0: 'done', 1: 'the delivery cannot be decided (there is none, or it has been)' },
  check,
  run: (asked, { terminal }) => asOperator(asked.local, asked.stack, () => listOrDecide(asked, root, terminal)),
  explain: explainRelease,
});

runScript(module, command);
