import { createHash } from 'node:crypto';
import { Releases } from '../../loop/releases';
import { rowsOf } from '../../components/access/roleMatrix';
import { loopNames } from '../../contracts/datasets';
import type { DeliveryRecord } from '../../contracts/deliveryRecord';
import { digestFileName, digestLine, packageFileName } from '../../contracts/edgePackage';
import { deliveryIdOf } from '../../contracts/nameBasedUuid';
import type { Log } from '../../contracts/program/log';
import { modelCatalog } from '../../pipeline-code/clients/machineLearning';
import { runTagAndDeliver } from '../../pipeline-code/tag-and-deliver/tagAndDeliver';
import { blobCreated } from '../support/queueEvents';
import { deliveryRegion, type DeliveryRegion } from './support/deliveryRegion';
import { group } from './support/deliveryResources';

const mockActing: { region?: DeliveryRegion; who?: Parameters<DeliveryRegion['identity']>[0] } = {};
jest.mock('../../pipeline-code/clients/credential', () => ({
  credential: () => {
    const { region, who } = mockActing;
    if (!region || !who) throw new Error('nobody acts');
    return region.credential(region.identity(who));
  },
}));

const silent: Log = () => undefined;
const factory = 'plant-1';
const deviceId = 'aimm-plant-1';
const { packageId, packageName, model } = loopNames(factory, 'line');
const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

let region: DeliveryRegion;
beforeAll(async () => {
  region = await deliveryRegion({ people: ['approver'] });
  mockActing.region = region;
});
afterAll(() => region.stop());

const settings = () => ({
  AZURE_CLIENT_ID: '11111111-1111-4111-8111-111111111111',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential' as const,
  AZURE_RESOURCE_MANAGER_ENDPOINT: region.resourceManagerEndpoint,
  AZURE_RESOURCE_MANAGER_AUDIENCE: 'https://management.azure.com',
  DATA_BLOB_ENDPOINT: region.endpoints('data').blob,
  DATA_QUEUE_ENDPOINT: region.endpoints('data').queue,
  QUEUE_NAME: 'tag-and-deliver',
  DELIVERY_QUEUE_NAME: 'delivery',
  DELIVERIES_CONTAINER: 'deliveries',
  EDGE_BLOB_ENDPOINT: region.endpoints('edge').blob,
  PACKAGED_MODELS_CONTAINER: 'packaged-models',
  ML_BLOB_ENDPOINT: region.endpoints('ml').blob,
  MODELS_CONTAINER: 'models',
  MODELS_DATASTORE: 'models',
  SUBSCRIPTION_ID: region.subscriptionId,
  RESOURCE_GROUP: group,
  ML_WORKSPACE: 'ml',
  REGISTRY_LOGIN_SERVER: region.loginServer,
  FACTORY: factory,
  DATASET_NAME: 'line',
  DEVICE_ID: deviceId,
  RELEASE: 'approved' as const,
  PIPELINE_VERSION: '1',
  SOURCE_COMMIT: 'abc',
});
const tagAndDeliver = () => {
  mockActing.who = 'tag-and-deliver';
  return runTagAndDeliver(settings(), silent);
};
const catalog = () => modelCatalog(settings(), model);
const stage = async (version: string) => (await catalog().version(version))?.tags.stage;
const approver = () =>
  Releases.of(
    {
      dataBlobEndpoint: region.endpoints('data').blob,
      dataQueueEndpoint: region.endpoints('data').queue,
      deliveriesContainer: 'deliveries',
      releaseQueue: 'tag-and-deliver',
    },
    region.credential(region.identity('approver')),
  );
const recordOf = async (version: string) =>
  JSON.parse(
    (
      await region
        .blobs('data', 'deliveries')
        .getBlobClient(`${deliveryIdOf(packageId, version, deviceId)}.json`)
        .downloadToBuffer()
    ).toString(),
  ) as DeliveryRecord;

