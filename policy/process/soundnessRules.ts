import { isMapping, listOf, textOf, type Node } from './pipelineFiles';
import { stepsOf, type PipelineStep } from './pipelineModel';
import type { Process } from './processModel';
import type { ProcessRule } from './processRules';

const everyStep = ({ stages, certificateStages }: Process) => stepsOf([...stages, ...certificateStages]);
const locationOf = ({ stage, job, step }: ReturnType<typeof everyStep>[number]) =>
  `${stage.name}/${job.name}/${step.name || textOf(step.raw['displayName']) || 'checkout'}`;
const inputsOf = ({ raw }: PipelineStep) => (isMapping(raw['inputs']) ? raw['inputs'] : {});
const variablesOf = ({ main, certificates }: Process) =>
  [main, certificates].flatMap((pipeline) => listOf(pipeline['variables']).filter(isMapping));
const everywhere = (node: Node, at: string): [string, string][] =>
  typeof node === 'string' ? [[at, node]] : Object.entries(node).flatMap(([key, value]) => everywhere(value as Node, `${at}/${key}`));

/** Sign-ins and stores that need a secret in a variable. */
const bySecret =
  /ARM_CLIENT_SECRET|ARM_CLIENT_CERTIFICATE|ARM_ACCESS_KEY|AZURE_CLIENT_SECRET|AZURE_STORAGE_(KEY|SAS|CONNECTION)|PULUMI_ACCESS_TOKEN|PULUMI_CONFIG_PASSPHRASE|servicePrincipalKey|BEGIN [A-Z ]*PRIVATE KEY/;

/** A federated token that is asked for once, whatever takes it: what signs in later than ten minutes is refused. */
const assertsByOneToken = /\bidToken\b|\bARM_(USE_OIDC|OIDC_TOKEN)\b|\/addSpnToEnvironment=true$/;

