import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { factoryRoles, workspaceRoles, type FactoryRow, type PlatformRow } from '../../components/access/roleMatrix';
import { jobNames, type JobName } from '../../components/configuration/pipelineJobs';
import { builtInRoles, isCustomRole } from '../../components/resource/roles';
import type { RoleAssignment } from '../../local-azure/region/roleAssignments';
import { SiteConsole } from '../../loop/siteConsole';
import { until } from '../local/support/testRegion';
import {
  admissionExercise,
  approverExercise,
  deployerExercise,
  hubExercise,
  linkExercise,
  rawWriterExercise,
  readerExercise,
  siteExercise,
  topicExercise,
} from './support/platformExercises';
import { deliveryExercise, dropRaw, jobExercise, trainExercise } from './support/programExercises';
import { startStack, waitForJobsToEnd, type RunningStack } from './support/runningStack';
import { smokeExercise } from './support/smokeExercises';
import { withoutAssignment, type Exercise } from './support/removal';

/** What only Azure's own insides need; nothing in a local region acts as the identity of the workspace. */
const source = 'https://learn.microsoft.com/azure/machine-learning/how-to-identity-based-service-authentication';
const file = join(__dirname, '..', '..', '.local', 'least-privilege.json');

/** Configuration documents are an opt-in that no stack of this proof takes; their rights are shown where they are written and read (tests/local/siteDocuments*). */
const ofDocuments = new Set<FactoryRow['who']>(['document-writer', 'engineer']);
const rows = factoryRoles.filter(({ who }) => !ofDocuments.has(who));

type Row = FactoryRow | PlatformRow;
/** Which stack asks for a row: the default one gives these roles to nobody, because it names nobody. */
type Stack = 'default' | 'with listed people';
const stackOf = ({ who }: Row): Stack => (who === 'smoke-tester' || who === 'approver' ? 'with listed people' : 'default');

interface Result {
  readonly stack: Stack;
  /** Its name in the program. */
  readonly declared: string;
  readonly assignment: string;
  readonly who: string;
  readonly role: string;
  readonly scope: string;
  readonly step: string;
  readonly why: string;
  readonly refused?: { readonly identity: string; readonly action: string; readonly scope: string };
  readonly failed?: string;
  readonly durationMs?: number;
  readonly source?: string;
}

let running: RunningStack;
const results: Result[] = [];
const started = performance.now();
beforeAll(async () => {
  running = await startStack();
}, 300_000);
const writeRows = () => {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
};
afterAll(async () => {
  writeRows();
  const cells = ({ who, role, scope, step, refused, failed, durationMs, source: from }: Result) =>
    [
      step.padEnd(9),
      who.padEnd(21),
      role.padEnd(29),
      scope.padEnd(27),
      refused
        ? `${refused.action.split('/').slice(-3).join('/').padEnd(30).slice(0, 48)} ${failed ?? ''} (${((durationMs ?? 0) / 1_000).toFixed(1)} s)`
        : (from ?? ''),
    ].join('');
  const proven = results.filter(({ refused }) => refused);
  const inside = results.filter(({ source: from }) => from !== undefined);
  process.stdout.write(
    `\nWithout the assignment, refused:\n${proven.map(cells).join('\n')}\n\nNeeded by Azure's insides only:\n${inside.map(cells).join('\n')}\n\n${results.length} role assignments: ${proven.length} removed and missed, ${inside.length} sourced, in ${Math.round((performance.now() - started) / 1_000)} s\n`,
  );
  await running?.end();
}, 120_000);

const nameOf = ({ who, role, scope }: Row) => `${who}-${role}-${scope.replaceAll('/', '-')}`;
/** Whoever is listed in the configuration stands in the name of the assignment; here each list has one. */
const matrixName = (name: string) => name.replace(/^(reader|raw-writer|approver|smoke-tester)-[0-9a-f]{8}-/, '$1-');
const declaredAs = (row: Row) =>
  running.resources.find(({ type, name }) => type.endsWith(':authorization:RoleAssignment') && matrixName(name) === nameOf(row));
const resultOf = (row: Row) => ({
  stack: stackOf(row),
  declared: declaredAs(row)?.name ?? '',
  assignment: nameOf(row),
  who: row.who,
  role: row.role,
  scope: row.scope,
  step: row.step,
  why: row.why,
});
function assignmentOf(row: Row): RoleAssignment {
  const resource = declaredAs(row);
  const assignment = resource && running.region.context.roles.assignment(resource.id);
  if (!assignment) throw new Error(`the stack has no role assignment ${nameOf(row)}`);
  if (!isCustomRole(row.role) && !assignment.roleDefinitionId.endsWith(builtInRoles[row.role].guid))
    throw new Error(`${nameOf(row)} has another role than its name says`);
  return assignment;
}

