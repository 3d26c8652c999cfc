import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import type { TokenCredential } from '@azure/identity';
import { DuckDBInstance } from '@duckdb/node-api';
import { featureNames, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import { quoteIdentifier } from '../../contracts/features/renderSql';
import { modelSignature, parseModelUri } from '../../contracts/modelCatalog';
import type { TrainSettings } from '../../contracts/settings/train';
import { MachineLearning } from '../../local-azure/machine-learning/machineLearning';
import { armId, containerId } from '../../local-azure/region/armId';
import { subscriptionId } from '../../local-azure/region/regionContext';
import type { Log } from '../../contracts/program/log';
import { modelCatalog } from '../../pipeline-code/clients/machineLearning';
import { readBlob, readJsonBlob } from '../../pipeline-code/clients/storage';
import { train, type TrainConnections } from '../../pipeline-code/train/train';
import { evaluateModel } from '../../pipeline-code/validate-and-package/gateFigures';
import { group, platform } from '../unit/support/fakePlatform';
import { storageRegion, type StorageRegion } from './support/storageRegion';

const dataScientist = 'f6c7c914-8db3-469d-8ca1-694a8f32e121';
const workspaceId = armId(group, 'Microsoft.MachineLearningServices/workspaces', 'ml');
const dataVersion = '0123456789abcdef';
const settings: TrainSettings = {
  AZURE_CLIENT_ID: '00000000-0000-4000-8000-000000000001',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
  AZURE_RESOURCE_MANAGER_ENDPOINT: 'https://localhost',
  AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
  DATA_BLOB_ENDPOINT: 'https://localhost/data1',
  PROCESSED_CONTAINER: 'processed',
  MANIFEST_PATH: `line/${dataVersion}/manifest.json`,
  SUBSCRIPTION_ID: subscriptionId,
  RESOURCE_GROUP: group,
  ML_WORKSPACE: 'ml',
  MODEL_NAME: 'anomaly',
  JOB_NAME: `train-${dataVersion}`,
  ML_BLOB_ENDPOINT: 'https://localhost/data1',
  MODELS_CONTAINER: 'models',
  MODELS_DATASTORE: 'models',
  SOURCE_COMMIT: 'abc',
};
const features: FeatureDefinition = {
  schemaVersion: '1',
  windowSeconds: 30,
  strideSeconds: 10,
  minSamples: 15,
  sensors: ['flow', 'current'].map((name) => ({ name, aggregates: ['mean', 'std'] })),
};
const silent: Log = () => undefined;
const directory = mkdtempSync(join(tmpdir(), 'train-test-'));
const parquet = join(directory, 'windows.parquet');

let storage: StorageRegion;
let region: Awaited<ReturnType<typeof platform>>;
let machineLearning: MachineLearning;
let connections: TrainConnections;
const registered: unknown[] = [];

async function writeWindows(): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const [flow, flowStd, current, currentStd] = featureNames(features).map(quoteIdentifier);
  await connection.run(`COPY (SELECT 'a' AS source, epoch_ms(i * 10000) AS window_start, epoch_ms(i * 10000 + 30000) AS window_end, 30 AS samples,
    CASE WHEN i < 120 THEN 'train' WHEN i < 160 THEN 'calibrate' WHEN i < 200 THEN 'held-out' ELSE 'evaluate' END AS role, i >= 260 AS label,
    30 + sin(i * 1.7) + CASE WHEN i >= 260 THEN 9 ELSE 0 END AS ${flow}, 0.5 + 0.05 * cos(i * 2.9) AS ${flowStd}, 8 + sin(i * 1.7) / 2 + 0.1 * sin(i * 5.3) AS ${current}, 0.2 + 0.02 * sin(i * 3.1) AS ${currentStd}
    FROM range(300) t(i)) TO '${parquet}' (FORMAT parquet, COMPRESSION zstd)`);
  connection.closeSync();
  instance.closeSync();
}

