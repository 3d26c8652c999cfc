import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, parseConfiguration } from '../../components/configuration/configuration';
import type { Configuration } from '../../components/configuration/schema';
import { nodeVersionProblem } from '../../components/programs/nodeVersion';
import { changedSources } from '../../components/programs/bundleRecord';
import { settingWarnings } from '../../components/configuration/warnings';
import { judgeApprovers } from './approvers';
import { NoAnswer } from './azureQuestions';
import { allUnchecked, checkCloud } from './cloudChecks';
import { note, problem, ready, type Finding } from './finding';
import { judgeLocalTools } from './localTools';
import { signIn, unreachable } from './deployerSignIn';
import { judgeProviderSignIn } from './providerSignIn';
import { ownSettings, readStackFile, type StackFile } from '../../plan/stackFile';
import { UsageError } from '../../command-line/usageError';

const graphEndpoint = 'https://graph.microsoft.com';

/** First line that a tool of the machine says about its version; the project's own programs are not the machine's. */
function versionOf(tool: string, args: readonly string[]): string | undefined {
  const path = (process.env['PATH'] ?? '')
    .split(process.platform === 'win32' ? ';' : ':')
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')))
    .join(process.platform === 'win32' ? ';' : ':');
  const { status, stdout } = spawnSync(tool, args, {
    encoding: 'utf8',
    timeout: 10_000,
    env: { ...process.env, PATH: path, PULUMI_SKIP_UPDATE_CHECK: 'true' },
  });
  return status === 0 ? stdout.trim().split('\n')[0] : undefined;
}

function readConfiguration(values: Readonly<Record<string, string>>) {
  try {
    return parseConfiguration(values);
  } catch (error) {
    throw error instanceof ConfigurationError
      ? new UsageError(
          error.message
            .split('\n')
            .map((line) => line.trim())
            .join('; ')
            .replace(':; ', ': '),
        )
      : error;
  }
}

/** What would stop a deployment, each with its fix. Throws UsageError for settings that the program would refuse. */
export async function examine(stack: string, root: string): Promise<Finding[]> {
  const stackFile = readStackFile(root, stack, '[secret]');
  const configuration = readConfiguration(ownSettings(stackFile));
  const subscriptionId =
    stackFile.configuration['azure-native:subscriptionId'] ?? process.env['ARM_SUBSCRIPTION_ID'] ?? process.env['AZURE_SUBSCRIPTION_ID'];
  return [...examineMachine(stack, configuration, root), ...(await examineCloud(stackFile, configuration, subscriptionId))];
}

/** What this machine alone can say: the stack's settings and the tools that a deployment needs. */
function examineMachine(stack: string, configuration: Configuration, root: string): Finding[] {
  const machineNode = versionOf('node', ['--version']) ?? 'none';
  return [
    ready(
      'settings',
      `Pulumi.${stack}.yaml: factory ${configuration.factory}, profile ${configuration.profile}, ${configuration.location}`,
    ),
    ...settingWarnings(configuration).map((warning) =>
      note('settings', warning.split('; ')[0] ?? '', warning.split('; ').slice(1).join('; ')),
    ),
    ...judgeLocalTools(
      {
        pulumi: versionOf('pulumi', ['version']),
        machineNode,
        nodeProblem: nodeVersionProblem(machineNode),
        built: existsSync(join(root, 'dist', 'images.json')),
        changed: changedSources(root),
      },
      configuration.imageSource === 'build' && configuration.parts !== 'platform',
    ),
    ...judgeApprovers(configuration),
  ];
}

/** What the cloud says to whoever is signed in; without an answer, what is not known. */
async function examineCloud(stackFile: StackFile, configuration: Configuration, subscriptionId: string | undefined): Promise<Finding[]> {
  const { cloud } = configuration;
  const offline = await unreachable(cloud.authorityHost);
  if (offline !== undefined) return [...allUnchecked(offline, ['sign-in']), ...allUnchecked(offline)];
  const authority = {
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: cloud.disableInstanceDiscovery,
    armAudience: cloud.resourceManagerAudience,
    graphEndpoint,
  };
  const signedIn = await signIn(process.env, authority).catch((error: unknown) => {
    if (error instanceof NoAnswer) return error;
    throw error;
  });
  if (signedIn instanceof NoAnswer) return [problem('sign-in', signedIn.message, 'az login'), ...allUnchecked('nobody is signed in')];
  const ofProvider = await judgeProviderSignIn(
    stackFile,
    process.env,
    signedIn.arm.claims,
    async (environment) => (await signIn(environment, authority)).arm.claims,
  );
  return [...ofProvider, ...(await checkCloud(signedIn, { configuration, stack: stackFile.stack, subscriptionId, graphEndpoint }))];
}