function exerciseOf(row: FactoryRow): Promise<Exercise> | Exercise {
  const { who, role, scope } = row;
  if (jobNames.some((job) => job === who)) return jobExercise(running, who as JobName, row);
  switch (who) {
    case 'train':
      return trainExercise(running);
    case 'delivery':
      return role === 'acrPull'
        ? admissionExercise(running, 'delivery')
        : scope === 'edge/packaged-models'
          ? linkExercise(running)
          : deliveryExercise(running, row);
    case 'iot-hub':
      return hubExercise(running);
    case 'data-events':
    case 'edge-events':
    case 'ml-events':
      return topicExercise(running, row);
    case 'edge-site':
      return admissionExercise(running, 'inference-server');
    case 'site':
      return siteExercise(running, row);
    case 'deployer':
      return deployerExercise(running, row);
    case 'reader':
      return readerExercise(running, row);
    case 'raw-writer':
      return rawWriterExercise(running);
    case 'approver':
      return approverExercise(running);
    case 'smoke-tester':
      return smokeExercise(running, row);
    default:
      throw new Error(`there is no exercise for ${who}`);
  }
}

it('the stack has the assignments of the table of roles and no others, and with all of them nothing was refused in a whole round', () => {
  const declared = running.resources
    .filter(({ type }) => type.endsWith(':authorization:RoleAssignment'))
    .map(({ name }) => matrixName(name))
    .sort();
  expect(declared).toEqual([...rows, ...workspaceRoles].map(nameOf).sort());
  expect(running.report.refusals).toEqual([]);
  expect(running.report.steps.filter(({ ok }) => !ok)).toEqual([]);
  for (const row of workspaceRoles) results.push({ ...resultOf(row), source });
});

it.each(rows.map((row) => [`${row.step}: ${row.who} cannot do its part without ${row.role} at ${row.scope}`, row] as const))(
  '%s',
  async (_, row) => {
    const assignment = assignmentOf(row);
    const { denial, failed, durationMs } = await withoutAssignment(running.region, assignment, await exerciseOf(row));
    results.push({
      ...resultOf(row),
      refused: { identity: denial.identity, action: denial.action, scope: denial.scope },
      failed,
      durationMs,
    });
    expect(denial.objectId).toBe(assignment.principalId);
  },
  240_000,
);

it('the file has one row for each role assignment that plan --json shows of the default stack, and of the one with an approver and a smoke tester', async () => {
  writeRows();
  const written = JSON.parse(readFileSync(file, 'utf8')) as Result[];
  const elements = (of: readonly Result[]) =>
    of
      .map(({ declared, step, why }) => ({ name: declared, description: `step ${step}: ${why}` }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  const planned = async (stack: Stack) =>
    (await running.planned(stack))
      .map(({ name, inputs }) => ({ name, description: inputs['description'] }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(elements(written.filter(({ stack }) => stack === 'default'))).toEqual(await planned('default'));
  expect(elements(written)).toEqual(await planned('with listed people'));
}, 120_000);

it('with all of them back the loop closes again, and nothing is refused', async () => {
  await waitForJobsToEnd(running);
  await until(
    () => !running.region.containerApps.state().apps.some(({ containers }) => containers.some(({ pid }) => pid === null)),
    'all programs',
    60_000,
  );
  const refusedBefore = running.region.context.gate.denials.length;
  const record = await running.delivery();
  await dropRaw(running);
  let packageVersion = record.packageVersion;
  const deadline = performance.now() + 90_000;
  while (packageVersion === record.packageVersion && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { pipelines } = await statusOf();
    packageVersion =
      pipelines.find(
        ({ packageId, state, packageVersion: version }) =>
          packageId === record.packageId && state === 'RUNNING' && version !== record.packageVersion,
      )?.packageVersion ?? packageVersion;
  }
  expect(packageVersion).not.toBe(record.packageVersion);
  expect(running.region.context.gate.denials.slice(refusedBefore)).toEqual([]);
}, 180_000);

async function statusOf() {
  const site = await SiteConsole.connect(running.outputs.databusPort);
  try {
    return await site.status();
  } finally {
    await site.close();
  }
}
