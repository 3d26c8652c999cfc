import { MachineLearning } from '../../../local-azure/machine-learning/machineLearning';
import { Monitor } from '../../../local-azure/monitor/monitor';
import { armId } from '../../../local-azure/region/armId';
import { containerAppsTypes } from '../../../local-azure/container-apps/containerAppsTypes';
import { machineLearningTypes } from '../../../local-azure/machine-learning/machineLearningTypes';
import { monitorTypes } from '../../../local-azure/monitor/monitorTypes';
import { unknownValue, type Properties } from '../../../local-azure/region/resourceType';
import type { AppendOnlyStore } from '../../../local-azure/region/appendOnlyStore';
import { group, identityId, platform, registryServer } from './container-apps/fakePlatform';

let region: Awaited<ReturnType<typeof platform>>;
let machineLearning: MachineLearning;
let monitor: Monitor;
let declared: AppendOnlyStore<Properties>;
const here = { resourceGroupName: group, location: 'westeurope' };

beforeEach(async () => {
  region = await platform();
  monitor = new Monitor(region.context);
  await monitor.start();
  declared = region.context.openStore('declared');
  machineLearning = new MachineLearning(region.context, {
    directory: region.identities,
    identityEndpoint: region.identityEndpoint,
    runtime: region.containerApps,
    resourceManager: region.resourceManager,
    events: { publish: async () => undefined },
  });
});
afterEach(async () => {
  await monitor.stop();
  region.close();
});

function typeOf(token: string) {
  const { clock } = region.context;
  const parts = [
    containerAppsTypes(region.containerApps, region.identities, declared, clock),
    machineLearningTypes(machineLearning, region.identities, declared, clock),
    monitorTypes(monitor, clock),
  ];
  const found = parts.flatMap((part) => part.resources).find((one) => one.token === `azure-native:${token}`);
  if (!found) throw new Error(`no type ${token}`);
  return found;
}
async function deploy(token: string, inputs: Properties): Promise<{ id: string; outputs: Properties }> {
  const type = typeOf(token);
  const checked = type.check({ name: 'one', inputs, preview: false });
  if (checked.failures.length > 0) throw new Error(checked.failures.map((one) => one.reason).join('; '));
  const { id, outputs } = await type.create({ name: 'one', urn: 'urn', inputs: checked.inputs });
  expect(await type.read(id)).toEqual(outputs);
  return { id, outputs };
}
const environment = () =>
  deploy('app:ManagedEnvironment', {
    ...here,
    environmentName: 'factory',
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }],
    appLogsConfiguration: { destination: 'azure-monitor' },
  });
const job = (image: string, change: Properties = {}): Properties => ({
  ...here,
  jobName: 'worker',
  environmentId: armId(group, 'Microsoft.App/managedEnvironments', 'factory'),
  workloadProfileName: 'Consumption',
  identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
  configuration: {
    triggerType: 'Manual',
    replicaTimeout: 60,
    registries: [{ server: registryServer, identity: identityId }],
    secrets: [{ name: 'key', value: 'hidden' }],
  },
  template: { containers: [{ name: 'worker', image }] },
  ...change,
});

it('deploys an environment, a job and an app and answers what Azure answers', async () => {
  const { id: environmentId } = await environment();
  const image = region.images.add('worker', '');
  const { id, outputs } = await deploy('app:Job', job(image));
  expect(id).toBe(armId(group, 'Microsoft.App/jobs', 'worker'));
  expect(outputs).toMatchObject({
    name: 'worker',
    type: 'Microsoft.App/jobs',
    provisioningState: 'Succeeded',
    environmentId,
    identity: { userAssignedIdentities: { [identityId]: { principalId: region.identities.find({ resourceId: identityId })?.objectId } } },
  });
  expect(JSON.stringify(outputs)).not.toContain('hidden');
  const { outputs: app } = await deploy('app:ContainerApp', {
    ...here,
    containerAppName: 'site',
    environmentId,
    configuration: { registries: [{ server: registryServer, identity: 'system' }] },
    identity: { type: 'SystemAssigned' },
    template: { containers: [{ name: 'a', image }], scale: { minReplicas: 0 } },
  });
  expect(app).toMatchObject({
    identity: { type: 'SystemAssigned', principalId: expect.any(String) },
    latestRevisionName: expect.stringMatching(/^site--/),
  });
  await typeOf('app:Job').delete(id, outputs);
  expect(region.containerApps.hasJob(id)).toBe(false);
  expect(await typeOf('app:Job').read(id)).toBeUndefined();
});

