import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCommandLine } from '../../../../command-line/readCommandLine';
import { commandOf } from '../../../support/commands';
import { processMutant, processSurvivors } from '../../../mutation/processMutants';
import { readProcessRows, type ProcessRow } from '../../../mutation/processRows';
import { allProcessRules } from '../../../../policy/process/allProcessRules';
import { expandedPipeline, readProcessFiles, type Node, type ProcessFiles } from '../../../../policy/process/pipelineFiles';
import { stepsOf } from '../../../../policy/process/pipelineModel';
import { processOf } from '../../../../policy/process/processModel';
import { projectRoot } from '../../../support/projectRoot';

const files = readProcessFiles(projectRoot);
const process = processOf(files, projectRoot);
const rows = readProcessRows(readFileSync(join(projectRoot, 'docs', 'considerations.md'), 'utf8'));
const found = (of: ProcessFiles) =>
  allProcessRules.flatMap((rule) => rule.judge(processOf(of, projectRoot)).map((one) => `${rule.name}: ${one}`));

/** The files with a text of one of them replaced, wherever it stands; the text must be there. */
function withChange(file: string, from: string, to: string): ProcessFiles {
  const change = (node: Node): Node =>
    typeof node === 'string'
      ? node.replaceAll(from, to)
      : Array.isArray(node)
        ? node.map(change)
        : Object.fromEntries(Object.entries(node).map(([key, value]) => [key, change(value as Node)]));
  const changed = {
    yaml: { ...files.yaml, ...(files.yaml[file] === undefined ? {} : { [file]: change(files.yaml[file]) }) },
    text: { ...files.text, ...(files.text[file] === undefined ? {} : { [file]: files.text[file].replaceAll(from, to) }) },
  };
  expect(changed).not.toEqual(files);
  return changed;
}
/** The pipeline with more in its first job, or in one of its steps. */
function withMore(
  file: string,
  more: { readonly step?: Node; readonly inJob?: object; readonly inStep?: object; readonly inStage?: object },
): ProcessFiles {
  const pipeline = files.yaml[file] as { stages: [{ jobs: { steps: Record<string, Node>[] }[] }] };
  const [stage, ...stages] = pipeline.stages;
  const [job, ...jobs] = stage.jobs;
  const steps = (job?.steps ?? []).map((step, index, all) => (index === all.length - 1 ? { ...step, ...more.inStep } : step));
  const changed = {
    ...pipeline,
    stages: [
      {
        ...stage,
        ...more.inStage,
        jobs: [{ ...job, ...more.inJob, steps: [...steps, ...(more.step === undefined ? [] : [more.step])] }, ...jobs],
      },
      ...stages,
    ],
  };
  return { ...files, yaml: { ...files.yaml, [file]: changed as unknown as Node } };
}
const main = 'azure-pipelines.yml';
const deploy = '.azure-pipelines/deploy-stack.yml';

describe('the process', () => {
  it('is as its rules ask', () => {
    expect(stepsOf(process.stages).length).toBeGreaterThan(30);
    expect(found(files)).toEqual([]);
  });

  it('has rules with names of their own, and a row for each', () => {
    const names = allProcessRules.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !rows.some(({ rule }) => rule === name))).toEqual([]);
    expect(allProcessRules.filter(({ description }) => !/\.$/.test(description))).toEqual([]);
  });

  it('cannot lose a step of docs/considerations.md without a rule that notices', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(processSurvivors(rows, files, allProcessRules, (of) => processOf(of, projectRoot))).toEqual([]);
  });

  it.each([
    '| O2 x | `azure-pipelines.yml` | `changes-judged` | tests/x |',
    '| no number | `azure-pipelines.yml`: `pr` | `changes-judged` | tests/x |',
  ])('is not read past a row that says %s', (line) => {
    expect(() => readProcessRows(`\n## Held by a step of the process\n\n| a |\n|---|\n${line}\n\n## Next\n`)).toThrow(
      /expected consideration/,
    );
  });

  it('has no mutant for a step that is not there, so that a row cannot outlive it', () => {
    const row: ProcessRow = {
      bullet: 'O2 x',
      file: main,
      place: 'verify/code/nothing',
      text: undefined,
      rule: 'changes-judged',
      tests: [],
    };
    expect(
      [
        row,
        { ...row, file: 'other.yml' },
        { ...row, place: 'verify/code/check', text: 'nothing' },
        { ...row, file: '.ci/run', place: 'no such lane' },
      ].map((one) => processMutant(files, one)),
    ).toEqual([undefined, undefined, undefined, undefined]);
    expect(
      processSurvivors(
        [row, { ...row, place: 'pr', rule: 'nobody' }, { ...row, place: 'verify/code/check', rule: 'secrets-sought' }],
        files,
        allProcessRules,
        (of) => processOf(of, projectRoot),
      ),
    ).toEqual([
      expect.stringContaining('there is no such step'),
      expect.stringContaining('there is no rule nobody'),
      expect.stringContaining('did not notice'),
    ]);
  });
});

