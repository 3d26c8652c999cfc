import { join } from 'node:path';
import { parseConfiguration } from '../components/configuration/configuration';
import { shippedPrices, type PriceTable } from '../plan/price/priceTable';
import type { PlannedResource, RecordedProgram } from '../plan/recordProgram';
import { secretPlaceholder } from '../plan/plainValues';
import { bundleAll } from '../bundles/bundle';
import { createTerminal } from '../command-line/terminal';
import { costReport, costText } from '../plan/price/costReport';
import { differenceText, planDifference } from '../plan/planDifference';
import { plannedStack } from '../plan/plannedStack';
import { refreshPrices } from '../plan/price/retailPrices';
import { plannedRoles, roleTable } from '../plan/roleTable';
import { resourceTree } from '../plan/resourceTree';
import { readStackFile, stacksIn, type StackFile } from '../plan/stackFile';
import { planHelp, readPlanOptions } from './plan/planOptions';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const printJson = (value: unknown) => print(JSON.stringify(value, null, 2));
/** On a terminal nothing is wider than it is; a file or a pipe gets every row on one line. */
const width = process.stdout.isTTY ? process.stdout.columns : undefined;
const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** The stack with known values; the same program also runs as in a preview, where branches see unknown ones, and must declare the same. */
async function bothRuns(stack: StackFile): Promise<{ readonly known: RecordedProgram; readonly preview: RecordedProgram }> {
  const [known, preview] = await Promise.all([plannedStack(stack, { preview: false }), plannedStack(stack, { preview: true })]);
  const missing = (from: readonly PlannedResource[], of: readonly PlannedResource[]) =>
    from.filter(({ urn }) => !of.some((one) => one.urn === urn)).map(({ name, type }) => `${type} ${name}`);
  const [later, only] = [missing(known.resources, preview.resources), missing(preview.resources, known.resources)];
  if (later.length > 0) note(`a first preview does not show yet, because it depends on unknown values: ${later.join(', ')}`);
  if (only.length > 0) note(`only a preview shows, because it depends on unknown values: ${only.join(', ')}`);
  return { known, preview };
}

const ownSettings = ({ project, configuration }: StackFile) =>
  Object.fromEntries(
    Object.entries(configuration)
      .filter(([key]) => key.startsWith(`${project}:`))
      .map(([key, value]) => [key.slice(project.length + 1), value]),
  );

async function refreshed(location: string): Promise<PriceTable> {
  const { table, notes } = await refreshPrices(shippedPrices, location, { today: new Date(), fetch });
  notes.forEach(note);
  return table;
}

/** `npm run plan`: what a stack holds, allows and costs before it exists. */
async function plan(): Promise<void> {
  const options = readPlanOptions(process.argv.slice(2), stacksIn(root));
  if (options === 'help') {
    process.stdout.write(planHelp);
    return;
  }
  const stack = readStackFile(root, options.stack, secretPlaceholder);
  const other = options.other === undefined ? undefined : readStackFile(root, options.other, secretPlaceholder);
  // The images' tags are the content of the bundles.
  await bundleAll();
  const { known, preview } = await bothRuns(stack);
  switch (options.shows) {
    case 'roles': {
      const roles = plannedRoles(known);
      return options.json ? printJson(roles) : print(roleTable(roles, width));
    }
    case 'diff': {
      if (other === undefined) return;
      const difference = planDifference(known.resources, (await bothRuns(other)).known.resources);
      return options.json ? printJson(difference) : print(differenceText(difference, stack.stack, other.stack, width));
    }
    case 'cost': {
      const configuration = parseConfiguration(ownSettings(stack));
      const prices = options.refreshPrices ? await refreshed(configuration.location) : shippedPrices;
      const report = costReport(stack.stack, known.resources, configuration, prices);
      return options.json ? printJson(report) : print(costText(report, known.resources, prices.sources, width));
    }
    case 'tree': {
      const { resources } = options.preview ? preview : known;
      const { paint } = createTerminal(process.stdout, { quiet: options.json, environment: process.env });
      return options.json ? printJson(resources) : print(resourceTree(resources, paint, width));
    }
  }
}

// A reader that has seen enough closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

plan().catch((error: Error) => {
  note(error instanceof UsageError ? error.message : error.message.split('\n').join('\n  '));
  process.exitCode = error instanceof UsageError ? 2 : 1;
});
