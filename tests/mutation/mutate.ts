import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allRules } from '../../policy/allRules';
import { violations } from '../../policy/rule';
import { defineCommand } from '../../command-line/command';
import { runScript } from '../../command-line/runCommand';
import type { DeclaredResource } from '../../policy/declaredResource';
import { declareStack, stacks, type StackName } from '../unit/support/declaredResources';
import { allProcessRules } from '../../policy/process/allProcessRules';
import { readProcessFiles } from '../../policy/process/pipelineFiles';
import { processOf } from '../../policy/process/processModel';
import { readConsiderations, type Consideration } from './considerations';
import { processSurvivors } from './processMutants';
import { readProcessRows } from './processRows';
import { propertyMutants } from './propertyMutants';
import { follows, withOtherValue } from './settingMutants';
import { projectRoot } from '../support/projectRoot';

/*
 * A program, and yet among the tests: it judges them. It breaks what the unit tests of the rules declare, by their own recorder, and those
 * tests read the same rows and make the same mutants.
 */

/** The module registry would hand out what the last run made. */
async function declareAfresh(settings: Readonly<Record<string, unknown>>): Promise<DeclaredResource[]> {
  const program = require.resolve('../../index');
  delete require.cache[program];
  // Whoever loaded it remembers it too, with everything it made.
  for (const module of Object.values(require.cache))
    if (module !== undefined) module.children = module.children.filter(({ id }) => id !== program);
  return declareStack(settings);
}

const stackOf = ({ production }: Consideration): StackName => (production ? 'production' : 'dev');

/** Prints what survived and how much was tried. */
async function mutate(): Promise<number> {
  const markdown = readFileSync(join(projectRoot, 'docs', 'considerations.md'), 'utf8');
  const rows = readConsiderations(markdown);
  const steps = readProcessRows(markdown);
  const declared = { dev: await declareAfresh(stacks.dev), production: await declareAfresh(stacks.production) };
  const survivors: string[] = [];
  let properties = 0;
  for (const row of rows) {
    const rule = allRules.find(({ name }) => name === row.rule);
    const mutants = propertyMutants(row, declared[stackOf(row)]);
    properties += mutants.length;
    if (rule === undefined || mutants.length === 0)
      survivors.push(
        `${row.kind}.${row.path}: ${rule === undefined ? `there is no rule ${row.rule}` : `no resource of ${stackOf(row)} has it`}`,
      );
    else
      survivors.push(
        ...mutants
          .filter(({ resources }) => violations(rule, resources).length === 0)
          .map(({ resource }) => `${row.rule} did not notice ${resource} without ${row.path}`),
      );
  }
  const bySetting = new Map<string, Consideration[]>();
  for (const row of rows.filter(({ setting }) => setting !== undefined))
    bySetting.set(`${stackOf(row)} ${row.setting ?? ''}`, [...(bySetting.get(`${stackOf(row)} ${row.setting ?? ''}`) ?? []), row]);
  for (const of of bySetting.values()) {
    const [first] = of;
    if (first?.setting === undefined) continue;
    const { setting } = first;
    const stack = stackOf(first);
    const changed = await declareAfresh(withOtherValue(stacks[stack], setting));
    survivors.push(
      ...of
        .filter((row) => !follows(row, declared[stack], changed))
        .map((row) => `${row.kind}.${row.path} of ${stack} does not follow ${setting}`),
    );
  }
  survivors.push(...processSurvivors(steps, readProcessFiles(projectRoot), allProcessRules, (files) => processOf(files, projectRoot)));
  for (const survivor of survivors) process.stdout.write(`survived: ${survivor}\n`);
  process.stdout.write(
    `${rows.length + steps.length} rows; ${properties} properties and ${steps.length} steps dropped, ${bySetting.size} settings changed; survivors: ${survivors.length}\n`,
  );
  return survivors.length === 0 ? 0 : 1;
}

export const command = defineCommand({
  script: 'mutate',
  usage: [''],
  summary:
    'Drops every property and every step and changes every setting of docs/considerations.md in turn; prints what no rule and no property noticed.',
  exits: { 0: 'no survivors', 1: 'a mutant survived' },
  run: mutate,
});

runScript(module, command);