/** What holds of every step of every pipeline. */
export const soundnessRules: readonly ProcessRule[] = [
  {
    name: 'no-secret-in-pipelines',
    description: 'A pipeline signs in by workload identity federation; no variable holds a secret.',
    judge: (process) => [
      ...everyStep(process).flatMap((stepInJob) =>
        everywhere(stepInJob.step.raw, locationOf(stepInJob))
          .filter(([, value]) => bySecret.test(value))
          .map(([at]) => `${at}: names a secret`),
      ),
      ...variablesOf(process)
        .filter(
          (variable) =>
            variable['group'] !== undefined ||
            /secret|password|token|passphrase|(^|_)key/i.test(textOf(variable['name'])) ||
            variable['isSecret'] !== undefined,
        )
        .map((variable) => `variable ${textOf(variable['name'] ?? variable['group'])}: looks like a secret`),
      ...everyStep(process)
        .filter(
          ({ step }) =>
            step.commands.some((command) => /\bpulumi |npm run smoke|npm run certificate/.test(command)) &&
            (step.raw['task'] !== 'AzureCLI@2' || inputsOf(step)['keepAzSessionActive'] !== 'true'),
        )
        .map(
          (stepInJob) =>
            `${locationOf(stepInJob)}: does not sign in by workload identity federation with a session that is renewed (AzureCLI@2, keepAzSessionActive)`,
        ),
      ...everyStep(process).flatMap((stepInJob) =>
        everywhere(stepInJob.step.raw, locationOf(stepInJob))
          .filter(([at, value]) => assertsByOneToken.test(`${at}=${value}`))
          .map(([at]) => `${at}: signs in with one token, which ends after ten minutes; leave it to the session of AzureCLI@2`),
      ),
      ...everyStep(process)
        .filter(({ step }) => step.raw['checkout'] !== undefined && step.raw['persistCredentials'] !== 'false')
        .filter(({ job }) => !job.steps.some(({ commands }) => commands.some((command) => command.startsWith('git push '))))
        .map((stepInJob) => `${locationOf(stepInJob)}: keeps the credentials of the run on the disk`),
      ...everyStep(process)
        .filter(
          ({ step }) =>
            step.raw['task'] === 'AzureCLI@2' &&
            !/^azblob:\/\/[a-z0-9-]+\?storage_account=\S+$/.test(
              textOf(isMapping(step.raw['env']) ? step.raw['env']['PULUMI_BACKEND_URL'] : undefined),
            ),
        )
        .map((stepInJob) => `${locationOf(stepInJob)}: expected its state in Blob Storage, where Entra ID lets it in`),
    ],
  },
  {
    name: 'nothing-passed-over',
    description: 'A step that fails, fails the run.',
    judge: (process) => [
      ...everyStep(process).flatMap((stepInJob) => [
        ...['continueOnError', 'enabled', 'retryCountOnTaskFailure']
          .filter(
            (key) => stepInJob.step.raw[key] !== undefined || (key !== 'retryCountOnTaskFailure' && stepInJob.job.raw[key] !== undefined),
          )
          .map((key) => `${locationOf(stepInJob)}: ${key}`),
        ...[stepInJob.step.raw['condition'], stepInJob.job.condition, stepInJob.stage.condition]
          .filter((condition) => /always\(\)|failed\(\)|succeededOrFailed\(\)/i.test(textOf(condition)))
          .map(() => `${locationOf(stepInJob)}: runs after a failure, too`),
        ...(stepInJob.step.commands.length > 1 && stepInJob.step.commands[0] !== 'set -euo pipefail'
          ? [`${locationOf(stepInJob)}: a failed command would be passed over, expected set -euo pipefail first`]
          : []),
        ...stepInJob.step.commands
          .filter((command) => /\|\|\s*(true|:)\s*$|set \+e/.test(command))
          .map((command) => `${locationOf(stepInJob)}: passes over the failure of ${command}`),
      ]),
      ...stepsOf(process.stages)
        .filter(({ stage, job }) => stage.name === 'verify' && job.raw['dependsOn'] !== undefined)
        .map((stepInJob) => `${locationOf(stepInJob)}: a job of verify waits for another, so it may be skipped`),
    ],
  },
  {
    name: 'versions-pinned',
    description: 'The same commit is judged and deployed by the same tools.',
    judge: (process) => {
      const variables = Object.fromEntries(variablesOf(process).map((variable) => [textOf(variable['name']), textOf(variable['value'])]));
      const wanted = { nodeVersion: process.versions['node'], pulumiVersion: process.versions['@pulumi/pulumi'] };
      const images = [process.main, process.certificates].map((pipeline) =>
        isMapping(pipeline['pool']) ? textOf(pipeline['pool']['vmImage']) : '',
      );
      return [
        ...Object.entries(wanted)
          .filter(([name, version]) => variables[name] !== version)
          .map(([name, version]) => `${name} is ${variables[name] ?? 'nothing'}, expected ${version ?? ''} as in package.json`),
        ...['goVersion', 'pythonVersion']
          .filter((name) => !/^\d+\.\d+(\.\d+)?$/.test(variables[name] ?? ''))
          .map((name) => `${name}: expected a version`),
        ...images.filter((image) => !/-\d+\.\d+$/.test(image)).map((image) => `vmImage ${image}: expected a release`),
        ...everyStep(process)
          .filter(({ step }) => step.raw['task'] !== undefined && !/^\w+@\d+$/.test(textOf(step.raw['task'])))
          .map((stepInJob) => `${locationOf(stepInJob)}: expected a task with its version`),
        ...everyStep(process)
          .filter(
            ({ step }) =>
              ['UseNode@1', 'UsePythonVersion@0', 'GoTool@0'].includes(textOf(step.raw['task'])) &&
              !/^\$\((node|python|go)Version\)$/.test(textOf(inputsOf(step)['version'] ?? inputsOf(step)['versionSpec'])),
          )
          .map((stepInJob) => `${locationOf(stepInJob)}: expected the version of variables.yml`),
        ...everyStep(process)
          .filter(({ step }) => step.commands.some((command) => /\bnpm (install|i)\b/.test(command)))
          .map((stepInJob) => `${locationOf(stepInJob)}: expected npm ci, which takes the lock file`),
        ...everyStep(process)
          .filter(
            ({ job, step }) =>
              step.commands.some((command) => /\b(npm (run|--silent run|start|test)|npx)\b/.test(command)) &&
              !job.steps.slice(0, job.steps.indexOf(step)).some(({ commands }) => commands.includes('npm ci --no-progress')),
          )
          .map((stepInJob) => `${locationOf(stepInJob)}: expected npm ci before it`),
        ...everyStep(process)
          .filter(
            ({ step }) =>
              step.commands.some((command) => command.includes('curl ')) &&
              !step.commands.some((command) => command.includes('sha256sum --check --strict')),
          )
          .map((stepInJob) => `${locationOf(stepInJob)}: does not compare what it downloads with a checksum`),
        ...everyStep(process)
          .filter(
            ({ job, step }) =>
              step.commands.some((command) => /\bpulumi /.test(command)) &&
              !job.steps.some(({ commands }) => commands.some((command) => command.includes('v$(pulumiVersion)'))),
          )
          .map((stepInJob) => `${locationOf(stepInJob)}: uses whatever Pulumi CLI the agent has`),
      ];
    },
  },
];