beforeAll(async () => {
  storage = await storageRegion();
  region = await platform();
  setDefaultCACertificates([...getCACertificates('default'), region.context.tls.ca]);
  const who = { objectId: 'cluster', clientId: 'cluster-client', displayName: 'cluster' };
  region.context.roles.assign({
    id: '/cluster',
    scope: workspaceId,
    roleDefinitionId: dataScientist,
    principalId: who.objectId,
    principalType: 'ServicePrincipal',
  });
  machineLearning = new MachineLearning(region.context, {
    directory: region.identities,
    identityEndpoint: region.identityEndpoint,
    runtime: region.containerApps,
    resourceManager: region.resourceManager,
    events: { publish: (_, event) => Promise.resolve(void registered.push(event.data)) },
  });
  await machineLearning.start();
  const systemData = { createdAt: '', createdBy: '', createdByType: '', lastModifiedAt: '', lastModifiedBy: '', lastModifiedByType: '' };
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
    properties: { datastoreType: 'AzureBlob', accountName: 'data1', containerName: 'models', credentials: { credentialsType: 'None' } },
    systemData,
  });
  const credential: TokenCredential = {
    getToken: (scopes) => {
      const { token, expiresOn } = region.context.authority.issue(who, String(scopes).replace('/.default', ''));
      return Promise.resolve({ token, expiresOnTimestamp: expiresOn * 1_000 });
    },
  };
  const client = new AzureMachineLearningWorkspaces(credential, subscriptionId, {
    endpoint: region.resourceManager.endpoint,
    credentialScopes: 'https://management.azure.com/.default',
  });

  const cluster = storage.principal('cluster');
  for (const name of ['processed', 'models']) {
    await storage.storage.declareContainer(storage.account, name);
    storage.assign(cluster, 'blobContributor', containerId(storage.account, name));
  }
  const blobs = storage.blobs(cluster);
  connections = {
    processed: blobs.getContainerClient('processed'),
    models: blobs.getContainerClient('models'),
    catalog: modelCatalog(settings, settings.MODEL_NAME, client),
  };
  await writeWindows();
  await connections.processed.getBlockBlobClient(`line/${dataVersion}/windows.parquet`).uploadFile(parquet);
  const manifest = {
    schemaVersion: '1',
    dataset: 'line',
    dataVersion,
    createdAt: new Date().toISOString(),
    features,
    sources: [],
    windowsPath: `line/${dataVersion}/windows.parquet`,
    windowCount: 300,
    windowsByRole: { train: 120, calibrate: 40, 'held-out': 40, evaluate: 100 },
    labelled: true,
    settings: {},
    quarantined: [],
  };
  const content = JSON.stringify(manifest);
  await connections.processed.getBlockBlobClient(settings.MANIFEST_PATH).upload(content, Buffer.byteLength(content));
});
afterAll(async () => {
  await machineLearning.stop();
  await region.close();
  await storage.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('train against storage and the model catalog', () => {
  it('stores graph and signature and registers the version with its lineage, once', async () => {
    await train(settings, silent, connections);
    const [version, ...more] = await connections.catalog.versions();
    expect(more).toEqual([]);
    expect(version).toMatchObject({
      version: '1',
      jobName: settings.JOB_NAME,
      tags: { stage: 'candidate', dataVersion, dataset: 'line', trainingJob: settings.JOB_NAME, sourceCommit: 'abc' },
    });
    expect(parseModelUri(version?.modelUri ?? '')).toEqual({ datastore: 'models', path: `anomaly/${dataVersion}` });
    expect(registered).toHaveLength(1);

    await train(settings, silent, connections);
    await expect(
      connections.catalog.register({
        path: `anomaly/${dataVersion}`,
        description: '',
        jobName: 'another',
        properties: {},
        tags: { stage: 'candidate', dataVersion, dataset: 'line', trainingJob: 'another', sourceCommit: 'abc' },
      }),
    ).resolves.toMatchObject({ created: false, version: { version: '1' } });
    expect(await connections.catalog.versions()).toHaveLength(1);
  });

  it('gives the gate a model that it can judge', async () => {
    const onnx = (await readBlob(connections.models, `anomaly/${dataVersion}/model.onnx`, 1e6))?.content ?? Buffer.alloc(0);
    const signature = (await readJsonBlob(connections.models, `anomaly/${dataVersion}/signature.json`, modelSignature))?.value;
    if (signature === undefined) throw new Error('no signature');
    const figures = await evaluateModel(onnx, signature, parquet);
    expect(figures).toMatchObject({
      falseAlarmRate: 0,
      labelAuc: 1,
      heldOutWindows: 40,
      labelledFaultWindows: 40,
      labelledNormalWindows: 60,
    });
    expect(figures.faultDetection).toBeGreaterThan(0.9);
  });

  it('numbers versions on and keeps other tags when some are set', async () => {
    const { version } = await connections.catalog.register({
      path: 'anomaly/fedcba9876543210',
      description: '',
      jobName: 'next',
      properties: { a: 'b' },
      tags: { stage: 'candidate', dataVersion: 'fedcba9876543210', dataset: 'line', trainingJob: 'next', sourceCommit: 'abc' },
    });
    expect(version.version).toBe('2');
    const tagged = await connections.catalog.setTags('2', { stage: 'rejected', rejectedBecause: 'labelAuc 0.521 < 0.7' });
    expect(tagged).toMatchObject({
      properties: { a: 'b' },
      tags: { stage: 'rejected', rejectedBecause: 'labelAuc 0.521 < 0.7', dataset: 'line' },
    });
    expect(await connections.catalog.version('3')).toBeUndefined();
  });

  it('says which manifest is missing', async () => {
    await expect(train({ ...settings, MANIFEST_PATH: 'line/none/manifest.json' }, silent, connections)).rejects.toThrow(
      'there is no manifest line/none/manifest.json in container processed',
    );
  });
});
