import { createHash } from 'node:crypto';
import { loopNames } from '../../../../contracts/datasets';
import { deliveryRecord } from '../../../../contracts/deliveryRecord';
import { digestLine } from '../../../../contracts/edgePackage';
import { type TagAndDeliverSettings } from '../../../../contracts/settings/tagAndDeliver';
import { artifactManifest } from '../../../../pipeline-code/clients/containerRegistry';
import { type CatalogVersion } from '../../../../pipeline-code/clients/machineLearning';
import {
  artifactsOf,
  openedRecord,
  packageProblem,
  parseDigest,
  parseDigestBlob,
  packageLocationOf,
  refusedTags,
  type Released,
  releaseTags,
} from '../../../../pipeline-code/tag-and-deliver/artifacts';

const packageId = '5e0c5f3e-3f0b-5c53-8a43-0f5d9a5a3c11';
const sha256 = 'ab'.repeat(32);
const place = { packageId, packageVersion: '12', digestBlob: `${packageId}/12/Pump-Watch-edge_12.sha256` };
const model: CatalogVersion = {
  name: 'anomaly',
  version: '12',
  modelUri: 'azureml://x',
  properties: {},
  description: undefined,
  jobName: undefined,
  tags: {
    stage: 'validated',
    dataVersion: '0123456789abcdef',
    dataset: 'line',
    trainingJob: 'train-0123456789abcdef',
    sourceCommit: 'abc',
    packageId,
    packageVersion: '12',
    packageSha256: sha256,
  },
};
const released: Released = {
  model,
  location: place,
  sha256,
  fileName: 'Pump-Watch-edge_12.zip',
  packageName: 'Pump Watch',
  createdAt: '2026-11-22T12:00:00.000Z',
  onnx: Buffer.from('graph'),
  signature: Buffer.from('{}'),
  zip: Buffer.from('zip'),
};
const settings: TagAndDeliverSettings = {
  AZURE_CLIENT_ID: '',
  AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
  AZURE_RESOURCE_MANAGER_ENDPOINT: '',
  AZURE_RESOURCE_MANAGER_AUDIENCE: '',
  DATA_BLOB_ENDPOINT: '',
  DATA_QUEUE_ENDPOINT: '',
  QUEUE_NAME: '',
  DELIVERY_QUEUE_NAME: '',
  DELIVERIES_CONTAINER: '',
  EDGE_BLOB_ENDPOINT: '',
  PACKAGED_MODELS_CONTAINER: '',
  SUBSCRIPTION_ID: '',
  RESOURCE_GROUP: '',
  ML_WORKSPACE: '',
  ML_BLOB_ENDPOINT: '',
  MODELS_CONTAINER: '',
  MODELS_DATASTORE: '',
  REGISTRY_LOGIN_SERVER: '',
  FACTORY: 'plant-1',
  DATASET_NAME: 'line',
  DEVICE_ID: 'aimm-plant-1',
  RELEASE: 'automatic',
  PIPELINE_VERSION: '1.4.0',
  SOURCE_COMMIT: 'abc',
};
const names = loopNames('plant-1', 'line');
const now = new Date('2026-11-22T13:00:00.000Z');

test.each([
  [place.digestBlob, place],
  [`${packageId}/12/Pump-Watch-edge_12.zip`, undefined],
  [`${packageId}/012/x.sha256`, undefined],
  [`${packageId}/12/a/b.sha256`, undefined],
  ['not-a-uuid/12/x.sha256', undefined],
])('the blob %s names the package version %j', (name, expected) => {
  expect(parseDigestBlob(name)).toEqual(expected);
});

test.each([
  [digestLine(sha256, 'Pump-Watch-edge_12.zip'), { sha256, fileName: 'Pump-Watch-edge_12.zip' }],
  [`${sha256} Pump-Watch-edge_12.zip`, undefined],
  [`${sha256}  ../x.zip`, undefined],
  [`${sha256}  x.zip\n`, undefined],
  ['', undefined],
])('the digest file %j', (content, expected) => {
  expect(parseDigest(content)).toEqual(expected);
});

