import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerRegistryContentClient } from '@azure/container-registry';
import { BlobClient } from '@azure/storage-blob';
import { presignedUrlResponseBody } from '../../contracts/aimmMessages';
import { manifestPath } from '../../contracts/datasetManifest';
import { type DeliveryRecord } from '../../contracts/deliveryRecord';
import { loopNames, smokeNames } from '../../contracts/datasets';
import { deliveryIdOf } from '../../contracts/nameBasedUuid';
import { readSettings } from '../../contracts/settings/settings';
import { trainSettings } from '../../contracts/settings/train';
import { extractZip } from '../../edge-sim/inference-server/extractZip';
import { parsePipelineConfiguration } from '../../edge-sim/inference-server/pipelineConfiguration';
import { type HubMessage } from '../../edge-sim/model-manager/hubConnection';
import { type Log } from '../../contracts/program/log';
import { machineLearningClient, modelCatalog } from '../../pipeline-code/clients/machineLearning';
import { runDelivery } from '../../pipeline-code/delivery/delivery';
import { runModelDevelopment } from '../../pipeline-code/model-development/modelDevelopment';
import { parseDigest } from '../../pipeline-code/tag-and-deliver/artifacts';
import { runTagAndDeliver } from '../../pipeline-code/tag-and-deliver/tagAndDeliver';
import { runValidateAndPackage } from '../../pipeline-code/validate-and-package/validateAndPackage';
import { blobCreated } from '../support/queueEvents';
import { cloudMessage, siemensExchange } from './support/aimmTranscript';
import { deliveryRegion, type DeliveryRegion } from './support/deliveryRegion';
import { computeId, environmentId, group } from './support/deliveryResources';
import { until } from './support/testRegion';
import { registerCandidate } from './support/modelCandidates';
import {
  regionSettings,
  dataset,
  deliverySettings,
  deviceId,
  factory,
  modelDevelopmentSettings,
  tagAndDeliverSettings,
  validateAndPackageSettings,
} from './support/programSettings';

const mockActing: { region?: DeliveryRegion; who?: Parameters<DeliveryRegion['identity']>[0] } = {};
jest.mock('../../pipeline-code/clients/credential', () => ({
  credential: () => {
    const { region, who } = mockActing;
    if (!region || !who) throw new Error('nobody acts');
    return region.credential(region.identity(who));
  },
}));

const logged: string[] = [];
const log: Log = (level, message, detail = {}) => void logged.push(`${level} ${message} ${JSON.stringify(detail)}`);

const dataVersion = '0123456789abcdef';
const names = loopNames(factory, dataset);
const { packageId } = names;
const deliveryId = deliveryIdOf(packageId, '1', deviceId);

let region: DeliveryRegion;
let directory: string;
const sha256 = (content: Buffer) => createHash('sha256').update(content).digest('hex');

function candidate(dataVersion: string, faultShift: number, dataset = 'line', model = loopNames(factory, dataset).model): Promise<void> {
  mockActing.who = 'train';
  return registerCandidate(region, directory, { dataVersion, faultShift, dataset, model });
}
const validate = () => {
  mockActing.who = 'validate-and-package';
  return runValidateAndPackage(validateAndPackageSettings(region), log);
};
const tagAndDeliver = () => {
  mockActing.who = 'tag-and-deliver';
  return runTagAndDeliver(tagAndDeliverSettings(region), log);
};
const settings = () => regionSettings(region);
const tags = async (version: string) => (await modelCatalog(settings(), names.model).version(version))?.tags;
const registered = (version: string, model = names.model) => region.published.find((one) => one.subject === `models/${model}:${version}`);
const record = async () =>
  JSON.parse(
    (await region.blobs('data', 'deliveries').getBlobClient(`${deliveryId}.json`).downloadToBuffer()).toString(),
  ) as DeliveryRecord;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'model-to-factory-'));
  region = await deliveryRegion();
  mockActing.region = region;
});
afterAll(async () => {
  await region.stop();
  rmSync(directory, { recursive: true, force: true });
});

