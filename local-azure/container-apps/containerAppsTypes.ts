import type { z } from 'zod';
import type { ContainerApps } from './containerApps';
import { appDeclaration, declarationFaults, jobDeclaration, type Workload } from './declarations';
import type { AppendOnlyStore } from '../region/appendOnlyStore';
import type { Clock } from '../region/clock';
import type { Directory } from '../region/serviceInterfaces';
import { inputAt, type InputRule } from '../region/checks';
import { declaredTypes, fixedLocation, type DeclaredType } from '../region/declaredType';
import { identityOutput } from '../region/managedIdentity';
import { ResourceError, type CheckFailure, type Properties, type ProviderPart } from '../region/resourceType';

const apiVersion = '2025-02-02-preview';
const namePattern = /^(?!.*--)[a-z][a-z0-9-]{0,30}[a-z0-9]$/;
const expectedName = 'expected 2 to 32 lowercase letters, digits and single hyphens, starting with a letter and not ending with a hyphen';

/** What Azure would do and this region does not is refused rather than left out silently. */
const notServed = [
  'configuration.ingress',
  'configuration.dapr',
  'configuration.service',
  'configuration.runtime',
  'configuration.scheduleTriggerConfig',
  'template.scale.rules',
  'template.serviceBinds',
];
function unservedParts(inputs: Properties): CheckFailure[] {
  const empty = (value: unknown) => value === undefined || value === null || (Array.isArray(value) && value.length === 0);
  const probes = ((inputAt(inputs, 'template.containers') ?? []) as Properties[])
    .filter((container) => !empty(container['probes']))
    .map((container) => `template.containers.${String(container['name'])}.probes`);
  return [...notServed.filter((path) => !empty(inputAt(inputs, path))), ...probes].map((property) => ({
    property,
    reason: `${property} is not served by the local region`,
  }));
}

const parsed =
  <T extends Workload>(schema: z.ZodType<T>) =>
  (inputs: Properties): CheckFailure[] => {
    const unserved = unservedParts(inputs);
    if (unserved.length > 0) return unserved;
    const result = schema.safeParse(inputs);
    if (result.success) return declarationFaults(result.data);
    return result.error.issues.map((issue) => ({
      property: issue.path.join('.'),
      reason: `${issue.path.join('.') || 'the declaration'}: ${issue.message}`,
    }));
  };

/** Azure answers references to secrets, never their values. */
function withoutSecretValues(configuration: unknown): Properties {
  const secrets = (configuration as { secrets?: readonly Properties[] } | undefined)?.secrets;
  return secrets === undefined
    ? {}
    : {
        configuration: {
          secrets: secrets.map(({ name, keyVaultUrl, identity }) => ({
            name,
            ...(keyVaultUrl === undefined ? {} : { keyVaultUrl, identity }),
          })),
        },
      };
}

const environmentRules: readonly InputRule[] = [{ property: 'environmentName', pattern: namePattern, expected: expectedName }];
function environmentFaults(inputs: Properties): CheckFailure[] {
  const faults: CheckFailure[] = [];
  if (
    inputAt(inputs, 'appLogsConfiguration.destination') === 'log-analytics' &&
    inputAt(inputs, 'appLogsConfiguration.logAnalyticsConfiguration.sharedKey') === undefined
  ) {
    faults.push({
      property: 'appLogsConfiguration',
      reason:
        'appLogsConfiguration.destination log-analytics needs the shared key of the workspace; azure-monitor with a diagnostic setting needs none',
    });
  }
  if (inputs['zoneRedundant'] === true && inputAt(inputs, 'vnetConfiguration.infrastructureSubnetId') === undefined)
    faults.push({ property: 'zoneRedundant', reason: 'zoneRedundant needs vnetConfiguration.infrastructureSubnetId' });
  return faults;
}

/** The id of the environment that a job or app runs in, with the profile that it asks for. */
function requireEnvironment(declared: AppendOnlyStore<Properties>, inputs: Properties): string {
  const id = String(inputs['environmentId'] ?? inputs['managedEnvironmentId']);
  const environment = declared.get(id.toLowerCase());
  if (!environment)
    throw new ResourceError('ManagedEnvironmentNotFound', `the environment ${id} does not exist.`, 'Declare it first and refer to its id.');
  const profile = inputs['workloadProfileName'];
  const profiles = ((environment['workloadProfiles'] ?? []) as { name: string }[]).map(({ name }) => name);
  if (profile !== undefined && !profiles.includes(String(profile)))
    throw new ResourceError(
      'WorkloadProfileNameNotFound',
      `workloadProfileName ${String(profile)} is not a profile of the environment, which has ${profiles.join(', ') || 'none'}.`,
    );
  return id;
}