test.each([
  ['the package that the gate let pass', model, sha256, undefined],
  ['a package without a model', undefined, sha256, /no version 12/],
  ['a refused model', { ...model, tags: { ...model.tags, stage: 'rejected' as const } }, sha256, /stage rejected/],
  ['a model that was not judged', { ...model, tags: { ...model.tags, stage: 'candidate' as const } }, sha256, /stage candidate/],
  ['other bytes than those that were judged', model, 'cd'.repeat(32), /digest file cdcd/],
  [
    'another package id',
    { ...model, tags: { ...model.tags, packageId: '6e0c5f3e-3f0b-5c53-8a43-0f5d9a5a3c11' } },
    sha256,
    /the catalog names package 6e0c/,
  ],
])('%s', (_, version, digest, problem) => {
  const found = packageProblem(version, place, digest);
  expect(found ?? '').toMatch(problem ?? /^$/);
});

test('model and package become artifacts with lineage; the same release gives the same manifests', () => {
  const { model: modelArtifact, package: packageArtifact } = artifactsOf(settings, names, released);
  expect([modelArtifact.repository, modelArtifact.tag, packageArtifact.repository, packageArtifact.tag]).toEqual([
    'models/plant-1-line',
    '12',
    'packages/plant-1/line-anomaly-detection',
    '12',
  ]);
  const manifest = artifactManifest(packageArtifact);
  expect(manifest).toMatchObject({ schemaVersion: 2, artifactType: 'application/vnd.siemens.edge-configuration-package.v1' });
  expect(manifest.layers).toEqual([
    {
      mediaType: 'application/zip',
      size: 3,
      digest: `sha256:${createHash('sha256').update('zip').digest('hex')}`,
      annotations: { 'org.opencontainers.image.title': 'Pump-Watch-edge_12.zip' },
    },
  ]);
  expect(manifest.annotations).toMatchObject({
    'org.opencontainers.image.version': '12',
    'org.opencontainers.image.revision': 'abc',
    'factory-loop.data-version': '0123456789abcdef',
    'factory-loop.package-id': packageId,
  });
  expect(JSON.stringify(artifactManifest(artifactsOf(settings, names, released).model))).toBe(
    JSON.stringify(artifactManifest(modelArtifact)),
  );
});

test('a release is opened at once, or waits for approval where the stack asks for it', () => {
  expect(openedRecord(settings, released, now)).toMatchObject({
    state: 'Opened',
    deviceId: 'aimm-plant-1',
    packageBlob: `${packageId}/12/Pump-Watch-edge_12.zip`,
    sizeBytes: 3,
  });
  expect(openedRecord({ ...settings, RELEASE: 'approved' }, released, now).state).toBe('AwaitingApproval');
  expect(deliveryRecord.safeParse(openedRecord(settings, released, now)).success).toBe(true);
  expect(releaseTags(settings, { model: 'sha256:1', package: 'sha256:2' }, 'Opened', now)).toEqual({
    stage: 'released',
    pipelineVersion: '1.4.0',
    taggedAt: now.toISOString(),
    modelDigest: 'sha256:1',
    packageDigest: 'sha256:2',
  });
  expect(releaseTags(settings, { model: '', package: '' }, 'AwaitingApproval', now)['stage']).toBe('validated');
});

test('the package of a delivery is the one that its record was opened for', () => {
  expect(packageLocationOf(openedRecord(settings, released, now))).toEqual(place);
});

test("a person's refusal fits into a tag, with who and why", () => {
  const decision = { by: 'ada@example.com', at: now.toISOString(), approved: false, reason: 'x'.repeat(1_000) };
  const tags = refusedTags({ ...openedRecord(settings, released, now), decision });
  expect(tags).toMatchObject({ stage: 'rejected', rejectedBecause: expect.stringMatching(/^ada@example\.com rejected it: x+$/) as string });
  expect(tags['rejectedBecause']).toHaveLength(256);
});

test('one delivery for each package version and device, whenever it is opened', () => {
  const id = (change: Partial<TagAndDeliverSettings>, version = place.packageVersion) =>
    openedRecord({ ...settings, ...change }, { ...released, location: { ...place, packageVersion: version } }, new Date()).deliveryId;
  expect(id({})).toBe(id({}));
  expect(new Set([id({}), id({ DEVICE_ID: 'aimm-plant-2' }), id({}, '13')]).size).toBe(3);
});