test('step 3a: a manifest becomes a data asset and one training job, however often its event comes', async () => {
  await candidate(dataVersion, 20);
  const run = () => {
    mockActing.who = 'model-development';
    return runModelDevelopment(modelDevelopmentSettings(region), log);
  };
  for (const name of ['line/0123456789abcdef/windows.parquet', manifestPath(dataset, dataVersion), manifestPath(dataset, dataVersion)])
    await region.enqueue('model-development', blobCreated('processed', name));
  await run();
  await region.enqueue('model-development', blobCreated('processed', manifestPath(dataset, dataVersion)));
  await run();
  expect(await region.waiting('model-development')).toBe(0);
  const { dataVersions, jobs } = machineLearningClient(settings());
  expect(await dataVersions.get(group, 'ml', dataset, dataVersion)).toMatchObject({
    properties: {
      dataType: 'uri_folder',
      dataUri: `${region.endpoints('data').blob}/processed/line/${dataVersion}/`,
      tags: { dataVersion },
    },
  });
  expect(await jobs.get(group, 'ml', `train-${dataVersion}`)).toMatchObject({
    properties: { jobType: 'Command', computeId, environmentId, experimentName: names.model },
  });
  await until(() => region.jobs.length > 0, 'the job runs');
  expect(region.jobs).toHaveLength(1);
  expect(readSettings('train', trainSettings, region.jobs[0]?.environment ?? {})).toMatchObject({
    MANIFEST_PATH: manifestPath(dataset, dataVersion),
    JOB_NAME: `train-${dataVersion}`,
  });
});

test('steps 5a and 5b: the gate lets a good model pass; tags, package and digest are there, and a second event changes nothing', async () => {
  const event = registered('1');
  if (!event) throw new Error('expected the event of model version 1');
  await region.enqueue('validate-and-package', event);
  await validate();
  expect(await tags('1')).toMatchObject({
    stage: 'validated',
    packageId,
    packageVersion: '1',
    packageName: names.packageName,
    dataVersion,
    sourceCommit: 'abc',
    gateFigures: expect.stringContaining('labelAuc=1'),
  });
  const packages = region.blobs('edge', 'packaged-models');
  const digest = parseDigest(
    (await packages.getBlobClient(`${packageId}/1/line-anomaly-detection-edge_1.sha256`).downloadToBuffer()).toString(),
  );
  const zip = packages.getBlobClient(`${packageId}/1/line-anomaly-detection-edge_1.zip`);
  expect(digest).toEqual({ sha256: (await tags('1'))?.packageSha256, fileName: 'line-anomaly-detection-edge_1.zip' });
  expect(sha256(await zip.downloadToBuffer())).toBe(digest?.sha256);
  const { etag } = await zip.getProperties();
  await region.enqueue('validate-and-package', event);
  await validate();
  expect((await zip.getProperties()).etag).toBe(etag);
});

test('step 5b again: a program that ended between tags and package finishes it when the event comes back', async () => {
  const packages = region.blobs('edge', 'packaged-models');
  const before = await packages.getBlobClient(`${packageId}/1/line-anomaly-detection-edge_1.zip`).downloadToBuffer();
  for (const end of ['sha256', 'zip']) await packages.deleteBlob(`${packageId}/1/line-anomaly-detection-edge_1.${end}`);
  const event = registered('1');
  if (!event) throw new Error('expected the event of model version 1');
  await region.enqueue('validate-and-package', event);
  await validate();
  expect(sha256(await packages.getBlobClient(`${packageId}/1/line-anomaly-detection-edge_1.zip`).downloadToBuffer())).toBe(sha256(before));
  expect(await packages.getBlobClient(`${packageId}/1/line-anomaly-detection-edge_1.sha256`).exists()).toBe(true);
});

test('step 5a: a model that cannot tell labelled faults is refused with its figures, and there is no package', async () => {
  await candidate('fedcba9876543210', 0);
  const event = registered('2');
  if (!event) throw new Error('expected the event of model version 2');
  await region.enqueue('validate-and-package', event);
  await validate();
  expect(await tags('2')).toMatchObject({
    stage: 'rejected',
    rejectedBecause: expect.stringMatching(/labelAuc 0\.[0-9]+ < 0\.7/),
    trainingJob: 'train-fedcba9876543210',
  });
  expect((await tags('2'))?.packageId).toBeUndefined();
  expect(await region.blobs('edge', 'packaged-models').getBlobClient(`${packageId}/2/line-anomaly-detection-edge_2.sha256`).exists()).toBe(
    false,
  );
});