/** A model that the gate let pass, with its package, and the run of the program that its digest starts. */
async function packaged(version: string): Promise<string> {
  const zip = `package ${version}`;
  const onnx = `graph ${version}`;
  const fileName = packageFileName(packageName, version);
  const signature = {
    schemaVersion: '1',
    model,
    dataVersion: `data-${version}`,
    manifestPath: 'line/x/manifest.json',
    input: { name: 'features', size: 1 },
    threshold: 1,
    onnxSha256: sha256(onnx),
    trainedOn: { windows: 1, calibrationWindows: 1 },
    metrics: {},
    features: {
      schemaVersion: '1',
      windowSeconds: 10,
      strideSeconds: 10,
      minSamples: 5,
      sensors: [{ name: 'pressure', aggregates: ['mean'] }],
    },
  };
  const upload = (of: 'edge' | 'ml', container: string, name: string, content: string) =>
    region.blobs(of, container).getBlockBlobClient(name).uploadData(Buffer.from(content));
  await upload('ml', 'models', `anomaly/${version}/model.onnx`, onnx);
  await upload('ml', 'models', `anomaly/${version}/signature.json`, JSON.stringify(signature));
  await upload('edge', 'packaged-models', `${packageId}/${version}/${fileName}`, zip);
  const digestBlob = `${packageId}/${version}/${digestFileName(packageName, version)}`;
  await upload('edge', 'packaged-models', digestBlob, digestLine(sha256(zip), fileName));
  mockActing.who = 'train';
  await catalog().register({
    path: `anomaly/${version}`,
    jobName: `train-${version}`,
    description: 'x',
    properties: {},
    tags: {
      stage: 'validated',
      dataVersion: `data-${version}`,
      dataset: 'line',
      trainingJob: `train-${version}`,
      sourceCommit: 'abc',
      packageId,
      packageVersion: version,
      packageName,
      packageSha256: sha256(zip),
      gateFigures: 'falseAlarmRate=0.04',
    },
  });
  await region.enqueue('tag-and-deliver', blobCreated('packaged-models', digestBlob));
  await tagAndDeliver();
  return deliveryIdOf(packageId, version, deviceId);
}

test('an approver has two roles and no more', () => {
  expect(rowsOf('approver').map(({ role, scope }) => `${role} ${scope}`)).toEqual([
    'releaseApprover data/deliveries',
    'queueMessageSender queue/tag-and-deliver',
  ]);
});

test('a validated package waits; approved by a person it is released, and only then delivery hears of it', async () => {
  const deliveryId = await packaged('1');
  const releases = approver();
  expect(await releases.waiting()).toMatchObject([{ deliveryId, state: 'AwaitingApproval', gateFigures: 'falseAlarmRate=0.04' }]);
  expect([await stage('1'), await region.waiting('delivery')]).toEqual(['validated', 0]);
  await releases.decide(deliveryId, { approved: true, by: 'ada@example.com' }, new Date());
  await tagAndDeliver();
  expect(await recordOf('1')).toMatchObject({ state: 'Opened', decision: { by: 'ada@example.com', approved: true } });
  expect([await stage('1'), await region.waiting('delivery')]).toEqual(['released', 1]);
  expect(await releases.waiting()).toEqual([]);
});

test('rejected by a person it never leaves, its model is marked, and its event starts nothing any more', async () => {
  const before = await region.waiting('delivery');
  const deliveryId = await packaged('2');
  await approver().decide(deliveryId, { approved: false, by: 'ada@example.com', reason: 'the line is being rebuilt' }, new Date());
  await tagAndDeliver();
  expect((await catalog().version('2'))?.tags).toMatchObject({
    stage: 'rejected',
    rejectedBecause: 'ada@example.com rejected it: the line is being rebuilt',
  });
  await region.enqueue('tag-and-deliver', blobCreated('packaged-models', `${packageId}/2/${digestFileName(packageName, '2')}`));
  await tagAndDeliver();
  expect([(await recordOf('2')).state, await stage('2'), await region.waiting('delivery')]).toEqual(['Rejected', 'rejected', before]);
  await expect(approver().decide(deliveryId, { approved: true, by: 'bob@example.com' }, new Date())).rejects.toThrow(
    'ada@example.com rejected it',
  );
});

test('a message about a delivery that nobody decided moves nothing', async () => {
  const before = await region.waiting('delivery');
  const deliveryId = await packaged('3');
  await region.tell('tag-and-deliver', { deliveryId });
  await tagAndDeliver();
  expect([(await recordOf('3')).state, await stage('3'), await region.waiting('delivery')]).toEqual([
    'AwaitingApproval',
    'validated',
    before,
  ]);
});

test('an approver reads and decides, and can neither delete a record nor read the queues', async () => {
  const container = region.blobs('data', 'deliveries', region.identity('approver'));
  await expect(container.deleteBlob(`${deliveryIdOf(packageId, '1', deviceId)}.json`)).rejects.toMatchObject({ statusCode: 403 });
  const packages = region.blobs('edge', 'packaged-models', region.identity('approver'));
  await expect(packages.getBlobClient(`${packageId}/1/${packageFileName(packageName, '1')}`).downloadToBuffer()).rejects.toMatchObject({
    statusCode: 403,
  });
});
