import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerClient } from '@azure/storage-blob';
import { type DatasetManifest, datasetManifest, maxWindowsBytes } from '../../contracts/datasetManifest';
import { isAcceptedDataset, isSmokeDataset, loopNames, smokeNames, type LoopNames } from '../../contracts/datasets';
import { digestFileName, packageFolder } from '../../contracts/edgePackage';
import { eventGridEvent, modelRegistered } from '../../contracts/eventGrid';
import { modelFiles, type ModelSignature, modelSignature, parseModelUri } from '../../contracts/modelCatalog';
import { type ValidateAndPackageSettings } from '../../contracts/settings/validateAndPackage';
import { type Log } from '../../contracts/program/log';
import { type CatalogVersion, type ModelCatalog, modelCatalog } from '../clients/machineLearning';
import { queueClient, receiveMessages } from '../clients/queue';
import { blobContainer, downloadBlob, isNotFound, readBlob, readJsonBlob, writeBlob, writeBlobOnce } from '../clients/storage';
import { buildEdgePackage, type EdgePackage } from './edgePackage';
import { decideGate, type GateDecision } from './gate';
import { evaluateModel } from './gateFigures';
import { figuresTag, refusalTags, rejectionTags } from './gateTags';
import { packagingProblem } from './packageConfiguration';

const visibilitySeconds = 1_800;
const maximumOnnxBytes = 2e9;

/** The package of a smoke test stays at the site, so it ends by itself. */
const smokePackageLifeMs = 24 * 3_600_000;

/** What makes a model unfit, whatever its figures are; it is rejected with this reason. */
class UnfitModel extends Error {}

interface Candidate {
  readonly model: CatalogVersion;
  readonly onnx: Buffer;
  readonly signature: ModelSignature;
  readonly manifest: DatasetManifest;
}
interface Context {
  readonly settings: ValidateAndPackageSettings;
  readonly processed: ContainerClient;
  readonly models: ContainerClient;
  readonly packages: ContainerClient;
  readonly catalog: ModelCatalog;
  readonly names: LoopNames;
  readonly log: Log;
}

/** The model's files and the manifest of the data it was trained on, all of one lineage. */
async function readCandidate({ settings, models, processed }: Context, model: CatalogVersion): Promise<Candidate> {
  const { datastore, path } = parseModelUri(model.modelUri);
  if (datastore !== settings.MODELS_DATASTORE)
    throw new UnfitModel(`expected a model in the datastore ${settings.MODELS_DATASTORE}, it is in ${datastore}`);
  const folder = path.replace(/\/+$/, '');
  const [described, graph] = await Promise.all([
    readJsonBlob(models, `${folder}/${modelFiles.signature}`, modelSignature),
    readBlob(models, `${folder}/${modelFiles.onnx}`, maximumOnnxBytes),
  ]);
  if (!described || !graph) throw new UnfitModel(`expected ${modelFiles.onnx} and ${modelFiles.signature} in ${folder}`);
  const signature = described.value;
  const digest = createHash('sha256').update(graph.content).digest('hex');
  if (digest !== signature.onnxSha256)
    throw new UnfitModel(`expected the digest ${signature.onnxSha256} of the signature, ${modelFiles.onnx} has ${digest}`);
  const manifest = await readJsonBlob(processed, signature.manifestPath, datasetManifest);
  if (!manifest) throw new UnfitModel(`expected the manifest ${signature.manifestPath}, there is none`);
  if (new Set([model.tags.dataVersion, signature.dataVersion, manifest.value.dataVersion]).size > 1) {
    throw new UnfitModel(
      `expected one data version, got ${model.tags.dataVersion} (tag), ${signature.dataVersion} (signature), ${manifest.value.dataVersion} (manifest)`,
    );
  }
  if (
    !isAcceptedDataset(settings.DATASET_NAME, manifest.value.dataset) ||
    loopNames(settings.FACTORY, manifest.value.dataset).model !== model.name
  ) {
    throw new UnfitModel(`expected a model of its own data set, ${model.name} was trained on ${manifest.value.dataset}`);
  }
  const problem = packagingProblem(signature);
  if (problem !== undefined) throw new UnfitModel(problem);
  return { model, onnx: graph.content, signature, manifest: manifest.value };
}