test('step 7: tags, artifacts with lineage, one delivery record and its message; a foreign package is refused', async () => {
  const packages = region.blobs('edge', 'packaged-models');
  await packages
    .getBlockBlobClient(`${packageId}/2/line-anomaly-detection-edge_2.sha256`)
    .uploadData(Buffer.from(`${'ab'.repeat(32)}  line-anomaly-detection-edge_2.zip`));
  for (const version of ['2', '1', '1'])
    await region.enqueue(
      'tag-and-deliver',
      blobCreated('packaged-models', `${packageId}/${version}/line-anomaly-detection-edge_${version}.sha256`),
    );
  await tagAndDeliver();
  expect(logged.filter((line) => line.startsWith('error package refused'))).toEqual([expect.stringContaining('stage rejected')]);
  const released = await tags('1');
  expect(released).toMatchObject({ stage: 'released', packageSha256: expect.any(String), dataVersion, pipelineVersion: '1' });
  for (const [repository, digest, file] of [
    [names.modelRepository, released?.modelDigest, 'model.onnx'],
    [names.packageRepository, released?.packageDigest, 'line-anomaly-detection-edge_1.zip'],
  ] as const) {
    const found = await new ContainerRegistryContentClient(
      `https://${region.loginServer}`,
      repository,
      region.credential(region.identity('tag-and-deliver')),
    ).getManifest('1');
    expect(found.digest).toBe(digest);
    expect(found.manifest).toMatchObject({
      annotations: { 'factory-loop.data-version': dataVersion, 'org.opencontainers.image.revision': 'abc' },
      layers: expect.arrayContaining([expect.objectContaining({ annotations: { 'org.opencontainers.image.title': file } })]),
    });
  }
  expect(await record()).toMatchObject({
    deliveryId,
    state: 'Opened',
    deviceId,
    packageId,
    packageVersion: '1',
    sha256: released?.packageSha256,
    announcements: 0,
  });
  expect(await region.waiting('delivery')).toBeGreaterThanOrEqual(1);
  expect(await tags('2')).toMatchObject({ stage: 'rejected' });
});

test('steps 5a to 7 of a smoke test: its own model, package, artifacts and delivery, and a package that ends by itself', async () => {
  const smoke = smokeNames(factory);
  await candidate('00000000000000aa', 20, 'smoke-a1b2');
  const event = registered('1', smoke.model);
  if (!event) throw new Error('expected the event of the model of the smoke test');
  await region.enqueue('validate-and-package', event);
  await validate();
  const catalog = modelCatalog(settings(), smoke.model);
  expect((await catalog.version('1'))?.tags).toMatchObject({
    stage: 'validated',
    dataset: 'smoke-a1b2',
    packageId: smoke.packageId,
    packageVersion: '1',
    packageName: 'smoke-anomaly-detection',
  });
  const zip = join(directory, 'smoke.zip');
  await region
    .blobs('edge', 'packaged-models')
    .getBlobClient(`${smoke.packageId}/1/smoke-anomaly-detection-edge_1.zip`)
    .downloadToFile(zip);
  const unpacked = join(directory, 'smoke');
  await extractZip(zip, unpacked, { maxEntries: 100, maxTotalBytes: 1e8, maxRatio: 100 });
  const { dataFlowPipeline } = parsePipelineConfiguration(readFileSync(join(unpacked, 'pipeline_config.yml'), 'utf8'));
  expect(dataFlowPipeline.pipelineParameters).toContainEqual({
    name: 'quiet_after',
    type: 'String',
    defaultValue: '2026-01-03T00:00:00.000Z',
  });
  await region.enqueue('tag-and-deliver', blobCreated('packaged-models', `${smoke.packageId}/1/smoke-anomaly-detection-edge_1.sha256`));
  await tagAndDeliver();
  const smokeDelivery = deliveryIdOf(smoke.packageId, '1', deviceId);
  const opened = JSON.parse(
    (await region.blobs('data', 'deliveries').getBlobClient(`${smokeDelivery}.json`).downloadToBuffer()).toString(),
  ) as DeliveryRecord;
  expect(opened).toMatchObject({ packageId: smoke.packageId, modelName: smoke.model, dataVersion: '00000000000000aa' });
  expect(
    (
      await new ContainerRegistryContentClient(
        `https://${region.loginServer}`,
        smoke.packageRepository,
        region.credential(region.identity('tag-and-deliver')),
      ).getManifest('1')
    ).digest,
  ).toBe((await catalog.version('1'))?.tags.packageDigest);
  expect(await tags('1')).toMatchObject({ stage: 'released', packageId });
  await region.blobs('data', 'deliveries').deleteBlob(`${smokeDelivery}.json`);
});

