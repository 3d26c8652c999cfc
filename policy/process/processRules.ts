import { isMapping, listOf, textOf } from './pipelineFiles';
import { comesAfter, stepsOf, type PipelineJob, type PipelineStage } from './pipelineModel';
import type { Process } from './processModel';

/** What must hold of the way in which the project is judged and deployed. */
export interface ProcessRule {
  /** Name in docs/considerations.md. */
  readonly name: string;
  readonly description: string;
  readonly judge: (process: Process) => string[];
}

const verifyStage = 'verify';
/** Commands of the jobs that every change must pass: those that nothing can switch off. */
const alwaysRun = ({ stages }: Process): string[] =>
  stepsOf(stages.filter(({ name, condition, dependsOn }) => name === verifyStage && condition === undefined && dependsOn.length === 0))
    .filter(({ job, step }) => job.condition === undefined && step.raw['condition'] === undefined)
    .flatMap(({ step }) => step.commands);
const missing = (wanted: readonly string[], found: readonly string[], where: string) =>
  wanted.filter((text) => !found.includes(text)).map((text) => `${where}: no "${text}"`);
const laneCommands = ({ lanes }: Process) => lanes.map(({ command }) => command);

const onMain = ['succeeded()', "eq(variables['Build.SourceBranch'], 'refs/heads/main')", "ne(variables['Build.Reason'], 'PullRequest')"];
const changesSomething = (command: string) => /\bpulumi (up|update|destroy|refresh|import|cancel)\b|npm run smoke\b/.test(command);
const under = (stage: string, job: PipelineJob, command: string, exceptions: string | undefined) => {
  const options = [...command.matchAll(/--policy-pack(?:-config)? \S+/g)].map(([option]) => option);
  const wanted = ['--policy-pack policy', ...(exceptions === undefined ? [] : [`--policy-pack-config ${exceptions}`])];
  return options.join(' ') === wanted.join(' ')
    ? []
    : [`${stage}/${job.name}: "${command.slice(0, 60)}…" has ${options.join(' ') || 'no policy pack'}, expected ${wanted.join(' ')}`];
};
const publishes = (job: PipelineJob, after: number) => job.steps.slice(after).some(({ raw }) => raw['publish'] !== undefined);
const including = (node: Process['main'][string] | undefined) =>
  listOf(isMapping(node) && isMapping(node['branches']) ? node['branches']['include'] : undefined).map(textOf);

/** The way of one stack: preview, approval, deployment, smoke test, in this order. */
function judgeWay(stages: readonly PipelineStage[], { name, exceptions }: Process['stacks'][number]): string[] {
  const [preview, deploy] = [`preview_${name}`, `deploy_${name}`].map((stageName) => stages.find((stage) => stage.name === stageName));
  if (preview === undefined || deploy === undefined) return [`${name}: expected the stages preview_${name} and deploy_${name}`];
  const find = (stage: PipelineStage, wanted: RegExp) =>
    stage.jobs.flatMap((job) =>
      job.steps.flatMap((step, index) =>
        step.commands.filter((command) => wanted.test(command)).map((command) => ({ job, index, command })),
      ),
    );
  const shown = find(preview, new RegExp(`^pulumi preview --stack ${name} `))[0];
  const up = find(deploy, new RegExp(`^pulumi up --stack ${name} `))[0];
  const smoke = find(deploy, new RegExp(`^npm run smoke -- --stack ${name}( |$)`))[0];
  return [
    ...(shown === undefined
      ? [`${preview.name}: no pulumi preview of ${name}`]
      : [
          ...under(preview.name, shown.job, shown.command, exceptions),
          ...(publishes(shown.job, shown.index) ? [] : [`${preview.name}: nobody can read the preview, it is not published`]),
        ]),
    ...(up === undefined ? [`${deploy.name}: no pulumi up of ${name}`] : under(deploy.name, up.job, up.command, exceptions)),
    ...(smoke === undefined || up === undefined || smoke.index <= up.index
      ? [`${deploy.name}: expected the smoke test of ${name} after pulumi up`]
      : []),
    // A stack waits for no other one: a plant whose deployment fails holds up nobody else's.
    ...(
      [
        [preview, verifyStage],
        [deploy, preview.name],
      ] as const
    )
      .filter(([stage, before]) => stage.dependsOn.join() !== before)
      .map(([stage, before]) => `${stage.name}: waits for ${stage.dependsOn.join(', ') || 'nothing'}, expected ${before}`),
    ...[preview, deploy].flatMap(({ name: stage, condition = '' }) =>
      onMain
        .filter((requirement) => !condition.startsWith('and(') || !condition.includes(requirement))
        .map((requirement) => `${stage}: its condition does not ask for ${requirement}`),
    ),
  ];
}

