import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerClient } from '@azure/storage-blob';
import { makeKeyAndCertificate } from '../../deploy-programs/keyAndCertificate';
import { inferenceDataTopic, lineDataTopic } from '../../contracts/databus';
import { batchManifestBlob, type InferenceRecord, type LandingManifest } from '../../contracts/landingZone';
import { connectDatabus, type Databus } from '../../edge-sim/databus/databusClient';
import { dataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import { LandingZone } from '../../edge-sim/data-collector-hub/landingZone';
import { Entra } from '../../local-azure/entra/entra';
import { containerId } from '../../local-azure/region/armId';
import { tenantId } from '../../local-azure/region/regionContext';
import { readLandingBatch, readLandingManifest } from '../../pipeline-code/data-pipeline/landingBatch';
import { exitOf, freePort, siteProcesses, type SiteProcesses } from './siteProcesses';
import { storageRegion, type StorageRegion } from './storageRegion';

const addersRole = '/subscriptions/0/providers/Microsoft.Authorization/roleDefinitions/adder';
const directory = mkdtempSync(join(tmpdir(), 'site-'));
let region: StorageRegion;
let entra: Entra;
let landing: ContainerClient;
let programs: SiteProcesses;
let databus: Databus;
let databusPort: number;
let collectorSettings: Record<string, string>;
let hubSettings: Record<string, string>;
let allowUploads: () => void;
let register: (pem: string) => void;

beforeAll(async () => {
  region = await storageRegion(undefined, (_, context) => {
    entra = new Entra(context);
  });
  await entra.start();
  await region.storage.declareContainer(region.account, 'landing-zone');
  const scope = containerId(region.account, 'landing-zone');
  const reader = region.principal('reader');
  region.assign(reader, 'blobReader', scope);
  landing = region.blobs(reader).getContainerClient('landing-zone');

  const application = entra.applications.register('plant-one');
  const principal = entra.applications.addServicePrincipal(application.clientId);
  const pem = await makeKeyAndCertificate('plant-one', new Date());
  register = (one) => void entra.applications.addCertificate(application.objectId, new X509Certificate(one).toString());
  register(pem);
  region.context.roles.define({
    id: addersRole,
    name: 'adder',
    assignableScopes: [region.account],
    actions: [],
    notActions: [],
    dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'],
    notDataActions: [],
  });
  allowUploads = () =>
    region.context.roles.assign({
      id: `${scope}/providers/Microsoft.Authorization/roleAssignments/adder`,
      scope,
      roleDefinitionId: addersRole,
      principalId: principal.objectId,
      principalType: 'ServicePrincipal',
    });
  const [certificate, ca] = [join(directory, 'site.pem'), join(directory, 'ca.pem')];
  writeFileSync(certificate, pem);
  writeFileSync(ca, region.context.tls.ca);

  programs = await siteProcesses(['databus', 'data-collector', 'data-collector-hub']);
  databusPort = await freePort();
  collectorSettings = {
    FACTORY: 'plant-one',
    DEVICE_ID: 'aimm-1',
    DATABUS_PORT: String(databusPort),
    SITE_DIRECTORY: directory,
    DATA_COLLECTOR_HUB_PORT: String(await freePort()),
  };
  hubSettings = {
    ...collectorSettings,
    EDGE_BLOB_ENDPOINT: region.storage.endpoints('data1').blob,
    LANDING_ZONE_CONTAINER: 'landing-zone',
    AAD_CLIENT_ID: application.clientId,
    AAD_TENANT_ID: tenantId,
    AAD_CLIENT_CERTIFICATE_PATH: certificate,
    AZURE_AUTHORITY_HOST: entra.authorityHost,
    DISABLE_INSTANCE_DISCOVERY: 'true',
    BATCH_IDLE_MS: '300',
    BATCH_MAX_RECORDS: '400',
    NODE_EXTRA_CA_CERTS: ca,
  };
  programs.run('databus', { DATABUS_PORT: String(databusPort) });
  databus = await connectDatabus({ port: databusPort }, 'line', () => undefined);
});
afterAll(async () => {
  await databus.close();
  await programs.stop();
  await entra.stop();
  await region.stop();
  rmSync(directory, { recursive: true, force: true });
});

const until = async (what: string, done: () => boolean | Promise<boolean>) => {
  for (const deadline = Date.now() + 20_000; !(await done()); await sleep(100))
    if (Date.now() > deadline) throw new Error(`${what} did not happen:\n${programs.output().slice(-4_000)}`);
};
const count = (text: string) => programs.output().split(text).length - 1;
async function startCollector(): Promise<ChildProcess> {
  const before = count('"databus connected"');
  const child = programs.run('data-collector', collectorSettings);
  await until('the subscription', () => count('"databus connected"') > before);
  return child;
}
const startHub = () => programs.run('data-collector-hub', hubSettings);
async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await exitOf(child);
}

