import { join } from 'node:path';
import { defineCommand, flag, option, type Given } from '../command-line/command';
import { runScript } from '../command-line/runCommand';
import { UsageError } from '../command-line/usageError';
import { stackFileOption } from './options/stackName';
import { showPlan, type PlanOptions } from './plan/showPlan';

const root = join(__dirname, '..');
const options = {
  stack: stackFileOption('the stack of Pulumi.<name>.yaml'),
  roles: flag('who may do what, where and why, one line for each role assignment'),
  cost: flag('monthly estimate by resource, with its assumptions'),
  'refresh-prices': flag("with --cost: the prices of the stack's region from Azure's public price list, where there is Internet"),
  diff: option('stack', 'what another stack has otherwise'),
  preview: flag('the plan as "pulumi preview" sees it: values that only a deployment can tell are "[unknown]"'),
  json: flag('JSON and nothing else on standard output; without other options an array with an element for each resource'),
};

/** One view at a time, and only what goes with it. */
function viewOf({ stack, roles, cost, diff, preview, json, ...given }: Given<object, typeof options>): PlanOptions {
  const [view, second] = [
    ...(roles ? (['roles'] as const) : []),
    ...(cost ? (['cost'] as const) : []),
    ...(diff === undefined ? [] : (['diff'] as const)),
  ];
  const refreshPrices = given['refresh-prices'];
  if (second !== undefined) throw new UsageError(`--${view ?? ''} and --${second}: expected one of them at a time.`);
  if (preview && view !== undefined)
    throw new UsageError(`--preview with --${view}: expected it alone or with --json; roles, cost and differences need known values.`);
  if (refreshPrices && !cost) throw new UsageError('--refresh-prices: expected it with --cost.');
  return { stack, view: view ?? 'tree', other: diff, preview, refreshPrices, json };
}

export const command = defineCommand({
  script: 'plan',
  usage: ['--stack <name> [options]'],
  summary:
    'Shows what a stack holds, allows and costs before anything is created: no sign-in, no Pulumi CLI, no network. Names end in a fixed "xxxxxx" where the deployment will put random letters.',
  options,
  notes: 'Encrypted values of the configuration show as "[secret]".',
  examples: ['npm run plan -- --stack dev', 'npm run plan -- --stack dev --cost', 'npm run plan -- --stack dev --diff packaging'],
  exits: { 0: 'done', 1: 'the program failed', 2: 'wrong usage, unknown stack or wrong configuration' },
  check: viewOf,
  run: (asked, { terminal }) => showPlan(asked, root, terminal),
});

runScript(module, command);
