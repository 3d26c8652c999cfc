import { type AzureMachineLearningWorkspaces } from '@azure/arm-machinelearning';
import { type DatasetManifest, datasetManifest, manifestPath } from '../../contracts/datasetManifest';
import { isAcceptedDataset, loopNames, smokePrefix } from '../../contracts/datasets';
import { createdBlob } from '../../contracts/eventGrid';
import { type ModelDevelopmentSettings } from '../../contracts/settings/modelDevelopment';
import { type Log } from '../../contracts/program/log';
import { machineLearningClient } from '../clients/machineLearning';
import { queueClient, receiveMessages } from '../clients/queue';
import { blobContainer, isNotFound, readJsonBlob } from '../clients/storage';
import { type DataVersion, decideTraining, maximumAttempts, trainingJob, trainingJobName } from './trainingJob';

const visibilitySeconds = 300;
const timeout = () => ({ abortSignal: AbortSignal.timeout(120_000) });

async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** The data version becomes a data asset of the workspace: container = line of data sets, version = data version. Assets never change. */
async function registerDataAsset(
  client: AzureMachineLearningWorkspaces,
  settings: ModelDevelopmentSettings,
  manifest: DatasetManifest,
): Promise<void> {
  const dataAsset = [settings.RESOURCE_GROUP, settings.ML_WORKSPACE, loopNames(settings.FACTORY, manifest.dataset).dataAsset] as const;
  if (await orUndefined(client.dataVersions.get(...dataAsset, manifest.dataVersion, timeout()))) return;
  if (!(await orUndefined(client.dataContainers.get(...dataAsset, timeout())))) {
    await client.dataContainers.createOrUpdate(
      ...dataAsset,
      { properties: { dataType: 'uri_folder', description: 'Windows of the factory data' } },
      timeout(),
    );
  }
  await client.dataVersions.createOrUpdate(
    ...dataAsset,
    manifest.dataVersion,
    {
      properties: {
        dataType: 'uri_folder',
        dataUri: `${settings.DATA_BLOB_ENDPOINT}/${settings.PROCESSED_CONTAINER}/${manifest.dataset}/${manifest.dataVersion}/`,
        description: `${manifest.windowCount} windows of ${manifest.sources.length} files`,
        tags: { dataVersion: manifest.dataVersion, dataset: manifest.dataset, labelled: String(manifest.labelled) },
        properties: { windows: String(manifest.windowCount), sources: String(manifest.sources.length) },
      },
    },
    timeout(),
  );
}

async function submitTraining(
  client: AzureMachineLearningWorkspaces,
  settings: ModelDevelopmentSettings,
  data: DataVersion,
  log: Log,
): Promise<void> {
  const statuses: (string | undefined)[] = [];
  for (let attempt = 1; attempt <= maximumAttempts; attempt++) {
    const job = await orUndefined(
      client.jobs.get(settings.RESOURCE_GROUP, settings.ML_WORKSPACE, trainingJobName(data.dataVersion, attempt), timeout()),
    );
    if (!job) break;
    statuses.push(job.properties.status);
  }
  const decision = decideTraining(data.dataVersion, statuses);
  if (decision.kind === 'exists') return log('info', 'training job is there already', { ...decision });
  if (decision.kind === 'givenUp')
    return log('error', 'training failed too often, not submitted again', { job: decision.name, attempts: maximumAttempts });
  await client.jobs.createOrUpdate(
    settings.RESOURCE_GROUP,
    settings.ML_WORKSPACE,
    decision.name,
    { properties: trainingJob(settings, data, decision.name) },
    timeout(),
  );
  log('info', 'training job submitted', { job: decision.name, dataVersion: data.dataVersion });
}

/** Drains the queue of new manifests: each data version becomes a data asset and, once, a training job. */
export async function runModelDevelopment(settings: ModelDevelopmentSettings, log: Log): Promise<void> {
  const queue = queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME);
  const processed = blobContainer(settings.DATA_BLOB_ENDPOINT, settings.PROCESSED_CONTAINER);
  const client = machineLearningClient(settings);
  for (;;) {
    const [message] = await receiveMessages(queue, { visibilitySeconds, log });
    if (!message) return;
    const blob = createdBlob(message.body);
    if (!blob || blob.container !== settings.PROCESSED_CONTAINER || !blob.name.endsWith('/manifest.json'))
      log('warn', 'not the event of a manifest, acknowledged', { messageId: message.id });
    else {
      const manifest = await readJsonBlob(processed, blob.name, datasetManifest);
      if (!manifest) log('warn', 'the manifest is no longer there, acknowledged', { blob: blob.name });
      else if (manifestPath(manifest.value.dataset, manifest.value.dataVersion) !== blob.name)
        log('error', 'a manifest that is not at its own path, acknowledged', {
          blob: blob.name,
          dataset: manifest.value.dataset,
          dataVersion: manifest.value.dataVersion,
        });
      else if (!isAcceptedDataset(settings.DATASET_NAME, manifest.value.dataset))
        log('warn', 'a data set that is not ours, acknowledged', {
          blob: blob.name,
          dataset: manifest.value.dataset,
          expected: `${settings.DATASET_NAME} or ${smokePrefix}<id>`,
        });
      else {
        await registerDataAsset(client, settings, manifest.value);
        await submitTraining(
          client,
          settings,
          { dataset: manifest.value.dataset, dataVersion: manifest.value.dataVersion, manifestPath: blob.name },
          log,
        );
      }
    }
    await message.done();
  }
}
