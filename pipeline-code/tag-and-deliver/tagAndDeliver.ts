import { createHash } from 'node:crypto';
import { type ContainerClient } from '@azure/storage-blob';
import { loopNames, smokeNames } from '../../contracts/datasets';
import { deliveryMessage, type DeliveryRecord, deliveryRecord } from '../../contracts/deliveryRecord';
import { createdBlob } from '../../contracts/eventGrid';
import { modelFiles, modelSignature, parseModelUri } from '../../contracts/modelCatalog';
import { type TagAndDeliverSettings } from '../../contracts/settings/tagAndDeliver';
import { pushArtifact } from '../clients/containerRegistry';
import { credential } from '../clients/credential';
import { type Log } from '../../contracts/program/log';
import { type CatalogVersion, modelCatalog } from '../clients/machineLearning';
import { queueClient, receiveMessages, sendMessage } from '../clients/queue';
import { blobContainer, readBlob, readJsonBlob, writeBlobOnce } from '../clients/storage';
import {
  artifactsOf,
  openedRecord,
  packageProblem,
  type PackageLocation,
  parseDigest,
  parseDigestBlob,
  packageLocationOf,
  refusedTags,
  type Released,
  releaseTags,
} from './artifacts';

const visibilitySeconds = 900;
const maximumDigestBytes = 1_000;
const maximumSignatureBytes = 4 * 1024 * 1024;
const maximumContentBytes = 2.2e9;
const sha256Of = (content: Buffer) => createHash('sha256').update(content).digest('hex');

/** A package that must not be delivered. The message is acknowledged: another attempt finds the same. */
class RefusedPackage extends Error {}

async function existing(container: ContainerClient, name: string, maximumBytes: number): Promise<Buffer> {
  const blob = await readBlob(container, name, maximumBytes);
  if (!blob) throw new RefusedPackage(`expected the blob ${container.containerName}/${name}, there is none`);
  return blob.content;
}

/** Everything of the release, read and compared: the files are the ones that the gate judged. */
async function readRelease(
  settings: TagAndDeliverSettings,
  model: CatalogVersion | undefined,
  location: PackageLocation,
): Promise<Released> {
  const packages = blobContainer(settings.EDGE_BLOB_ENDPOINT, settings.PACKAGED_MODELS_CONTAINER);
  const models = blobContainer(settings.ML_BLOB_ENDPOINT, settings.MODELS_CONTAINER);
  const digest = parseDigest((await existing(packages, location.digestBlob, maximumDigestBytes)).toString('utf8'));
  if (!digest) throw new RefusedPackage(`${location.digestBlob}: expected "<sha256>  <name>.zip"`);
  const problem = packageProblem(model, location, digest.sha256);
  if (problem !== undefined || !model) throw new RefusedPackage(problem);
  const zip = await existing(packages, `${location.packageId}/${location.packageVersion}/${digest.fileName}`, maximumContentBytes);
  if (sha256Of(zip) !== digest.sha256)
    throw new RefusedPackage(`${digest.fileName}: expected the digest ${digest.sha256}, the content has ${sha256Of(zip)}`);
  const folder = parseModelUri(model.modelUri).path.replace(/\/+$/, '');
  const [onnx, signature] = await Promise.all([
    existing(models, `${folder}/${modelFiles.onnx}`, maximumContentBytes),
    existing(models, `${folder}/${modelFiles.signature}`, maximumSignatureBytes),
  ]);
  const expected = modelSignature.parse(JSON.parse(signature.toString('utf8'))).onnxSha256;
  if (sha256Of(onnx) !== expected)
    throw new RefusedPackage(`${modelFiles.onnx}: expected the digest ${expected} of its signature, the content has ${sha256Of(onnx)}`);
  return {
    model,
    location,
    fileName: digest.fileName,
    sha256: digest.sha256,
    packageName: model.tags.packageName ?? digest.fileName.replace(/-edge_\d+\.zip$/, ''),
    createdAt: model.tags.validatedAt,
    onnx,
    signature,
    zip,
  };
}