it('refuses in a preview what Azure would refuse', () => {
  const reasons = (token: string, inputs: Properties) =>
    typeOf(token)
      .check({ name: 'one', inputs, preview: true })
      .failures.map((one) => one.reason)
      .join('; ');
  expect(reasons('app:Job', job('image', { jobName: 'Worker_1' }))).toContain('lowercase letters');
  expect(
    reasons(
      'app:Job',
      job('image', { template: { containers: [{ name: 'worker', image: 'image', env: [{ name: 'A', secretRef: 'absent' }] }] } }),
    ),
  ).toContain('the secret absent');
  expect(reasons('app:Job', job('image', { configuration: { triggerType: 'Event', replicaTimeout: 60 } }))).toContain('eventTriggerConfig');
  expect(reasons('app:Job', job('image', { resourceGroupName: undefined }))).toContain('resourceGroupName is missing');
  expect(
    reasons('app:ContainerApp', {
      ...here,
      containerAppName: 'site',
      environmentId: 'x',
      configuration: { ingress: { targetPort: 80 } },
      template: { containers: [] },
    }),
  ).toContain('configuration.ingress is not served');
  expect(reasons('app:Job', job(unknownValue))).toBe('');
  expect(
    reasons('app:ManagedEnvironment', {
      ...here,
      environmentName: 'factory',
      appLogsConfiguration: { destination: 'log-analytics', logAnalyticsConfiguration: { customerId: 'x' } },
    }),
  ).toContain('shared key');
  expect(
    reasons('machinelearningservices:Compute', {
      ...here,
      workspaceName: 'ml',
      computeName: 'cluster',
      properties: { computeType: 'ComputeInstance' },
    }),
  ).toContain('expected AmlCompute');
  expect(
    reasons('machinelearningservices:Workspace', {
      ...here,
      workspaceName: 'ml',
      identity: { type: 'SystemAssigned' },
      storageAccount: 'data',
    }),
  ).toMatch(/storageAccount is "data".*keyVault is missing/);
  expect(
    reasons('monitor:DiagnosticSetting', {
      name: 'logs',
      resourceUri: '/subscriptions/x',
      logs: [{ categoryGroup: 'allLogs', enabled: true }],
    }),
  ).toContain('destination');
  expect(reasons('applicationinsights:Component', { ...here, resourceName: 'insights', kind: 'web', applicationType: 'web' })).toContain(
    'workspaceResourceId is missing',
  );
});

it('refuses a job without its environment or with a profile that the environment does not have', async () => {
  const image = region.images.add('worker', '');
  await expect(deploy('app:Job', job(image))).rejects.toThrow('ManagedEnvironmentNotFound');
  await environment();
  await expect(deploy('app:Job', job(image, { workloadProfileName: 'D4' }))).rejects.toThrow('WorkloadProfileNameNotFound');
});