const cases: [string, ProcessFiles, RegExp][] = [
  [
    'a deployment before anything is judged',
    withMore(main, { step: { script: 'npm ci --no-progress\npulumi up --yes', name: 'early' } }),
    /^people-approve: verify\/code\/early: runs in no environment$/,
  ],
  [
    'a deployment outside main',
    withChange(
      deploy,
      "eq(variables['Build.SourceBranch'], 'refs/heads/main')",
      "startsWith(variables['Build.SourceBranch'], 'refs/heads/')",
    ),
    /^stacks-deployed: deploy_dev: its condition does not ask for eq\(variables\['Build\.SourceBranch'\]/,
  ],
  [
    'a condition of which one part is enough',
    withChange(deploy, 'and(succeeded()', 'or(succeeded()'),
    /^stacks-deployed: preview_battery: its condition/,
  ],
  [
    'a deployment in no environment',
    withChange(deploy, 'factory-loop-${{ parameters.stack }}', ''),
    /^people-approve: deploy_dev\/deploy\/up: runs in no environment$/,
  ],
  [
    'exceptions of another stack',
    withChange(main, 'policy/exceptions/packaging.json', 'policy/exceptions/dev.json'),
    /^stacks-deployed: deploy_packaging\/deploy: .*expected --policy-pack policy --policy-pack-config policy\/exceptions\/packaging\.json$/,
  ],
  [
    'checks that may be skipped',
    withMore(main, { inStage: { condition: "eq(variables['check'], 'yes')" } }),
    /^changes-judged: verify: no "npm run check"$/,
  ],
  [
    'a job that may be skipped',
    withMore(main, { inJob: { condition: "ne(variables['hurry'], 'yes')" } }),
    /^changes-judged: verify: no "npm run check"$/,
  ],
  [
    'a step that may be skipped',
    withMore(main, { inStep: { condition: "ne(variables['hurry'], 'yes')" } }),
    /^changes-judged: verify: no "npx jest tests\/unit"$/,
  ],
  [
    'a step that may fail',
    withMore(main, { inStep: { continueOnError: 'true' } }),
    /^nothing-passed-over: verify\/code\/units: continueOnError$/,
  ],
  [
    'a job that may fail',
    withMore(main, { inJob: { continueOnError: 'true' } }),
    /^nothing-passed-over: verify\/code\/check: continueOnError$/,
  ],
  [
    'a failure that is passed over',
    withChange(main, 'npm run mutate', 'npm run mutate || true'),
    /^nothing-passed-over: verify\/policy\/mutate: passes over/,
  ],
  [
    'a step after a failure',
    withMore(main, { inStep: { condition: 'always()' } }),
    /^nothing-passed-over: verify\/code\/units: runs after a failure, too$/,
  ],
  [
    'lines of which the last one counts',
    withChange('.azure-pipelines/plan-stack.yml', 'set -euo pipefail\n', ''),
    /^nothing-passed-over: verify\/plan\/plan_dev: a failed command would be passed over/,
  ],
  [
    'a secret in a variable',
    withChange('.azure-pipelines/variables.yml', 'stateAccount', 'stateAccessToken'),
    /^no-secret-in-pipelines: variable stateAccessToken/,
  ],
  [
    'a passphrase',
    withChange('.azure-pipelines/signed-in.yml', 'export ARM_SUBSCRIPTION_ID', 'export PULUMI_CONFIG_PASSPHRASE=x ARM_SUBSCRIPTION_ID'),
    /^no-secret-in-pipelines: .*names a secret$/,
  ],
  [
    'one federated token for the whole deployment',
    withChange(
      '.azure-pipelines/signed-in.yml',
      'export ARM_SUBSCRIPTION_ID',
      'export ARM_USE_OIDC=true ARM_OIDC_TOKEN="$idToken" ARM_SUBSCRIPTION_ID',
    ),
    /^no-secret-in-pipelines: .*signs in with one token, which ends after ten minutes/,
  ],
  [
    'a federated token in the environment of a step',
    withMore(main, { step: { task: 'AzureCLI@2', inputs: { addSpnToEnvironment: 'true', inlineScript: 'true' }, name: 'early' } }),
    /^no-secret-in-pipelines: verify\/code\/early\/inputs\/addSpnToEnvironment: signs in with one token/,
  ],
  [
    'a session that ends while the stack is deployed',
    withChange('.azure-pipelines/signed-in.yml', 'true', 'false'),
    /^no-secret-in-pipelines: deploy_dev\/deploy\/up: does not sign in .*with a session that is renewed/,
  ],
  [
    'a state that a key opens',
    withChange('.azure-pipelines/signed-in.yml', 'azblob://state?storage_account=$(stateAccount)', 'file:///tmp'),
    /^no-secret-in-pipelines: .*expected its state in Blob Storage/,
  ],
  [
    'credentials that stay on the disk',
    withChange(main, 'false', 'true'),
    /^no-secret-in-pipelines: verify\/code\/checkout: keeps the credentials/,
  ],
  [
    'another Pulumi than that of the SDK',
    withChange('.azure-pipelines/variables.yml', process.versions['@pulumi/pulumi'] ?? '', '3.0.0'),
    /^versions-pinned: pulumiVersion is 3\.0\.0, expected /,
  ],
  [
    'a task without its version',
    withChange('.azure-pipelines/install.yml', 'UseNode@1', 'UseNode'),
    /^versions-pinned: .*expected a task with its version$/,
  ],
  [
    'packages that are not those of the lock file',
    withChange('.azure-pipelines/install.yml', 'npm ci --no-progress', 'npm install'),
    /^versions-pinned: .*expected npm ci, which takes the lock file$/,
  ],
  ['whatever agent there is', withChange(main, 'ubuntu-24.04', 'ubuntu-latest'), /^versions-pinned: vmImage ubuntu-latest/],
  [
    'a lane that is gone',
    withChange('.ci/run', "lane 'secret scan' .ci/secret-scan", ''),
    /^secrets-sought: \.ci\/run: no "\.ci\/secret-scan"$/,
  ],
  [
    'a scanner of any version',
    withChange('.ci/secret-scan', '@$version', '@latest'),
    /^secrets-sought: \.ci\/secret-scan: expected one version/,
  ],
  [
    'a status before the renewal',
    withChange('.azure-pipelines/renew-certificate.yml', 'npm run certificate -- renew', 'npm run certificate -- look'),
    /^certificates-looked-after: dev: expected renew/,
  ],
];

describe('the rules find', () => {
  it.each(cases)('%s', (_, changed, message) => {
    expect(found(changed)).toContainEqual(expect.stringMatching(message));
  });
});

describe('what the steps run', () => {
  const commands = [...new Set(stepsOf([...process.stages, ...process.certificateStages]).flatMap(({ step }) => step.commands))];
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
  const called = commands.flatMap((command) => {
    const [, script = '', , rest = ''] =
      /^npm(?: --silent)?(?: run)? ([\w:-]+)( -- ([^>|]*))?/.exec(command.replace(/^npm ci .*/, '')) ?? [];
    return script === ''
      ? []
      : [
          {
            script,
            args: rest
              .replace(/^ -- /, '')
              .trim()
              .split(' ')
              .filter((one) => one !== ''),
          },
        ];
  });

  it('exists', () => {
    expect(called.length).toBeGreaterThan(15);
    expect(called.filter(({ script }) => scripts[script] === undefined)).toEqual([]);
    const paths = commands
      .flatMap((command) => (/^(?:npx jest|bash) (.*)$/.exec(command)?.[1] ?? '').split(' '))
      .concat(commands.flatMap((one) => [...one.matchAll(/--policy-pack(?:-config)? (\S+)/g)].map(([, path = '']) => path)))
      .filter((path) => path !== '');
    expect(paths).toEqual(expect.arrayContaining(['tests/unit', '.ci/secret-scan', 'policy', 'policy/exceptions/packaging.json']));
    expect(paths.filter((path) => !existsSync(join(projectRoot, path)))).toEqual([]);
  });

  it('is called with options that it takes', async () => {
    const withOptions = called.filter(({ args }) => args.length > 0);
    expect(new Set(withOptions.map(({ script }) => script))).toEqual(new Set(['plan', 'smoke', 'certificate']));
    for (const { script, args } of withOptions) {
      const declared = await commandOf(script);
      expect(() => readCommandLine(declared, args)).not.toThrow();
    }
    const smoke = await commandOf('smoke');
    expect(() => readCommandLine(smoke, ['--stack', 'dev', '--until', '14'])).toThrow(/--until 14/);
  });
});

describe('a template', () => {
  const yaml = (pipeline: Node, template: Node): ProcessFiles => ({ text: {}, yaml: { 'p.yml': pipeline, 't/t.yml': template } });
  const using = (parameters: Node): Node => ({ steps: [{ template: 't/t.yml', parameters }] });
  const template: Node = {
    parameters: [
      { name: 'a', type: 'string' },
      { name: 'b', type: 'string', default: 'x' },
    ],
    steps: [{ script: 'echo ${{ parameters.a }} ${{ parameters.b }}' }],
  };

  it('is put in with what it is given and what it has by default', () => {
    expect(expandedPipeline(yaml(using({ a: '1' }), template), 'p.yml')).toEqual({ steps: [{ script: 'echo 1 x' }] });
  });

  it.each([
    [using({}), /expected a value for its parameter a/],
    [using({ a: '1', c: '2' }), /no parameter c/],
    [{ steps: [{ template: 'none.yml' }] }, /there is no template none\.yml/],
    [{ steps: [{ script: '${{ variables.a }}' }] }, /expected a parameter/],
  ] as [Node, RegExp][])('is refused where Azure Pipelines refuses it: %j', (pipeline, message) => {
    expect(() => expandedPipeline(yaml(pipeline, template), 'p.yml')).toThrow(message);
  });
});