/** Step 7 for one package: artifacts, tags, delivery record, and last the message that opens the delivery. Each part may be there already. */
async function release(settings: TagAndDeliverSettings, location: PackageLocation, log: Log): Promise<void> {
  const names = [loopNames(settings.FACTORY, settings.DATASET_NAME), smokeNames(settings.FACTORY)].find(
    ({ packageId }) => packageId === location.packageId,
  );
  if (!names)
    throw new RefusedPackage(`expected a package of ${settings.DATASET_NAME} or of a smoke test, ${location.packageId} is neither`);
  const catalog = modelCatalog(settings, names.model);
  const released = await readRelease(settings, await catalog.version(location.packageVersion), location);
  const artifacts = artifactsOf(settings, names, released);
  const digests = {
    model: await pushArtifact(settings.REGISTRY_LOGIN_SERVER, credential(), artifacts.model),
    package: await pushArtifact(settings.REGISTRY_LOGIN_SERVER, credential(), artifacts.package),
  };
  const now = new Date();
  const { tags, version } = released.model;
  const opened = openedRecord(settings, released, now);
  const existingRecord = await recordOf(settings, opened.deliveryId);
  const releasing = releaseTags(settings, digests, (existingRecord ?? opened).state, now);
  if (tags.modelDigest !== digests.model || tags.packageDigest !== digests.package || tags.stage !== releasing['stage'])
    await catalog.setTags(version, releasing);
  const deliveries = blobContainer(settings.DATA_BLOB_ENDPOINT, settings.DELIVERIES_CONTAINER);
  const created =
    existingRecord === undefined &&
    (await writeBlobOnce(deliveries, `${opened.deliveryId}.json`, JSON.stringify(opened, null, 2), 'application/json'));
  const record = created ? opened : ((await recordOf(settings, opened.deliveryId)) ?? opened);
  const { state } = record;
  if (state === 'Opened')
    await sendMessage(queueClient(settings.DATA_QUEUE_ENDPOINT, settings.DELIVERY_QUEUE_NAME), { deliveryId: record.deliveryId });
  log('info', 'released', {
    modelVersion: version,
    modelDigest: digests.model,
    packageDigest: digests.package,
    deliveryId: record.deliveryId,
    deliveryState: state,
    deliveryCreated: created,
  });
}

const recordOf = async (settings: TagAndDeliverSettings, deliveryId: string): Promise<DeliveryRecord | undefined> =>
  (await readJsonBlob(blobContainer(settings.DATA_BLOB_ENDPOINT, settings.DELIVERIES_CONTAINER), `${deliveryId}.json`, deliveryRecord))
    ?.value;

/** What a person decided about a delivery is carried out: it goes, or its model is marked as rejected. */
async function carryOut(settings: TagAndDeliverSettings, deliveryId: string, log: Log): Promise<void> {
  const record = await recordOf(settings, deliveryId);
  if (!record?.decision)
    return log('warn', 'no decision about such a delivery, acknowledged', { deliveryId, deliveryState: record?.state });
  if (record.decision.approved) return release(settings, packageLocationOf(record), log);
  await modelCatalog(settings, record.modelName).setTags(record.modelVersion, refusedTags(record));
  log('info', 'release rejected', {
    deliveryId,
    modelVersion: record.modelVersion,
    by: record.decision.by,
    reason: record.decision.reason,
  });
}

/** Drains the queue of new package digests and of decisions about deliveries. */
export async function runTagAndDeliver(settings: TagAndDeliverSettings, log: Log): Promise<void> {
  const queue = queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME);
  for (;;) {
    const [message] = await receiveMessages(queue, { visibilitySeconds, log });
    if (!message) return;
    const blob = createdBlob(message.body);
    const location = blob?.container === settings.PACKAGED_MODELS_CONTAINER ? parseDigestBlob(blob.name) : undefined;
    const decided = deliveryMessage.safeParse(message.body);
    try {
      if (location) await release(settings, location, log);
      else if (decided.success) await carryOut(settings, decided.data.deliveryId, log);
      else log('warn', 'neither the event of a package digest nor a decision, acknowledged', { messageId: message.id });
    } catch (error) {
      if (!(error instanceof RefusedPackage)) throw error;
      log('error', 'package refused, nothing delivered', {
        ...(location ? { blob: location.digestBlob } : {}),
        ...(decided.success ? decided.data : {}),
        reason: error.message,
      });
    }
    await message.done();
  }
}