let sequence = 0;
/** Publishes as the line and the inference server do, a result after every tenth sample. */
async function publish(samples: number): Promise<void> {
  for (let index = 0; index < samples; index += 1) {
    sequence += 1;
    const ts = new Date(Date.UTC(2026, 4, 1) + sequence * 1_000).toISOString();
    await databus.publishJson(lineDataTopic, {
      seq: sequence,
      vals: [
        { id: 'flow', qc: 3, ts, val: sequence / 7 },
        { id: 'valve', qc: 0, ts, val: true },
        { id: 'mode', qc: 3, ts, val: 'run' },
      ],
    });
    if (sequence % 10 !== 0) continue;
    const result = {
      windowStart: ts,
      windowEnd: ts,
      score: sequence,
      threshold: 2,
      alarm: false,
      packageId: '0f4e2c6a-1111-5000-8000-000000000001',
      packageVersion: '3',
      quality: 'good',
    };
    await databus.publishJson(inferenceDataTopic('line'), {
      seq: sequence,
      vals: [{ id: 'result', qc: 3, ts, val: JSON.stringify(result) }],
    });
  }
}
/** Every batch that the data pipeline would accept. */
async function batches(): Promise<{ readonly manifest: LandingManifest; readonly records: readonly InferenceRecord[] }[]> {
  const found = [];
  for await (const { name } of landing.listBlobsFlat()) {
    if (!name.endsWith('.manifest.json')) continue;
    const manifest = readLandingManifest(name, await landing.getBlobClient(name).downloadToBuffer());
    found.push({ manifest, records: await readLandingBatch(manifest, await landing.getBlobClient(manifest.blob).downloadToBuffer()) });
  }
  return found;
}
const distinct = (records: readonly InferenceRecord[]) => new Set(records.map(({ recordId }) => recordId));
const arrived = async () => (await batches()).flatMap(({ records }) => records);

it('keeps everything while it may not upload, and brings it in batches with true manifests once it may', async () => {
  const [collector, hub] = [await startCollector(), startHub()];
  await publish(1_000);
  await until('the refusal', () => count('AuthorizationPermissionMismatch') > 0 || count('"batch not uploaded, trying again"') > 0);
  expect(await arrived()).toEqual([]);
  allowUploads();
  await until('the upload', async () => distinct(await arrived()).size === 1_100);
  const all = await batches();
  expect(all.length).toBeGreaterThan(2);
  expect(all.flatMap(({ records }) => records)).toHaveLength(1_100);
  expect(all.reduce((sum, { manifest }) => sum + manifest.samples, 0)).toBe(1_000);
  expect(all.reduce((sum, { manifest }) => sum + manifest.results, 0)).toBe(100);
  expect(
    all.every(
      ({ manifest }) =>
        manifest.records <= 400 &&
        /^inference\/plant-one\/aimm-1\/yyyy=2026\/mm=05\/dd=01\/hh=00\/[0-9a-f-]{36}\.ndjson\.gz$/.test(manifest.blob),
    ),
  ).toBe(true);
  expect([...new Set(all.flatMap(({ manifest }) => manifest.packageVersions))]).toEqual(['3']);
  const sample = all[0]?.records.find(({ kind }) => kind === 'sample');
  expect(sample).toMatchObject({
    kind: 'sample',
    qc: 0,
    factory: 'plant-one',
    device: 'aimm-1',
    input: { flow: expect.any(Number) as number, valve: null },
  });
  await killed(collector);
  await killed(hub);
});

it('loses nothing when collector and hub are killed again and again, and what is doubled can be told by its id', async () => {
  const before = distinct(await arrived()).size;
  const first = sequence;
  let [collector, hub] = [await startCollector(), startHub()];
  for (let round = 0; round < 5; round += 1) {
    const publishing = publish(600);
    await sleep(40 + round * 37);
    await killed(collector);
    await sleep(60);
    await killed(hub);
    hub = startHub();
    await publishing;
    collector = await startCollector();
  }
  const expected = before + 3_000 + Math.floor((sequence - first) / 10);
  await until('the last batch', async () => distinct(await arrived()).size >= expected);
  await sleep(800);
  const all = await arrived();
  expect(distinct(all).size).toBe(expected);
  expect(all.length - distinct(all).size).toBeLessThan(3_000);
  expect(new Set(all.flatMap((record) => (record.kind === 'sample' ? [record.ts] : []))).size).toBe(sequence);
  await killed(collector);
  await killed(hub);
});

it('sends the batch that was on its way at the kill again under its own name', async () => {
  const before = await batches();
  await region.storage.stop();
  const collector = await startCollector();
  let hub = startHub();
  await publish(100);
  await until('a try', () => count('"batch not uploaded, trying again"') > 1);
  await killed(hub);
  hub = startHub();
  await sleep(500);
  await killed(hub);
  await region.storage.start();
  // A batch of the same name is there already, as after a kill between the upload and the note of it.
  startHub();
  await until('the upload', async () => (await batches()).length > before.length);
  await sleep(800);
  const more = (await batches()).filter(({ manifest }) => !before.some((known) => known.manifest.batchId === manifest.batchId));
  expect(more.flatMap(({ records }) => records)).toHaveLength(110);
  for (const { manifest } of more) expect(await landing.getBlobClient(batchManifestBlob(manifest.blob)).exists()).toBe(true);
  await killed(collector);
});

it('signs in with the certificate that is in the file now, and does not wait until the one before is refused', async () => {
  allowUploads();
  const zone = new LandingZone(dataCollectorHubSettings.parse(hubSettings), () => undefined);
  const put = (name: string) => zone.putOnce(name, Buffer.from(name), 'text/plain');
  const next = await makeKeyAndCertificate('plant-one', new Date());
  await put('with-the-first');
  writeFileSync(hubSettings['AAD_CLIENT_CERTIFICATE_PATH'] ?? '', next);
  await expect(put('with-the-next')).rejects.toThrow(/AADSTS700027/);
  register(next);
  await put('with-the-next');
});