export const processRules: readonly ProcessRule[] = [
  {
    name: 'changes-judged',
    description: 'No change reaches main without the checks, the unit tests, the policy pack and its mutants.',
    judge: (process) => [
      ...missing(
        ['npm run check', 'npx jest tests/unit', 'npx jest tests/unit/policy tests/unit/components/armCheck.test.ts', 'npm run mutate'],
        alwaysRun(process),
        verifyStage,
      ),
      ...['trigger', 'pr'].filter((key) => !including(process.main[key]).includes('main')).map((key) => `${key}: expected the branch main`),
      ...missing(['npm run check', 'npm test', 'npm run mutate'], laneCommands(process), '.ci/run'),
    ],
  },
  {
    name: 'loop-closes',
    description:
      'What is deployed has closed the loop in the local region; the gate also proves roles and faults, and runs the real engine.',
    judge: (process) => [
      ...missing(['npm start'], alwaysRun(process), verifyStage),
      ...missing(
        [
          'closed_loop',
          'shipped_factories',
          'real_engine',
          'env FACTORY_LOOP_ENGINE=required npx jest tests/engine',
          'npm run e2e',
          'npm run faults',
          'npm run proof',
        ],
        laneCommands(process),
        '.ci/run',
      ),
    ],
  },
  {
    name: 'secrets-sought',
    description: 'A secret that is committed is found before it is merged, also in what was committed earlier.',
    judge: (process) => [
      ...missing(['bash .ci/secret-scan'], alwaysRun(process), verifyStage),
      ...missing(['.ci/secret-scan'], laneCommands(process), '.ci/run'),
      ...stepsOf(process.stages)
        .filter(
          ({ step, job }) =>
            step.commands.includes('bash .ci/secret-scan') &&
            !job.steps.some(({ raw }) => raw['checkout'] === 'self' && raw['fetchDepth'] === '0'),
        )
        .map(({ job }) => `${job.name}: expected a checkout of the whole history (fetchDepth 0)`),
      ...['gitleaks git ', 'gitleaks dir ']
        .filter((scan) => !process.secretScan.includes(scan))
        .map((scan) => `.ci/secret-scan: no "${scan.trim()}"`),
      ...(/^version=v\d+\.\d+\.\d+$/m.test(process.secretScan) && process.secretScan.includes('gitleaks/v8@$version')
        ? []
        : ['.ci/secret-scan: expected one version of the scanner']),
      ...(process.secretScan.includes('set -euo pipefail') ? [] : ['.ci/secret-scan: a failed command would be passed over']),
    ],
  },
  {
    name: 'stacks-planned',
    description: 'Before a merge the reviewer sees what every stack holds, allows and costs.',
    judge: (process) => {
      const commands = alwaysRun(process);
      const jobs = process.stages.filter(({ name }) => name === verifyStage).flatMap((stage) => stage.jobs);
      const planning = jobs.filter((job) => job.steps.some(({ commands: of }) => of.some((command) => command.includes('run plan '))));
      return [
        ...process.stacks.flatMap(({ name }) =>
          ['', ' --roles', ' --cost']
            .filter((view) => !commands.some((command) => command.startsWith(`npm --silent run plan -- --stack ${name}${view} >`)))
            .map((view) => `no plan of ${name}${view}`),
        ),
        ...planning
          .filter(
            (job) =>
              !publishes(
                job,
                job.steps.findLastIndex(({ commands: of }) => of.some((command) => command.includes('run plan '))),
              ),
          )
          .map(({ name }) => `${name}: the plans are not published`),
      ];
    },
  },
  {
    name: 'stacks-deployed',
    description: 'Every shipped stack is deployed by the pipeline: preview under the policy pack, approval, deployment, smoke test.',
    judge: ({ stages, stacks }) => stacks.flatMap((stack) => judgeWay(stages, stack)),
  },
  {
    name: 'people-approve',
    description:
      'What changes Azure runs in a deployment whose environment a person approves, and after everything that judges the change.',
    judge: ({ stages, main }) => [
      ...stepsOf(stages)
        .filter(({ step }) => step.commands.some(changesSomething))
        .flatMap(({ stage, job, step }) => [
          ...(job.environment === undefined || job.environment === ''
            ? [`${stage.name}/${job.name}/${step.name}: runs in no environment`]
            : []),
          ...(comesAfter(stages, stage, verifyStage) ? [] : [`${stage.name}/${job.name}/${step.name}: does not wait for ${verifyStage}`]),
        ]),
      ...(main['lockBehavior'] === 'sequential' ? [] : ['lockBehavior: expected sequential, or an older run may overtake a newer one']),
    ],
  },
  {
    name: 'certificates-looked-after',
    description: 'Every week the certificates of all stacks are looked at; a simulated site that is due is proposed its next one.',
    judge: ({ certificates, certificateStages, stacks }) => [
      ...(listOf(certificates['schedules'])
        .filter(isMapping)
        .some((schedule) => /^\S+( \S+){4}$/.test(textOf(schedule['cron'])) && schedule['always'] === 'true')
        ? []
        : ['expected a schedule that runs without a change, too']),
      ...stacks.flatMap(({ name }) => {
        const commands = certificateStages
          .flatMap(({ jobs }) => jobs)
          .filter((job) => job.name === `certificate_${name}`)
          .flatMap(({ steps }) => steps.flatMap((step) => step.commands));
        const positions = [
          `npm run certificate -- renew --stack ${name}`,
          'git push --force origin "$branch"',
          `npm run certificate -- status --stack ${name}`,
        ].map((command) => commands.indexOf(command));
        return positions.includes(-1) || positions.some((position, index) => index > 0 && position < (positions[index - 1] ?? 0))
          ? [`${name}: expected renew, a pull request and status, in this order`]
          : [];
      }),
    ],
  },
];