async function judgeCandidate({ processed, settings }: Context, { onnx, signature, manifest }: Candidate): Promise<GateDecision> {
  const directory = await mkdtemp(join(tmpdir(), 'validate-and-package-'));
  try {
    const windowsFile = join(directory, 'windows.parquet');
    await downloadBlob(processed, manifest.windowsPath, windowsFile, { maxBytes: maxWindowsBytes }).catch((error: unknown) => {
      throw isNotFound(error) ? new UnfitModel(`expected the windows ${manifest.windowsPath}, there are none`) : error;
    });
    return decideGate(await evaluateModel(onnx, signature, windowsFile), {
      maxFalseAlarmRate: settings.GATE_MAX_FALSE_ALARM_RATE,
      minFaultDetection: settings.GATE_MIN_FAULT_DETECTION,
      minLabelAuc: settings.GATE_MIN_LABEL_AUC,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const packageOf = ({ settings, names }: Context, { model, onnx, signature, manifest }: Candidate): Promise<EdgePackage> =>
  buildEdgePackage(
    {
      packageId: names.packageId,
      packageVersion: model.version,
      packageName: names.packageName,
      factory: settings.FACTORY,
      createdAt: new Date(manifest.createdAt),
      signature,
      manifest,
      ...(isSmokeDataset(manifest.dataset) ? { quietAfter: new Date(Date.parse(manifest.createdAt) + smokePackageLifeMs) } : {}),
    },
    onnx,
  );

/** The tags come before the files, because the digest file starts the next pipeline; the digest comes last, because it says that the package is whole. */
async function publish(context: Context, candidate: Candidate, tags: Record<string, string>): Promise<void> {
  const { names, catalog, packages, log } = context;
  const built = await packageOf(context, candidate);
  const { version } = candidate.model;
  await catalog.setTags(version, {
    ...tags,
    stage: 'validated',
    packageId: names.packageId,
    packageVersion: version,
    packageName: names.packageName,
    packageSha256: built.sha256,
  });
  await writeBlob(packages, built.zipBlob, built.zip, 'application/zip');
  await writeBlobOnce(packages, built.digestBlob, built.digest, 'text/plain');
  log('info', 'package written', { modelVersion: version, blob: built.zipBlob, sha256: built.sha256, sizeBytes: built.zip.length });
}

async function validate(context: Context, model: CatalogVersion): Promise<void> {
  const { catalog, log } = context;
  try {
    const candidate = await readCandidate(context, model);
    const decision = await judgeCandidate(context, candidate);
    if (!decision.passed) {
      await catalog.setTags(model.version, refusalTags(decision));
      return log('warn', 'the gate refused the model', { modelVersion: model.version, figures: decision.figures, failed: decision.failed });
    }
    log('info', 'the gate let the model pass', { modelVersion: model.version, figures: decision.figures });
    await publish(context, candidate, {
      gateFigures: figuresTag(decision),
      validatedAt: new Date().toISOString(),
      pipelineVersion: context.settings.PIPELINE_VERSION,
    });
  } catch (error) {
    if (!(error instanceof UnfitModel)) throw error;
    await catalog.setTags(model.version, rejectionTags(error.message));
    log('warn', 'the model is unfit', { modelVersion: model.version, reason: error.message });
  }
}

/** A version that passed, but whose package was never finished because the program ended in between. */
async function isUnfinished({ names, packages }: Context, { tags, version }: CatalogVersion): Promise<boolean> {
  if (tags.stage !== 'validated' || tags.packageSha256 === undefined) return false;
  const folder = packageFolder(names.packageId, version);
  return !(await packages
    .getBlobClient(`${folder}/${digestFileName(names.packageName, version)}`)
    .exists({ abortSignal: AbortSignal.timeout(60_000) }));
}

/** Drains the queue of registered models. A refused model is work well done: its tags are the result. */
export async function runValidateAndPackage(settings: ValidateAndPackageSettings, log: Log): Promise<void> {
  const queue = queueClient(settings.DATA_QUEUE_ENDPOINT, settings.QUEUE_NAME);
  const common = {
    settings,
    log,
    processed: blobContainer(settings.DATA_BLOB_ENDPOINT, settings.PROCESSED_CONTAINER),
    models: blobContainer(settings.ML_BLOB_ENDPOINT, settings.MODELS_CONTAINER),
    packages: blobContainer(settings.EDGE_BLOB_ENDPOINT, settings.PACKAGED_MODELS_CONTAINER),
  };
  const ours = [loopNames(settings.FACTORY, settings.DATASET_NAME), smokeNames(settings.FACTORY)];
  for (;;) {
    const [message] = await receiveMessages(queue, { visibilitySeconds, log });
    if (!message) return;
    const event = eventGridEvent.extend({ data: modelRegistered }).safeParse(message.body);
    const names = event.success ? ours.find(({ model }) => model === event.data.data.ModelName) : undefined;
    const version = event.success ? String(event.data.data.ModelVersion) : undefined;
    const context = names && { ...common, names, catalog: modelCatalog(settings, names.model) };
    const model = version === undefined ? undefined : await context?.catalog.version(version);
    if (!context || !model) log('warn', 'no model version of ours, acknowledged', { messageId: message.id, version });
    else if (model.tags.stage === 'candidate') await validate(context, model);
    else if (await isUnfinished(context, model)) await publish(context, await readCandidate(context, model), {});
    else log('info', 'not a candidate, acknowledged', { modelVersion: model.version, stage: model.tags.stage });
    await message.done();
  }
}
