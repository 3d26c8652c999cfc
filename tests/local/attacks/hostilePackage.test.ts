import { randomUUID, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { BlobServiceClient } from '@azure/storage-blob';
import { makeKeyAndCertificate } from '../../../deploy-programs/keyAndCertificate';
import { MonitorReader } from '../../../loop/monitorReader';
import type { DeliveryRecord } from '../../../contracts/deliveryRecord';
import { encodeQueueMessage } from '../../../contracts/eventGrid';
import { armId, containerId } from '../../../local-azure/region/armId';
import { tenantId } from '../../../local-azure/region/regionContext';
import { readBlob } from '../../../pipeline-code/clients/storage';
import { siteDirectory, sha256, zipOf } from '../../unit/edge-sim/inference-server/samplePackage';
import { until } from '../messaging';
import { freePort, inferenceServerAnswers, siteProcesses, type SiteProcesses } from '../siteProcesses';
import { attackedRegion, eventHubId, ids, instrumentationKey, packages, type AttackedRegion } from './attackedRegion';

const data = armId('rg', 'Microsoft.Storage/storageAccounts', 'data1');
const queueId = `${data}/queueServices/default/queues/delivery`;
const deviceId = 'aimm';
const directory = siteDirectory();
let attacked: AttackedRegion;
let programs: SiteProcesses;
let certificate: string;

beforeAll(async () => {
  attacked = await attackedRegion();
  const { storage, monitor, entra } = attacked.region;
  storage.declareAccount(data);
  for (const name of ['deliveries', 'checkpoints']) await storage.declareContainer(data, name);
  await storage.declareQueue(data, 'delivery');
  const delivery = attacked.identity('delivery');
  for (const name of ['deliveries', 'checkpoints']) attacked.assign(delivery, 'blobDataContributor', containerId(data, name));
  attacked.assign(delivery, 'queueMessageProcessor', queueId);
  attacked.assign(delivery, 'cloudToDeviceSender', ids.hub);
  attacked.assign(delivery, 'eventHubsDataReceiver', eventHubId);
  attacked.assign(delivery, 'blobDelegator', ids.account);
  attacked.assign(delivery, 'blobDataReader', packages);

  const pem = await makeKeyAndCertificate(deviceId, new Date());
  certificate = join(directory, 'device.pem');
  writeFileSync(certificate, pem, { mode: 0o600 });
  const { clientId, principal } = attacked.application('site', pem);
  attacked.assign(principal, 'monitoringMetricsPublisher', ids.insights);
  attacked.register(deviceId, new X509Certificate(pem).fingerprint256.replaceAll(':', ''));

  programs = await siteProcesses([
    'databus',
    'inference-server',
    'model-manager',
    'otel-collector',
    'model-monitor',
    'auth-proxy',
    'delivery',
  ]);
  const [databus, otlp, it, ingestion, metrics] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ].map(String) as [string, string, string, string, string];
  const trusted = { NODE_EXTRA_CA_CERTS: attacked.context.tls.caFile };
  const site = {
    FACTORY: 'plant',
    DEVICE_ID: deviceId,
    DATABUS_PORT: databus,
    SITE_DIRECTORY: directory,
    OTLP_PORT: otlp,
    TELEMETRY_INTERVAL_MS: '500',
  };
  programs.run('databus', { DATABUS_PORT: databus });
  programs.run('auth-proxy', {
    TARGET_HOST: new URL(monitor.endpoint).host,
    LISTENING_PORT: ingestion,
    AUDIENCE: 'https://monitor.azure.com',
    IDENTITY_TYPE: 'aadApplication',
    AAD_CLIENT_ID: clientId,
    AAD_TENANT_ID: tenantId,
    AAD_CLIENT_CERTIFICATE_PATH: certificate,
    AAD_TOKEN_REFRESH_INTERVAL_IN_PERCENTAGE: '10',
    AZURE_AUTHORITY_HOST: entra.authorityHost,
    DISABLE_INSTANCE_DISCOVERY: 'true',
    ...trusted,
  });
  programs.run('model-monitor', {
    ...site,
    MODEL_MONITOR_PORT: it,
    INSTRUMENTATION_KEY: instrumentationKey,
    INGESTION_PROXY_PORT: ingestion,
    METRICS_PROXY_PORT: metrics,
    REMOTE_WRITE_PATH: '/dataCollectionRules/dcr-1/streams/Microsoft-PrometheusMetrics/api/v1/write?api-version=2023-04-24',
  });
  programs.run('otel-collector', { ...site, MODEL_MONITOR_PORT: it });
  programs.run('inference-server', { ...site, PYTHON: 'python3', MAX_ACTIVE_PIPELINES: '1' });
  await inferenceServerAnswers(Number(databus), programs);
  programs.run('model-manager', {
    ...site,
    IOT_HUB_HOST: attacked.hubHost,
    CERTIFICATE_FILE: certificate,
    PRIVATE_KEY_FILE: certificate,
    MIN_FREE_DISK_BYTES: '1000',
    MAX_PACKAGE_BYTES: '100000000',
    ...trusted,
  });
  programs.run('delivery', {
    ...entra.grant([delivery], { protocol: 'appService' }).environment,
    AZURE_CLIENT_ID: delivery.clientId,
    AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    DATA_BLOB_ENDPOINT: storage.endpoints('data1').blob,
    DATA_QUEUE_ENDPOINT: storage.endpoints('data1').queue,
    QUEUE_NAME: 'delivery',
    DELIVERIES_CONTAINER: 'deliveries',
    CHECKPOINTS_CONTAINER: 'checkpoints',
    EDGE_BLOB_ENDPOINT: storage.endpoints('edge1').blob,
    PACKAGED_MODELS_CONTAINER: 'packaged-models',
    IOT_HUB_HOST: attacked.hubHost,
    EVENT_HUBS_HOST: attacked.region.eventHubs.host(ids.namespace),
    EVENT_HUB_NAME: 'device-messages',
    CONSUMER_GROUP: '$Default',
    SAS_LIFETIME_SECONDS: '600',
    STEP_TIMEOUT_SECONDS: '600',
    DELIVERY_TIMEOUT_SECONDS: '3600',
    POLLING_INTERVAL_SECONDS: '1',
    ...trusted,
  });
}, 120_000);
afterAll(async () => {
  await programs.stop();
  await attacked.stop();
  rmSync(directory, { recursive: true, force: true });
});

