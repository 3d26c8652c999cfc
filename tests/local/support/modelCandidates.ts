import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { type DatasetManifest, manifestPath } from '../../../contracts/datasetManifest';
import { modelCatalog } from '../../../pipeline-code/clients/machineLearning';
import { trainModel } from '../../../pipeline-code/train/train';
import { readWindows } from '../../../pipeline-code/train/windowsFile';
import type { DeliveryRegion } from './deliveryRegion';
import { regionSettings } from './programSettings';

const features: DatasetManifest['features'] = {
  schemaVersion: '1',
  windowSeconds: 10,
  strideSeconds: 10,
  minSamples: 5,
  sensors: [
    { name: 'pressure', aggregates: ['mean', 'std'] },
    { name: 'flow', aggregates: ['mean'] },
  ],
};

/** Windows of a quiet machine whose labelled faults are far away, or not away at all. */
async function windowsFile(file: string, faultShift: number): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const noise = (of: number) => `((hash(i * 7 + ${of}) % 10007) / 10007.0 - 0.5)`;
  await connection.run(`COPY (
    SELECT 'a.csv' AS source, TIMESTAMP '2026-01-01' + INTERVAL (i * 10) SECOND AS window_start, TIMESTAMP '2026-01-01' + INTERVAL (i * 10 + 10) SECOND AS window_end, 10::INTEGER AS samples,
      CASE WHEN i < 300 THEN 'train' WHEN i < 450 THEN 'calibrate' WHEN i < 600 THEN 'held-out' ELSE 'evaluate' END AS role, CASE WHEN i < 600 THEN NULL ELSE i % 2 = 0 END AS label,
      10 + ${noise(1)} + (CASE WHEN i >= 600 AND i % 2 = 0 THEN ${faultShift} ELSE 0 END) AS "pressure__mean", 1 + 0.1 * ${noise(2)} AS "pressure__std", 5 + ${noise(3)} AS "flow__mean"
    FROM range(800) t(i)) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

interface Candidate {
  readonly dataVersion: string;
  readonly faultShift: number;
  readonly dataset: string;
  readonly model: string;
}

/** A data version and the model that was trained on it, registered as a training job does; `directory` holds its windows. */
export async function registerCandidate(
  region: DeliveryRegion,
  directory: string,
  { dataVersion, faultShift, dataset, model }: Candidate,
): Promise<void> {
  const file = join(directory, `${dataVersion}.parquet`);
  await windowsFile(file, faultShift);
  const manifest: DatasetManifest = {
    schemaVersion: '1',
    dataset,
    dataVersion,
    createdAt: '2026-01-02T00:00:00.000Z',
    features,
    windowsPath: `${dataset}/${dataVersion}/windows.parquet`,
    windowCount: 800,
    windowsByRole: { train: 300, calibrate: 150, 'held-out': 150, evaluate: 200 },
    labelled: true,
    settings: {},
    quarantined: [],
    sources: [
      {
        origin: 'raw',
        name: 'a.csv',
        etag: '"1"',
        sha256: 'x',
        sizeBytes: 1,
        rows: 8_000,
        windows: 800,
        firstTime: '2026-01-01T00:00:00.000Z',
        lastTime: '2026-01-01T02:13:19.000Z',
      },
    ],
  };
  const path = manifestPath(dataset, dataVersion);
  await region.blobs('data', 'processed').getBlockBlobClient(manifest.windowsPath).uploadFile(file);
  await region
    .blobs('data', 'processed')
    .getBlockBlobClient(path)
    .uploadData(Buffer.from(JSON.stringify(manifest)));
  const { onnx, signature } = await trainModel(model, path, manifest, await readWindows(file, features));
  const models = region.blobs('ml', 'models');
  await models.getBlockBlobClient(`anomaly/${dataVersion}/model.onnx`).uploadData(onnx);
  await models.getBlockBlobClient(`anomaly/${dataVersion}/signature.json`).uploadData(Buffer.from(JSON.stringify(signature)));
  await modelCatalog(regionSettings(region), model).register({
    path: `anomaly/${dataVersion}`,
    jobName: `train-${dataVersion}`,
    description: 'x',
    properties: {},
    tags: { stage: 'candidate', dataVersion, dataset, trainingJob: `train-${dataVersion}`, sourceCommit: 'abc' },
  });
}