test('a model that was not trained on its own data set is unfit, and so is the package of nobody', async () => {
  await candidate('00000000000000bb', 20, 'smoke-c3d4', names.model);
  const wrong = registered('3');
  if (!wrong) throw new Error('expected the event of model version 3');
  await region.enqueue('validate-and-package', wrong);
  await validate();
  expect(await tags('3')).toMatchObject({
    stage: 'rejected',
    rejectedBecause: expect.stringContaining('expected a model of its own data set'),
  });
  const foreign = '11111111-1111-5111-8111-111111111111';
  const refusals = () => logged.filter((line) => line.startsWith('error package refused') && line.includes('is neither')).length;
  await region.enqueue('tag-and-deliver', blobCreated('packaged-models', `${foreign}/1/x.sha256`));
  await tagAndDeliver();
  expect(refusals()).toBe(1);
});

test('the number of an archived version is never given again', async () => {
  const { model } = smokeNames(factory);
  const { modelVersions } = machineLearningClient(settings());
  const { properties } = await modelVersions.get(group, 'ml', model, '1');
  mockActing.who = 'train';
  await modelVersions.createOrUpdate(group, 'ml', model, '1', { properties: { ...properties, isArchived: true } });
  await candidate('00000000000000cc', 20, 'smoke-e5f6');
  expect((await modelCatalog(settings(), model).versions()).map(({ version }) => version)).toEqual(['2']);
});

test('steps 8a to 9: the exchange with a device over the hub ends in Success, and the link gives the package and nothing else', async () => {
  const device = await region.device(deviceId);
  const received: HubMessage[] = [];
  device.onMessage((message) => void received.push(message));
  const said = (properties: Record<string, string>, body: object) =>
    device.sendEvent({ properties: { deliveryId, ...properties }, body: JSON.stringify(body) });
  const stop = new AbortController();
  mockActing.who = 'delivery';
  const running = runDelivery(deliverySettings(region), log, stop.signal);
  try {
    await until(() => received.length >= 1, 'newDelivery');
    expect(received[0]).toMatchObject({ contentType: 'application/json', properties: { type: 'event', kind: 'newDelivery', deliveryId } });
    await said({ type: 'state' }, { state: 'Assessing' });
    await said({ type: 'event', kind: 'presignedUrlRequest' }, {});
    await until(() => received.length >= 2, 'presignedUrlResponse');
    expect(received[1]?.properties).toMatchObject({ type: 'data', kind: 'presignedUrlResponse', deliveryId });
    const { presignedUrl } = presignedUrlResponseBody.parse(JSON.parse(received[1]?.body.toString() ?? '')).attributes;
    expect(sha256(await new BlobClient(presignedUrl).downloadToBuffer())).toBe((await record()).sha256);
    await expect(
      new BlobClient(presignedUrl.replace('line-anomaly-detection-edge_1.zip', 'line-anomaly-detection-edge_1.sha256')).downloadToBuffer(),
    ).rejects.toMatchObject({ statusCode: 403 });
    await said({ type: 'state' }, { state: 'Success' });
    let state = '';
    for (let tries = 0; state !== 'Success' && tries < 100; tries++) {
      state = (await record()).state;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await record()).toMatchObject({ state: 'Success', reportedState: 'Success', announcements: 1 });
    expect((await record()).history.map(({ event }) => event)).toEqual(['opened', 'reported', 'urlRequested', 'urlSent', 'reported']);
    expect(received.map(cloudMessage)).toEqual([siemensExchange.newDelivery, siemensExchange.presignedUrlResponse]);
  } finally {
    stop.abort();
    await running;
    await device.close();
  }
  expect(await region.waiting('delivery')).toBe(0);
});
