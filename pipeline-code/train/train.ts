import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerClient } from '@azure/storage-blob';
import { datasetManifest, maxWindowsBytes, type DatasetManifest } from '../../contracts/datasetManifest';
import { modelFiles, type ModelSignature } from '../../contracts/modelCatalog';
import { type TrainSettings } from '../../contracts/settings/train';
import { type Log } from '../../contracts/program/log';
import { modelCatalog, type ModelCatalog } from '../clients/machineLearning';
import { blobContainer, downloadBlob, readJsonBlob, writeBlob } from '../clients/storage';
import { fitAnomalyModel, score, type AnomalyModel } from './anomalyModel';
import { onnxGraph } from './onnxGraph';
import { scoreWindows } from './onnxScores';
import { readWindows, type Window } from './windowsFile';

/** Single precision against double, through a matrix product. */
const parityTolerance = 1e-3;

interface TrainedModel {
  readonly onnx: Buffer;
  readonly signature: ModelSignature;
  readonly model: AnomalyModel;
}

/** Everything of the training that needs no Azure. The same windows give the same bytes. */
export async function trainModel(
  name: string,
  manifestPath: string,
  manifest: Pick<DatasetManifest, 'dataVersion' | 'features'>,
  windows: readonly Window[],
): Promise<TrainedModel> {
  const featuresOf = (role: Window['role']) => windows.filter((window) => window.role === role).map((window) => window.features);
  const [train, calibrate, heldOut] = [featuresOf('train'), featuresOf('calibrate'), featuresOf('held-out')];
  const model = fitAnomalyModel(manifest.features, train, calibrate);
  const onnx = onnxGraph(model, { model: name, dataVersion: manifest.dataVersion });
  const scored = await scoreWindows(
    onnx,
    windows.map((window) => window.features),
  );
  const worst = windows.reduce((largest, window, index) => {
    const expected = score(model, window.features);
    return Math.max(largest, Math.abs((scored[index]?.score ?? NaN) - expected) / Math.max(1, expected));
  }, 0);
  if (!(worst <= parityTolerance))
    throw new Error(
      `the ONNX graph scores differently from the model it was written from: relative difference ${worst}, at most ${parityTolerance} is rounding`,
    );
  const heldOutAlarms = windows.filter((window, index) => window.role === 'held-out' && scored[index]?.alarm === true).length;
  const signature: ModelSignature = {
    schemaVersion: '1',
    model: name,
    dataVersion: manifest.dataVersion,
    manifestPath,
    features: manifest.features,
    input: { name: 'features', size: model.center.length },
    threshold: model.threshold,
    onnxSha256: createHash('sha256').update(onnx).digest('hex'),
    trainedOn: { windows: train.length, calibrationWindows: calibrate.length },
    metrics: {
      heldOutWindows: heldOut.length,
      heldOutAlarmRate: heldOut.length === 0 ? 0 : heldOutAlarms / heldOut.length,
      onnxParity: worst,
    },
  };
  return { onnx, signature, model };
}

export interface TrainConnections {
  readonly processed: ContainerClient;
  readonly models: ContainerClient;
  readonly catalog: ModelCatalog;
}
const connect = (settings: TrainSettings): TrainConnections => ({
  processed: blobContainer(settings.DATA_BLOB_ENDPOINT, settings.PROCESSED_CONTAINER),
  models: blobContainer(settings.ML_BLOB_ENDPOINT, settings.MODELS_CONTAINER),
  catalog: modelCatalog(settings, settings.MODEL_NAME),
});

/** Steps 3a and 3b: reads a data version, trains, stores the model's files and registers the version last, because that is what others wait for. */
export async function train(
  settings: TrainSettings,
  log: Log,
  { processed, models, catalog }: TrainConnections = connect(settings),
): Promise<void> {
  const manifest = await readJsonBlob(processed, settings.MANIFEST_PATH, datasetManifest);
  if (manifest === undefined)
    throw new Error(`there is no manifest ${settings.MANIFEST_PATH} in container ${settings.PROCESSED_CONTAINER}`);
  const { dataset, dataVersion, windowsPath } = manifest.value;
  const registered = (await catalog.versions()).find((version) => version.tags.dataVersion === dataVersion);
  if (registered !== undefined) {
    log('info', 'already trained', { model: settings.MODEL_NAME, version: registered.version, dataVersion });
    return;
  }

  const directory = await mkdtemp(join(tmpdir(), 'train-'));
  try {
    const file = join(directory, 'windows.parquet');
    await downloadBlob(processed, windowsPath, file, { maxBytes: maxWindowsBytes });
    const windows = await readWindows(file, manifest.value.features);
    if (windows.length !== manifest.value.windowCount)
      throw new Error(`${windowsPath} has ${windows.length} windows, its manifest says ${manifest.value.windowCount}`);
    log('info', 'training', { dataVersion, windows: windows.length, features: manifest.value.features.sensors.length });
    const { onnx, signature } = await trainModel(settings.MODEL_NAME, settings.MANIFEST_PATH, manifest.value, windows);

    const path = `${settings.MODEL_NAME}/${dataVersion}`;
    await writeBlob(models, `${path}/${modelFiles.onnx}`, onnx, 'application/octet-stream');
    await writeBlob(models, `${path}/${modelFiles.signature}`, `${JSON.stringify(signature, null, 2)}\n`, 'application/json');
    const { version, created } = await catalog.register({
      path,
      jobName: settings.JOB_NAME,
      description: `Anomaly model of data set ${dataset}, data version ${dataVersion}`,
      tags: { stage: 'candidate', dataVersion, dataset, trainingJob: settings.JOB_NAME, sourceCommit: settings.SOURCE_COMMIT },
      properties: {
        onnxSha256: signature.onnxSha256,
        manifestPath: settings.MANIFEST_PATH,
        threshold: String(signature.threshold),
        trainingWindows: String(signature.trainedOn.windows),
        calibrationWindows: String(signature.trainedOn.calibrationWindows),
      },
    });
    log('info', created ? 'model registered' : 'already registered', {
      model: settings.MODEL_NAME,
      version: version.version,
      dataVersion,
      onnxSha256: signature.onnxSha256,
      metrics: signature.metrics,
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