it('deploys a workspace with cluster, datastore and environment', async () => {
  const resource = (type: string, name: string) => armId(group, type, name);
  const { id, outputs } = await deploy('machinelearningservices:Workspace', {
    ...here,
    workspaceName: 'factory-ml',
    storageAccount: resource('Microsoft.Storage/storageAccounts', 'ml'),
    keyVault: resource('Microsoft.KeyVault/vaults', 'vault'),
    applicationInsights: resource('Microsoft.Insights/components', 'insights'),
    containerRegistry: resource('Microsoft.ContainerRegistry/registries', 'registry'),
    identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
    primaryUserAssignedIdentity: identityId,
    systemDatastoresAuthMode: 'Identity',
  });
  expect(outputs).toMatchObject({
    name: 'factory-ml',
    provisioningState: 'Succeeded',
    workspaceId: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  const cluster = {
    ...here,
    workspaceName: 'factory-ml',
    computeName: 'cluster',
    identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
    properties: {
      computeType: 'AmlCompute',
      properties: { vmSize: 'Standard_DS3_v2', scaleSettings: { minNodeCount: 0, maxNodeCount: 2 } },
    },
  };
  const compute = await deploy('machinelearningservices:Compute', cluster);
  expect(compute.outputs).toMatchObject({
    properties: { provisioningState: 'Succeeded', properties: { allocationState: 'Steady', vmSize: 'Standard_DS3_v2' } },
  });
  await expect(deploy('machinelearningservices:Compute', { ...cluster, workspaceName: 'absent' })).rejects.toThrow(
    'ParentResourceNotFound',
  );
  await deploy('machinelearningservices:Datastore', {
    resourceGroupName: group,
    workspaceName: 'factory-ml',
    name: 'models',
    properties: { datastoreType: 'AzureBlob', accountName: 'ml', containerName: 'models', credentials: { credentialsType: 'None' } },
  });
  const version = {
    resourceGroupName: group,
    workspaceName: 'factory-ml',
    name: 'train',
    version: 'abc',
    properties: { image: `${registryServer}/train:1` },
  };
  expect((await deploy('machinelearningservices:EnvironmentVersion', version)).id).toBe(`${id}/environments/train/versions/abc`);
  await deploy('machinelearningservices:EnvironmentVersion', version);
  await expect(
    deploy('machinelearningservices:EnvironmentVersion', { ...version, properties: { image: `${registryServer}/train:2` } }),
  ).rejects.toThrow('image cannot be changed');
  expect(machineLearning.assets.version(id, 'environments', 'train', 'abc').properties['image']).toBe(`${registryServer}/train:1`);
});

it('keeps monitoring resources under the ids that roles and settings name', async () => {
  const logs = await deploy('operationalinsights:Workspace', { ...here, workspaceName: 'factory-logs', retentionInDays: 31 });
  const insights = await deploy('applicationinsights:Component', {
    ...here,
    resourceName: 'factory-insights',
    kind: 'web',
    applicationType: 'web',
    workspaceResourceId: logs.id,
  });
  expect(insights.outputs['connectionString']).toContain(`InstrumentationKey=${String(insights.outputs['instrumentationKey'])};`);
  expect((await deploy('monitor:AzureMonitorWorkspace', { ...here, azureMonitorWorkspaceName: 'factory-metrics' })).id).toBe(
    armId(group, 'Microsoft.Monitor/accounts', 'factory-metrics'),
  );
  const lookUp = (dataCollectionRuleName: string) =>
    monitorTypes(monitor, region.context.clock)
      .functions.find(({ token }) => token.endsWith(':getDataCollectionRule'))
      ?.invoke({ resourceGroupName: 'MA_factory-metrics_westeurope_managed', dataCollectionRuleName });
  const rule = await lookUp('factory-metrics');
  expect(rule).toMatchObject({
    immutableId: expect.stringMatching(/^dcr-[0-9a-f]{32}$/) as string,
    destinations: { monitoringAccounts: [{ accountResourceId: armId(group, 'Microsoft.Monitor/accounts', 'factory-metrics') }] },
  });
  await expect(lookUp('another')).rejects.toThrow('was not found');
  await typeOf('monitor:AzureMonitorWorkspace').delete(armId(group, 'Microsoft.Monitor/accounts', 'factory-metrics'), {});
  await expect(lookUp('factory-metrics')).rejects.toThrow('was not found');
  const setting = { name: 'logs', resourceUri: insights.id, workspaceId: logs.id, logs: [{ categoryGroup: 'allLogs', enabled: true }] };
  expect((await deploy('monitor:DiagnosticSetting', setting)).id).toBe(
    `${insights.id}/providers/Microsoft.Insights/diagnosticSettings/logs`,
  );
  await expect(deploy('monitor:DiagnosticSetting', { ...setting, workspaceId: `${logs.id}x` })).rejects.toThrow('does not exist');
});
