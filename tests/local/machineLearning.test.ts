import { randomUUID } from 'node:crypto';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ContainerAppsAPIClient } from '@azure/arm-appcontainers';
import { AzureMachineLearningWorkspaces, type CommandJob } from '@azure/arm-machinelearning';
import type { TokenCredential } from '@azure/identity';
import { jobDeclaration } from '../../local-azure/container-apps/declarations';
import { MachineLearning } from '../../local-azure/machine-learning/machineLearning';
import { armId } from '../../local-azure/region/armId';
import { subscriptionId } from '../../local-azure/region/regionContext';
import { group, identityId, jobId, platform, registryServer } from '../unit/support/fakePlatform';

const dataScientist = 'f6c7c914-8db3-469d-8ca1-694a8f32e121';
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
const workspaceId = armId(group, 'Microsoft.MachineLearningServices/workspaces', 'ml');
const computeId = `${workspaceId}/computes/cluster`;
const environmentId = `${workspaceId}/environments/train/versions/1`;
const scientist = { objectId: 'scientist', clientId: 'scientist-client', displayName: 'scientist' };
const modelUri = `azureml://subscriptions/${subscriptionId}/resourcegroups/${group}/workspaces/ml/datastores/models/paths/anomaly/1`;

type Event = { readonly eventType: string; readonly subject: string; readonly data: unknown };
let region: Awaited<ReturnType<typeof platform>>;
let machineLearning: MachineLearning;
let events: Event[];
let failing: boolean;

const clientAs = (principal: typeof scientist) => {
  const credential: TokenCredential = {
    getToken: async (scopes) => {
      const { token, expiresOn } = region.context.authority.issue(principal, String(scopes).replace('/.default', ''));
      return { token, expiresOnTimestamp: expiresOn * 1_000 };
    },
  };
  return {
    ml: new AzureMachineLearningWorkspaces(credential, subscriptionId, {
      endpoint: region.resourceManager.endpoint,
      credentialScopes: 'https://management.azure.com/.default',
    }),
    apps: new ContainerAppsAPIClient(credential, subscriptionId, {
      endpoint: region.resourceManager.endpoint,
      credentials: { scopes: ['https://management.azure.com/.default'] },
    }),
  };
};
const newService = () =>
  new MachineLearning(region.context, {
    directory: region.identities,
    identityEndpoint: region.identityEndpoint,
    runtime: region.containerApps,
    resourceManager: region.resourceManager,
    events: {
      publish: async (_, event) => {
        if (failing) throw new Error('event grid is away');
        events.push(event);
      },
    },
  });
const systemData = { createdAt: '', createdBy: '', createdByType: '', lastModifiedAt: '', lastModifiedBy: '', lastModifiedByType: '' };

beforeEach(async () => {
  events = [];
  failing = false;
  region = await platform();
  setDefaultCACertificates([...getCACertificates('default'), region.context.tls.ca]);
  region.context.roles.assign({
    id: '/1',
    scope: workspaceId,
    roleDefinitionId: dataScientist,
    principalId: scientist.objectId,
    principalType: 'ServicePrincipal',
  });
  machineLearning = newService();
  await machineLearning.start();
  machineLearning.workspaces.put({
    id: workspaceId,
    name: 'ml',
    type: 'Microsoft.MachineLearningServices/workspaces',
    location: 'local',
    properties: {},
    systemData,
  });
  machineLearning.workspaces.put({
    id: `${workspaceId}/datastores/models`,
    name: 'models',
    type: 'Microsoft.MachineLearningServices/workspaces/datastores',
    properties: { datastoreType: 'AzureBlob', accountName: 'ml', containerName: 'models', credentials: { credentialsType: 'None' } },
    systemData,
  });
  machineLearning.workspaces.put({
    id: computeId,
    name: 'cluster',
    type: 'Microsoft.MachineLearningServices/workspaces/computes',
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId]: {} } },
    properties: { computeType: 'AmlCompute', properties: { scaleSettings: { minNodeCount: 0, maxNodeCount: 1 } } },
    systemData,
  });
});
afterEach(async () => {
  await machineLearning.stop();
  await region.close();
});

