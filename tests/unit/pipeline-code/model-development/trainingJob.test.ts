import { readSettings } from '../../../../contracts/settings/settings';
import { modelDevelopmentSettings } from '../../../../contracts/settings/modelDevelopment';
import { trainSettings } from '../../../../contracts/settings/train';
import { decideTraining, trainingJob } from '../../../../pipeline-code/model-development/trainingJob';

const dataVersion = '0123456789abcdef';

test.each([
  [[], { kind: 'submit', name: `train-${dataVersion}` }],
  [['Queued'], { kind: 'exists', name: `train-${dataVersion}`, status: 'Queued' }],
  [['Completed'], { kind: 'exists', name: `train-${dataVersion}`, status: 'Completed' }],
  [['Failed'], { kind: 'submit', name: `train-${dataVersion}-2` }],
  [['Failed', 'Running'], { kind: 'exists', name: `train-${dataVersion}-2`, status: 'Running' }],
  [['Failed', 'Canceled'], { kind: 'submit', name: `train-${dataVersion}-3` }],
  [['Failed', 'Failed', 'Failed'], { kind: 'givenUp', name: `train-${dataVersion}-3` }],
])('after the attempts %j', (statuses, decision) => {
  expect(decideTraining(dataVersion, statuses)).toEqual(decision);
});

const settings = readSettings('model-development', modelDevelopmentSettings, {
  AZURE_CLIENT_ID: '11111111-1111-4111-8111-111111111111',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
  AZURE_RESOURCE_MANAGER_ENDPOINT: 'https://localhost:1',
  AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com/',
  DATA_BLOB_ENDPOINT: 'https://localhost:2/data',
  DATA_QUEUE_ENDPOINT: 'https://localhost:3/data',
  PROCESSED_CONTAINER: 'processed',
  QUEUE_NAME: 'model-development',
  SUBSCRIPTION_ID: '22222222-2222-4222-8222-222222222222',
  RESOURCE_GROUP: 'rg',
  ML_WORKSPACE: 'ml',
  FACTORY: 'plant-1',
  DATASET_NAME: 'line',
  COMPUTE_ID: '/compute',
  ENVIRONMENT_ID: '/environment',
  TRAIN_CLIENT_ID: '33333333-3333-4333-8333-333333333333',
  ML_BLOB_ENDPOINT: 'https://localhost:2/ml',
  MODELS_CONTAINER: 'models',
  MODELS_DATASTORE: 'models',
  SOURCE_COMMIT: 'abc',
});

test('the job gives train exactly the settings it reads, and the identity of the cluster', () => {
  const job = trainingJob(
    settings,
    { dataset: 'line', dataVersion, manifestPath: `line/${dataVersion}/manifest.json` },
    `train-${dataVersion}`,
  );
  const environment = job.environmentVariables as Record<string, string>;
  expect(Object.keys(environment).sort()).toEqual(Object.keys(trainSettings.shape).sort());
  expect(readSettings('train', trainSettings, environment)).toMatchObject({
    AZURE_CLIENT_ID: settings.TRAIN_CLIENT_ID,
    MANIFEST_PATH: `line/${dataVersion}/manifest.json`,
    JOB_NAME: `train-${dataVersion}`,
    MODEL_NAME: 'plant-1-line',
  });
  expect(job).toMatchObject({
    computeId: '/compute',
    environmentId: '/environment',
    experimentName: 'plant-1-line',
    identity: { identityType: 'Managed', clientId: settings.TRAIN_CLIENT_ID },
    tags: { dataVersion },
  });
});

test('data of a smoke test are trained into the model of smoke tests', () => {
  const job = trainingJob(
    settings,
    { dataset: 'smoke-a1b2', dataVersion, manifestPath: `smoke-a1b2/${dataVersion}/manifest.json` },
    `train-${dataVersion}`,
  );
  expect(job).toMatchObject({
    experimentName: 'plant-1-smoke',
    environmentVariables: { MODEL_NAME: 'plant-1-smoke' },
    tags: { dataset: 'smoke-a1b2', model: 'plant-1-smoke' },
  });
});
