import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigurationError, parseConfiguration } from '../components/configuration/configuration';
import { nodeVersionProblem } from '../components/programs/nodeVersion';
import { changedSources } from '../components/programs/bundleRecord';
import { settingWarnings } from '../components/configuration/warnings';
import { judgeApprovers } from './doctor/approvers';
import { NoAnswer } from './doctor/azureQuestions';
import { allUnchecked, checkCloud } from './doctor/cloudChecks';
import { doctorHelp, readDoctorOptions } from './doctor/doctorOptions';
import { exitCodeOf, note, problem, ready, type Finding } from './doctor/finding';
import { findingLines } from './doctor/findingLines';
import { judgeLocalTools } from './doctor/localTools';
import { signIn, unreachable } from './doctor/signIn';
import { createTerminal } from '../command-line/terminal';
import { readStackFile } from '../plan/stackFile';
import { UsageError } from '../command-line/usageError';

const root = join(__dirname, '..');
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

async function examine(stack: string): Promise<Finding[]> {
  const { project, configuration: given } = readStackFile(root, stack, '[secret]');
  const configuration = readConfiguration(
    Object.fromEntries(
      Object.entries(given)
        .filter(([key]) => key.startsWith(`${project}:`))
        .map(([key, value]) => [key.slice(project.length + 1), value]),
    ),
  );
  const { cloud } = configuration;
  const machineNode = versionOf('node', ['--version']) ?? 'none';
  const here = [
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
  const offline = await unreachable(cloud.authorityHost);
  if (offline !== undefined) return [...here, ...allUnchecked(offline, ['sign-in']), ...allUnchecked(offline)];
  const signedIn = await signIn({
    authorityHost: cloud.authorityHost,
    disableInstanceDiscovery: cloud.disableInstanceDiscovery,
    armAudience: cloud.resourceManagerAudience,
    graphEndpoint,
  }).catch((error: unknown) => {
    if (error instanceof NoAnswer) return error;
    throw error;
  });
  if (signedIn instanceof NoAnswer)
    return [...here, problem('sign-in', signedIn.message, 'az login'), ...allUnchecked('nobody is signed in')];
  const subscriptionId = given['azure-native:subscriptionId'] ?? process.env['ARM_SUBSCRIPTION_ID'] ?? process.env['AZURE_SUBSCRIPTION_ID'];
  return [...here, ...(await checkCloud(signedIn, { configuration, stack, subscriptionId, graphEndpoint }))];
}

/** `npm run doctor -- --stack <name>`: what would stop a deployment, each with its fix. */
async function doctor(): Promise<number> {
  const options = readDoctorOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(doctorHelp);
    return 0;
  }
  const findings = await examine(options.stack);
  const { paint, line } = createTerminal(process.stdout, { quiet: options.json, environment: process.env });
  if (options.json) process.stdout.write(`${JSON.stringify(findings, null, 2)}\n`);
  else findingLines(findings, paint).forEach(line);
  return exitCodeOf(findings);
}

doctor().then(
  (code) => process.exit(code),
  (error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