const environmentType = (directory: Directory): DeclaredType => ({
  token: 'azure-native:app:ManagedEnvironment',
  armType: 'Microsoft.App/managedEnvironments',
  names: ['environmentName'],
  apiVersion,
  rules: environmentRules,
  faults: environmentFaults,
  replaceOn: {
    ...fixedLocation,
    zoneRedundant: 'Azure Container Apps, reliability: zone redundancy is chosen when the environment is created',
  },
  computed: ['defaultDomain', 'staticIp', 'deploymentErrors', 'eventStreamEndpoint'],
  apply: (id, inputs) => ({
    defaultDomain: `${String(inputs['environmentName'])}.localhost`,
    staticIp: '127.0.0.1',
    deploymentErrors: '',
    eventStreamEndpoint: '',
    ...identityOutput(directory, id, inputs['identity']),
  }),
});

const jobType = (containerApps: ContainerApps, directory: Directory, declared: AppendOnlyStore<Properties>): DeclaredType => ({
  token: 'azure-native:app:Job',
  armType: 'Microsoft.App/jobs',
  names: ['jobName'],
  apiVersion,
  rules: [{ property: 'jobName', pattern: namePattern, expected: expectedName }],
  faults: parsed(jobDeclaration),
  replaceOn: { ...fixedLocation, environmentId: 'REST specification, Jobs.json of 2025-02-02-preview: x-ms-mutability create and read' },
  apply: async (id, inputs) => {
    requireEnvironment(declared, inputs);
    const identity = identityOutput(directory, id, inputs['identity']);
    await containerApps.putJob(id, jobDeclaration.parse(inputs));
    return {
      runningState: 'Ready',
      outboundIpAddresses: [],
      eventStreamEndpoint: '',
      ...withoutSecretValues(inputs['configuration']),
      ...identity,
    };
  },
  computed: ['runningState', 'outboundIpAddresses', 'eventStreamEndpoint'],
  live: (id, answered) => (containerApps.hasJob(id) ? answered : undefined),
  remove: (id) => containerApps.deleteJob(id),
});

const appType = (containerApps: ContainerApps, directory: Directory, declared: AppendOnlyStore<Properties>): DeclaredType => ({
  token: 'azure-native:app:ContainerApp',
  armType: 'Microsoft.App/containerApps',
  names: ['containerAppName'],
  apiVersion,
  rules: [{ property: 'containerAppName', pattern: namePattern, expected: expectedName }],
  faults: parsed(appDeclaration),
  replaceOn: {
    ...fixedLocation,
    environmentId: 'Microsoft.App/containerApps: environmentId is set when the app is created',
    managedEnvironmentId: 'Microsoft.App/containerApps: managedEnvironmentId is set when the app is created',
  },
  apply: async (id, inputs) => {
    const environmentId = requireEnvironment(declared, inputs);
    const identity = identityOutput(directory, id, inputs['identity']);
    const revision = await containerApps.putApp(id, appDeclaration.parse(inputs));
    return {
      environmentId,
      managedEnvironmentId: environmentId,
      latestRevisionName: revision,
      latestReadyRevisionName: revision,
      latestRevisionFqdn: '',
      runningStatus: 'Running',
      customDomainVerificationId: '',
      deploymentErrors: '',
      outboundIpAddresses: [],
      eventStreamEndpoint: '',
      ...withoutSecretValues(inputs['configuration']),
      ...identity,
    };
  },
  computed: [
    'latestRevisionName',
    'latestReadyRevisionName',
    'latestRevisionFqdn',
    'runningStatus',
    'customDomainVerificationId',
    'managedEnvironmentId',
    'deploymentErrors',
    'outboundIpAddresses',
    'eventStreamEndpoint',
  ],
  computedByUpdate: ['latestRevisionName', 'latestReadyRevisionName'],
  live: (id, answered) => (containerApps.hasApp(id) ? answered : undefined),
  remove: (id) => containerApps.deleteApp(id),
});

/** Container Apps in Pulumi: environments, jobs and apps. */
export const containerAppsTypes = (
  containerApps: ContainerApps,
  directory: Directory,
  declared: AppendOnlyStore<Properties>,
  clock: Clock,
): ProviderPart => ({
  resources: declaredTypes(
    [environmentType(directory), jobType(containerApps, directory, declared), appType(containerApps, directory, declared)],
    declared,
    () => clock.now(),
  ),
  functions: [],
});