function trainImage(script: string) {
  machineLearning.assets.putVersion(workspaceId, 'environments', 'train', '1', { image: region.images.add('train', script) }, 'deployment');
}
const command = (change: Partial<CommandJob> = {}): CommandJob => ({
  jobType: 'Command',
  command: 'exec node index.js',
  computeId,
  environmentId,
  experimentName: 'training',
  environmentVariables: { GREETING: 'hello' },
  identity: { identityType: 'Managed', clientId: region.identities.find({ resourceId: identityId })?.clientId ?? '' },
  tags: { dataVersion: 'abc' },
  ...change,
});
async function ended(name: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const { properties } = await clientAs(scientist).ml.jobs.get(group, 'ml', name);
    if (['Completed', 'Failed', 'Canceled'].includes(properties.status ?? '')) return properties.status ?? '';
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the job ${name} did not end`);
}

it('keeps models with tags and announces each new version once', async () => {
  const { modelVersions, modelContainers } = clientAs(scientist).ml;
  await expect(modelVersions.get(group, 'ml', 'anomaly', '1')).rejects.toMatchObject({ statusCode: 404 });
  const created = await modelVersions.createOrUpdate(group, 'ml', 'anomaly', '1', {
    properties: { modelUri, modelType: 'custom_model', tags: { stage: 'candidate' }, properties: { sha256: 'x' } },
  });
  expect(created).toMatchObject({
    id: `${workspaceId}/models/anomaly/versions/1`,
    name: '1',
    properties: { modelUri, tags: { stage: 'candidate' } },
  });
  expect(created.systemData?.createdAt).toBeInstanceOf(Date);
  await modelVersions.createOrUpdate(group, 'ml', 'anomaly', '1', {
    properties: { modelUri, modelType: 'custom_model', tags: { stage: 'validated' } },
  });
  expect((await modelVersions.get(group, 'ml', 'anomaly', '1')).properties.tags).toEqual({ stage: 'validated' });
  await expect(
    modelVersions.createOrUpdate(group, 'ml', 'anomaly', '1', {
      properties: { modelUri: modelUri.replace('anomaly/1', 'anomaly/2'), modelType: 'custom_model' },
    }),
  ).rejects.toMatchObject({ statusCode: 400, code: 'UserError' });
  await expect(
    modelVersions.createOrUpdate(group, 'ml', 'anomaly', '2', {
      properties: { modelUri: modelUri.replace('datastores/models', 'datastores/absent') },
    }),
  ).rejects.toThrow("datastore 'absent'");
  expect(await modelContainers.get(group, 'ml', 'anomaly')).toMatchObject({ properties: { latestVersion: '1', nextVersion: '2' } });
  expect(events).toEqual([
    {
      eventType: 'Microsoft.MachineLearningServices.ModelRegistered',
      subject: 'models/anomaly:1',
      dataVersion: '2',
      data: { ModelName: 'anomaly', ModelVersion: 1, ModelTags: { stage: 'candidate' }, ModelProperties: { sha256: 'x' } },
    },
  ]);
});

it('lists all versions over several pages, newest first, and filters by tag and archive', async () => {
  for (let version = 1; version <= 230; version++)
    machineLearning.assets.putVersion(
      workspaceId,
      'models',
      'anomaly',
      String(version),
      { modelUri, tags: { parity: version % 2 ? 'odd' : 'even' }, isArchived: version > 220 },
      'test',
    );
  const { modelVersions } = clientAs(scientist).ml;
  const names = async (options?: object) => {
    const found: number[] = [];
    for await (const one of modelVersions.list(group, 'ml', 'anomaly', options)) found.push(Number(one.name));
    return found;
  };
  const all = await names();
  expect([all.length, new Set(all).size, all[0], all.at(-1)]).toEqual([220, 220, 220, 1]);
  expect(await names({ tags: 'parity=odd' })).toHaveLength(110);
  expect(await names({ listViewType: 'ArchivedOnly' })).toHaveLength(10);
});

it('keeps data assets, whose content never changes', async () => {
  const { dataVersions, dataContainers } = clientAs(scientist).ml;
  const properties = { dataType: 'uri_folder' as const, dataUri: 'https://localhost/data/processed/line/1/', tags: { windows: '10' } };
  await dataVersions.createOrUpdate(group, 'ml', 'line', 'abc', { properties });
  expect((await dataVersions.get(group, 'ml', 'line', 'abc')).properties).toMatchObject(properties);
  expect((await dataContainers.get(group, 'ml', 'line')).properties).toMatchObject({ dataType: 'uri_folder', latestVersion: 'abc' });
  await expect(
    dataVersions.createOrUpdate(group, 'ml', 'line', 'abc', { properties: { ...properties, dataUri: 'https://localhost/other/' } }),
  ).rejects.toMatchObject({ statusCode: 400 });
});

it('runs a command job on the cluster as its identity and reports the end', async () => {
  trainImage("require('node:fs').writeFileSync('seen.json', JSON.stringify(process.env)); console.log('trained')");
  const submitted = await clientAs(scientist).ml.jobs.createOrUpdate(group, 'ml', 'train-abc', { properties: command() });
  expect(submitted.properties.status).toBe('Queued');
  expect(await ended('train-abc')).toBe('Completed');
  const environment = JSON.parse(readFileSync(join(region.directory, 'images', 'train', 'seen.json'), 'utf8')) as Record<string, string>;
  expect(environment).toMatchObject({ GREETING: 'hello', PROTOCOL: 'machineLearning', GRANTED: 'program' });
  expect(readFileSync(machineLearning.jobs.logFile('train-abc'), 'utf8')).toBe('trained\n');
  await machineLearning.stop();
  expect(events.map((one) => [one.eventType.split('.').pop(), (one.data as { runStatus?: string }).runStatus])).toEqual([
    ['RunStatusChanged', 'Starting'],
    ['RunStatusChanged', 'Running'],
    ['RunStatusChanged', 'Completed'],
    ['RunCompleted', undefined],
  ]);
  expect(region.granted.size).toBe(0);
});

it('gives a job no identity that it does not ask for, and refuses one that the cluster does not have', async () => {
  trainImage('process.exit(process.env.GRANTED ? 1 : 0)');
  const { jobs } = clientAs(scientist).ml;
  await jobs.createOrUpdate(group, 'ml', 'plain', { properties: command({ identity: { identityType: 'AMLToken' } }) });
  expect(await ended('plain')).toBe('Completed');
  await expect(
    jobs.createOrUpdate(group, 'ml', 'other', { properties: command({ identity: { identityType: 'Managed', clientId: randomUUID() } }) }),
  ).rejects.toThrow('not assigned to the cluster');
});

it('is idempotent on the name of a job, and refuses another job under it', async () => {
  trainImage('process.exit(2)');
  const { jobs } = clientAs(scientist).ml;
  await jobs.createOrUpdate(group, 'ml', 'once', { properties: command() });
  expect(await ended('once')).toBe('Failed');
  expect(
    (await jobs.createOrUpdate(group, 'ml', 'once', { properties: command({ tags: { dataVersion: 'abc', note: 'x' } }) })).properties,
  ).toMatchObject({ status: 'Failed', tags: { note: 'x' } });
  await expect(jobs.createOrUpdate(group, 'ml', 'once', { properties: command({ command: 'exec node other.js' }) })).rejects.toMatchObject({
    statusCode: 400,
  });
  await expect(
    jobs.createOrUpdate(group, 'ml', 'mounted', { properties: command({ inputs: { data: { jobInputType: 'literal', value: '1' } } }) }),
  ).rejects.toThrow('without inputs');
  expect(machineLearning.jobs.get(workspaceId, 'once').outcome).toMatchObject({ exitCode: 2 });
});

it('runs no more jobs at once than the cluster has nodes; cancel and time limit end them', async () => {
  trainImage('setInterval(() => {}, 1000)');
  const { jobs } = clientAs(scientist).ml;
  await jobs.createOrUpdate(group, 'ml', 'first', { properties: command() });
  await jobs.createOrUpdate(group, 'ml', 'second', { properties: command({ limits: { jobLimitsType: 'Command', timeout: 'PT1S' } }) });
  expect((await jobs.get(group, 'ml', 'second')).properties.status).toBe('Queued');
  await jobs.beginCancelAndWait(group, 'ml', 'first');
  expect((await jobs.get(group, 'ml', 'first')).properties.status).toBe('Canceled');
  expect(await ended('second')).toBe('Failed');
  expect(machineLearning.jobs.get(workspaceId, 'second').outcome?.reason).toContain('limits.timeout');
});

it('ends a job that the region did not survive as failed, and keeps events for later', async () => {
  failing = true;
  await clientAs(scientist).ml.modelVersions.createOrUpdate(group, 'ml', 'anomaly', '1', { properties: { modelUri } });
  trainImage('setInterval(() => {}, 1000)');
  await clientAs(scientist).ml.jobs.createOrUpdate(group, 'ml', 'long', { properties: command() });
  while (machineLearning.jobs.get(workspaceId, 'long').properties.status !== 'Running')
    await new Promise((resolve) => setTimeout(resolve, 20));
  const stateWhenKilled = readFileSync(join(region.directory, 'machine-learning', 'jobs.jsonl'));
  await machineLearning.stop();
  writeFileSync(join(region.directory, 'machine-learning', 'jobs.jsonl'), stateWhenKilled);
  expect(events).toEqual([]);
  failing = false;
  machineLearning = newService();
  await machineLearning.start();
  await machineLearning.stop();
  expect(machineLearning.jobs.get(workspaceId, 'long')).toMatchObject({
    properties: { status: 'Failed' },
    outcome: { reason: 'the region stopped while the job ran' },
  });
  expect(events[0]).toMatchObject({ subject: 'models/anomaly:1' });
});

it('asks for the roles that Azure asks for', async () => {
  const stranger = { objectId: 'stranger', clientId: 'stranger', displayName: 'stranger' };
  await expect(clientAs(stranger).ml.modelVersions.get(group, 'ml', 'anomaly', '1')).rejects.toMatchObject({
    statusCode: 403,
    code: 'AuthorizationFailed',
  });
  region.context.roles.assign({
    id: '/2',
    scope: workspaceId,
    roleDefinitionId: reader,
    principalId: stranger.objectId,
    principalType: 'ServicePrincipal',
  });
  await expect(clientAs(stranger).ml.modelVersions.get(group, 'ml', 'anomaly', '1')).rejects.toMatchObject({ statusCode: 404 });
  await expect(
    clientAs(stranger).ml.modelVersions.createOrUpdate(group, 'ml', 'anomaly', '1', { properties: { modelUri } }),
  ).rejects.toMatchObject({ statusCode: 403 });
  expect(region.context.gate.denials.at(-1)).toMatchObject({
    action: 'Microsoft.MachineLearningServices/workspaces/models/versions/write',
    identity: 'stranger',
  });
});

it('lists the executions of a container apps job to its reader', async () => {
  region.context.roles.assign({
    id: '/3',
    scope: jobId('worker'),
    roleDefinitionId: reader,
    principalId: scientist.objectId,
    principalType: 'ServicePrincipal',
  });
  await region.containerApps.putJob(
    jobId('worker'),
    jobDeclaration.parse({
      resourceGroupName: group,
      jobName: 'worker',
      environmentId: '/environment',
      identity: { type: 'UserAssigned', userAssignedIdentities: [identityId] },
      configuration: {
        triggerType: 'Manual',
        replicaTimeout: 60,
        registries: [{ server: registryServer, identity: identityId }],
        secrets: [{ name: 'one', value: 'hidden' }],
      },
      template: { containers: [{ name: 'worker', image: region.images.add('worker', 'process.exit(1)') }] },
    }),
  );
  const name = region.containerApps.startJob('worker');
  await region.event('jobEnded');
  const { jobsExecutions, jobs } = clientAs(scientist).apps;
  const runs = [];
  for await (const run of jobsExecutions.list(group, 'worker')) runs.push(run);
  expect(runs).toMatchObject([{ name, status: 'Failed' }]);
  expect(runs[0]?.startTime).toBeInstanceOf(Date);
  expect(JSON.stringify(await jobs.get(group, 'worker'))).not.toContain('hidden');
});