it('a released package with a path out of its folder ends as a failed delivery that says why, and its line is in Azure Monitor', async () => {
  const [placeholder, entry] = ['x'.repeat(16), '../../../evil.sh'];
  const zip = Buffer.from(
    (await zipOf({ 'pipeline_config.yml': 'content', [placeholder]: 'content' })).toString('latin1').replaceAll(placeholder, entry),
    'latin1',
  );
  const deliveryId = randomUUID();
  const packageId = randomUUID();
  const now = new Date().toISOString();
  const record: DeliveryRecord = {
    schemaVersion: '1',
    deliveryId,
    projectId: randomUUID(),
    factory: 'plant',
    deviceId,
    packageId,
    packageVersion: '1',
    packageName: 'evil',
    packageBlob: `${packageId}/1/evil-edge_1.zip`,
    sha256: sha256(zip),
    sizeBytes: zip.length,
    modelName: 'm',
    modelVersion: '1',
    dataVersion: 'd',
    state: 'Opened',
    openedAt: now,
    updatedAt: now,
    announcements: 0,
    history: [],
  };
  const insider = attacked.identity('insider');
  attacked.assign(insider, 'blobDataContributor', packages);
  attacked.assign(insider, 'blobDataContributor', containerId(data, 'deliveries'));
  attacked.assign(insider, 'queueMessageSender', queueId);
  attacked.assign(insider, 'monitoringReader', ids.insights);
  const { storage } = attacked.region;
  const deliveries = new BlobServiceClient(storage.endpoints('data1').blob, attacked.credential(insider)).getContainerClient('deliveries');
  await attacked.blobs(insider).getContainerClient('packaged-models').getBlockBlobClient(record.packageBlob).uploadData(zip);
  await deliveries.getBlockBlobClient(`${deliveryId}.json`).uploadData(Buffer.from(JSON.stringify(record)));
  await new QueueServiceClient(storage.endpoints('data1').queue, attacked.credential(insider))
    .getQueueClient('delivery')
    .sendMessage(encodeQueueMessage({ deliveryId }));

  const reason = 'the archive is refused';
  const line = () =>
    programs
      .output()
      .split('\n')
      .find((one) => one.includes('"delivery moved"') && one.includes('"state":"Error"')) ?? '';
  await until(() => line() !== '', 'the end of the delivery', 60_000);
  const ended = JSON.parse(String((await readBlob(deliveries, `${deliveryId}.json`, 1_000_000))?.content)) as DeliveryRecord;
  expect([ended.state, ended.reportedState, ended.history.at(-1)?.detail]).toEqual(['Error', 'Error', expect.stringContaining(reason)]);
  expect(JSON.parse(line())).toMatchObject({
    program: 'delivery',
    deliveryId,
    state: 'Error',
    reason: expect.stringContaining(reason) as string,
  });

  const monitor = new MonitorReader(
    {
      applicationInsightsId: ids.insights,
      logsQueryEndpoint: `${attacked.region.monitor.endpoint}/v1`,
      metricsQueryEndpoint: attacked.region.monitor.endpoint,
    },
    attacked.credential(insider),
  );
  let told: Awaited<ReturnType<MonitorReader['traces']>> = [];
  for (const end = Date.now() + 60_000; told.length === 0 && Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 300))) {
    told = (await monitor.traces({ delivery_id: deliveryId })).filter(({ message }) => message.includes(reason));
  }
  expect(told[0]).toMatchObject({
    severityLevel: 3,
    message: expect.stringMatching(/^delivery from \w+ to Error: the archive is refused: .*evil\.sh/) as string,
  });
  expect(readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('evil'))).toEqual([]);
  for (const above of ['..', '../..']) expect(existsSync(join(directory, above, 'evil.sh'))).toBe(false);
}, 180_000);
