import { bundleAll } from '../../bundles/bundlePrograms';
import { whileWorking } from '../../command-line/progress';
import type { Terminal } from '../../command-line/terminal';
import { parseConfiguration } from '../../components/configuration/configuration';
import { secretPlaceholder } from '../../plan/plainValues';
import { differenceText, planDifference } from '../../plan/planDifference';
import { plannedStack } from '../../plan/plannedStack';
import { costReport, costText } from '../../plan/price/costReport';
import { shippedPrices, type PriceTable } from '../../plan/price/priceTable';
import { refreshPrices } from '../../plan/price/retailPrices';
import type { PlannedResource, RecordedProgram } from '../../plan/recordProgram';
import { resourceTree } from '../../plan/resourceTree';
import { plannedRoles, roleTable } from '../../plan/roleTable';
import { ownSettings, readStackFile, type StackFile } from '../../plan/stackFile';

export interface PlanOptions {
  readonly stack: string;
  readonly view: 'tree' | 'roles' | 'cost' | 'diff';
  /** The stack to compare with. */
  readonly other: string | undefined;
  /** Shows the plan as a preview has it: what only a deployment can tell is unknown. */
  readonly preview: boolean;
  readonly refreshPrices: boolean;
  readonly json: boolean;
}

const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** The stack with known values; the same program also runs as in a preview, where branches see unknown ones, and must declare the same. */
async function bothRuns(stack: StackFile): Promise<{ readonly known: RecordedProgram; readonly preview: RecordedProgram }> {
  const [known, preview] = await Promise.all([plannedStack(stack, { preview: false }), plannedStack(stack, { preview: true })]);
  const missing = (from: readonly PlannedResource[], of: readonly PlannedResource[]) =>
    from.filter(({ urn }) => !of.some((resource) => resource.urn === urn)).map(({ name, type }) => `${type} ${name}`);
  const [later, only] = [missing(known.resources, preview.resources), missing(preview.resources, known.resources)];
  if (later.length > 0) note(`a first preview does not show yet, because it depends on unknown values: ${later.join(', ')}`);
  if (only.length > 0) note(`only a preview shows, because it depends on unknown values: ${only.join(', ')}`);
  return { known, preview };
}

async function refreshed(location: string): Promise<PriceTable> {
  const { table, notes } = await refreshPrices(shippedPrices, location, { today: new Date(), fetch });
  notes.forEach(note);
  return table;
}

/** What a view shows, for programs and for people. */
interface Shown {
  readonly value: unknown;
  readonly text: () => string;
}

async function planned(
  { view, preview, refreshPrices: refresh }: PlanOptions,
  stack: StackFile,
  other: StackFile | undefined,
  { paint, width }: Terminal,
): Promise<Shown> {
  // The images' tags are the content of the bundles.
  await bundleAll();
  const runs = await bothRuns(stack);
  const { resources } = runs.known;
  if (view === 'roles') {
    const roles = plannedRoles(runs.known);
    return { value: roles, text: () => roleTable(roles, width) };
  }
  if (view === 'diff' && other !== undefined) {
    const difference = planDifference(resources, (await bothRuns(other)).known.resources);
    return { value: difference, text: () => differenceText(difference, stack.stack, other.stack, width) };
  }
  if (view === 'cost') {
    const configuration = parseConfiguration(ownSettings(stack));
    const prices = refresh ? await refreshed(configuration.location) : shippedPrices;
    const report = costReport(stack.stack, resources, configuration, prices);
    return { value: report, text: () => costText(report, resources, prices.sources, width) };
  }
  const shown = preview ? runs.preview.resources : resources;
  return { value: shown, text: () => resourceTree(shown, paint, width) };
}

/** What a stack holds, allows or costs before it exists, or has otherwise than another. */
export async function showPlan(options: PlanOptions, root: string, terminal: Terminal): Promise<void> {
  const stack = readStackFile(root, options.stack, secretPlaceholder);
  const other = options.other === undefined ? undefined : readStackFile(root, options.other, secretPlaceholder, '--diff');
  const { value, text } = await whileWorking(terminal, `planning ${stack.stack}`, planned(options, stack, other, terminal));
  process.stdout.write(`${options.json ? JSON.stringify(value, null, 2) : text()}\n`);
}
