import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ContainerClient } from '@azure/storage-blob';
import { DuckDBInstance } from '@duckdb/node-api';
import { datasetOfRawBlob, isAcceptedDataset, packageName, smokePrefix } from '../../contracts/datasets';
import { manifestPath, maxWindowsBytes, type DatasetManifest, type QuarantineReason } from '../../contracts/datasetManifest';
import { quoteLiteral } from '../../contracts/features/renderSql';
import { maxRawBytes, type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { type Log } from '../../contracts/program/log';
import { downloadBlob, isConflict, isNotFound, readBlob, writeBlobFile, writeBlobOnce } from '../clients/storage';
import { type Refusal } from './csvLayout';
import { contentOf, inspectFiles, type RawFile } from './inspectFiles';
import { landingOutcomes } from './landingBlobs';
import { latestManifest, maxManifestBytes } from './latestManifest';
import { putIntoQuarantine, quarantinedBefore, quarantineFolder, reasonText } from './quarantine';
import { RecordFiles, recycledWindows } from './recycledWindows';
import { retrainDecision } from './retrainRule';
import { dataVersionOf, defineFeatures, shapeWindows, type Shape } from './shapeWindows';

export interface Containers {
  readonly raw: ContainerClient;
  readonly landing: ContainerClient;
  readonly processed: ContainerClient;
  readonly quarantine: ContainerClient;
}
interface RawBlob {
  readonly name: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modified: number;
}

const names = (list: string | undefined) =>
  list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
const maxCopyBytes = 256 * 1024 ** 2;
/** Bad batches are kept beside bad raw files, in a folder of their own. */
const landingFolder = 'landing-zone';
type Refuse = (blob: { readonly name: string; readonly etag: string }, refusal: Refusal, content: Buffer | undefined) => Promise<void>;

/** The raw blobs of a data set, oldest first; to the factory's own belongs whatever is no accepted data set's. */
async function listRaw(container: ContainerClient, own: string, dataset: string): Promise<RawBlob[]> {
  const blobs: RawBlob[] = [];
  for await (const { name, properties } of container.listBlobsFlat({
    ...(dataset === own ? {} : { prefix: `${dataset}/` }),
    abortSignal: AbortSignal.timeout(300_000),
  })) {
    const of = datasetOfRawBlob(own, name);
    if (of === dataset || (dataset === own && !isAcceptedDataset(own, of)))
      blobs.push({ name, etag: properties.etag, sizeBytes: properties.contentLength ?? 0, modified: properties.lastModified.getTime() });
  }
  return blobs.sort((a, b) => a.modified - b.modified || (a.name < b.name ? -1 : 1));
}

/** Undefined when the blob was replaced or removed meanwhile: its new version has an event of its own. */
async function fetchRaw(container: ContainerClient, blob: RawBlob, file: string, maxBytes: number): Promise<RawFile | undefined> {
  try {
    return { ...blob, ...(await downloadBlob(container, blob.name, file, { maxBytes, ifMatch: blob.etag })), etag: blob.etag, file };
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

const sourceEntry = (
  origin: 'raw' | 'landing-zone',
  source: { name: string; etag: string; sha256: string; sizeBytes: number; rows: number; firstMs: number; lastMs: number },
  windows: ReadonlyMap<string, number>,
): DatasetManifest['sources'][number] => ({
  origin,
  name: source.name,
  etag: source.etag,
  sha256: source.sha256,
  sizeBytes: source.sizeBytes,
  rows: source.rows,
  windows: windows.get(source.name) ?? 0,
  firstTime: new Date(source.firstMs).toISOString(),
  lastTime: new Date(source.lastMs).toISOString(),
});

/** Everything of the landing zone that is whole, with its records in files; what is bad is refused. */
async function collectRecycled(
  landing: ContainerClient,
  files: RecordFiles,
  maxBytes: number,
  isKnown: (name: string, etag: string) => boolean,
  refuse: Refuse,
): Promise<void> {
  const filed = (name: string) => `${landingFolder}/${name}`;
  for await (const outcome of landingOutcomes(landing, ({ name, etag }) => isKnown(filed(name), etag), maxBytes)) {
    if ('accepted' in outcome) await files.add(outcome.accepted);
    else await refuse({ name: filed(outcome.refused.name), etag: outcome.refused.etag }, outcome.refusal, outcome.content);
  }
}

/**
 * One pass over all raw files of a data set and, for the factory's own, the whole landing zone: what is bad goes to quarantine, all that is
 * good becomes one data version. A smoke test is trained on its own files only, and none of its results ever come back. Undefined when there is nothing good, or not enough that is new. The same input again finds its manifest and writes nothing.
 */
export async function buildDataVersion(
  settings: DataPipelineSettings,
  dataset: string,
  containers: Containers,
  log: Log,
): Promise<{ readonly dataVersion: string; readonly created: boolean } | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'data-pipeline-'));
  try {
    return await build(settings, dataset, containers, log, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function build(
  settings: DataPipelineSettings,
  dataset: string,
  { raw, landing, processed, quarantine }: Containers,
  log: Log,
  directory: string,
) {
  const own = settings.DATASET_NAME;
  const known = await quarantinedBefore(quarantine, dataset);
  const isKnown = (name: string, etag: string) => {
    const before = known.get(quarantineFolder(dataset, name, etag));
    if (before !== undefined) quarantined.push(before);
    return before !== undefined;
  };
  const quarantined: QuarantineReason[] = [];
  const files: RawFile[] = [];
  const refuse: Refuse = async (blob, refusal, content) => {
    const reason = await putIntoQuarantine(quarantine, dataset, blob, refusal, content);
    quarantined.push(reason);
    log('warn', 'file quarantined', { file: blob.name, row: reason.row, column: reason.column, reason: reasonText(reason) });
  };
  const wanted: RawBlob[] = [];
  for (const blob of await listRaw(raw, own, dataset)) {
    if (isKnown(blob.name, blob.etag)) continue;
    const of = datasetOfRawBlob(own, blob.name);
    if (of !== dataset)
      await refuse(
        blob,
        {
          row: null,
          column: null,
          expected: `a file in the folder ${own} or ${smokePrefix}<id>`,
          found: `the folder "${of.slice(0, 100)}"`,
        },
        undefined,
      );
    else if (blob.sizeBytes > settings.MAX_FILE_BYTES)
      await refuse(
        blob,
        { row: null, column: null, expected: `at most ${settings.MAX_FILE_BYTES} bytes`, found: `${blob.sizeBytes} bytes` },
        undefined,
      );
    else wanted.push(blob);
  }
  const rawBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const most = maxRawBytes(settings.DISK_BYTES);
  if (rawBytes > most)
    throw new Error(
      `the ${wanted.length} raw files of ${dataset} have ${rawBytes} bytes together, expected at most ${most}: the job's disk (DISK_BYTES) has ${settings.DISK_BYTES}. Let raw files age out (storage.lifecycle.raw.deleteAfterDays), or take files out of the container ${settings.RAW_CONTAINER}`,
    );
  for (const [index, blob] of wanted.entries()) {
    const file = await fetchRaw(raw, blob, join(directory, `raw-${index}`), settings.MAX_FILE_BYTES);
    if (file !== undefined) files.push(file);
  }

  const instance = await DuckDBInstance.create(join(directory, 'work.duckdb'), { threads: '2', memory_limit: '1GB' });
  const connection = await instance.connect();
  try {
    // Files come from outside: the engine may touch this directory and nothing else.
    await connection.run(
      `SET TimeZone='UTC'; SET allowed_directories=[${quoteLiteral(`${directory}/`)}]; SET enable_external_access=false; SET lock_configuration=true`,
    );
    const { good, bad } = await inspectFiles(connection, files, {
      time: settings.TIME_COLUMN,
      labels: names(settings.LABEL_COLUMNS),
      ignored: names(settings.IGNORED_COLUMNS),
    });
    for (const { raw: file, refusal } of bad) await refuse(file, refusal, await contentOf(file, maxCopyBytes));
    if (good.length === 0) {
      log('warn', 'no good file', { dataset, files: files.length, quarantined: quarantined.length });
      return undefined;
    }

    const shape: Shape = {
      windowSeconds: settings.WINDOW_SECONDS,
      strideSeconds: settings.STRIDE_SECONDS,
      referenceFraction: settings.REFERENCE_FRACTION,
    };
    const { definition, widened } = defineFeatures(good, shape);
    if (widened)
      log('warn', 'windows widened', {
        wantedSeconds: settings.WINDOW_SECONDS,
        windowSeconds: definition.windowSeconds,
        reason: 'the data are too slow for the wanted windows',
      });
    const inputs = {
      dataset,
      referenceFraction: settings.REFERENCE_FRACTION,
      timeColumn: settings.TIME_COLUMN ?? null,
      labelColumns: settings.LABEL_COLUMNS ?? null,
      ignoredColumns: settings.IGNORED_COLUMNS ?? null,
    };
    const records = await RecordFiles.create(directory, {
      sensors: definition.sensors.map(({ name }) => name),
      pipeline: packageName(dataset),
    });
    if (dataset === own) await collectRecycled(landing, records, settings.MAX_FILE_BYTES, isKnown, refuse);
    const recycled = await recycledWindows(connection, records, definition);
    const dataVersion = dataVersionOf([...good, ...records.batches], definition, inputs);
    const path = manifestPath(dataset, dataVersion);
    const windowsFile = join(directory, 'windows.parquet');
    const sources = [...good].sort((a, b) => (a.name < b.name ? -1 : 1));
    const windows = await shapeWindows(connection, sources, definition, shape, windowsFile, true);
    const parquetBytes = (await stat(windowsFile)).size;
    if (parquetBytes > maxWindowsBytes)
      throw new Error(
        `the ${windows.count} windows of ${dataset} take ${parquetBytes} bytes, expected at most ${maxWindowsBytes}, what training and gate can read into memory: raise dataset.strideSeconds, or let raw files age out (storage.lifecycle.raw.deleteAfterDays)`,
      );
    // Read, not asked for by HEAD: a refused HEAD carries no error code.
    if ((await readBlob(processed, path, maxManifestBytes)) !== undefined) {
      log('info', 'data version is there already', { dataset, dataVersion, files: good.length, batches: records.batches.length });
      return { dataVersion, created: false };
    }
    const versionSettings = { ...inputs, windowSeconds: settings.WINDOW_SECONDS, strideSeconds: settings.STRIDE_SECONDS };
    const decision = retrainDecision(
      await latestManifest(processed, dataset),
      { definition, settings: versionSettings, rawSha256: good.map(({ sha256 }) => sha256), recycledWindows: recycled.count },
      { minNewWindows: settings.RETRAIN_MIN_NEW_WINDOWS, minIntervalSeconds: settings.RETRAIN_MIN_INTERVAL_SECONDS },
      new Date(),
    );
    if (!decision.due) {
      log('info', 'no new data version yet', {
        reason: decision.reason,
        newWindows: decision.newWindows,
        sinceSeconds: decision.sinceSeconds,
        batches: records.batches.length,
      });
      return undefined;
    }

    const manifest: DatasetManifest = {
      schemaVersion: '1',
      dataset,
      dataVersion,
      createdAt: new Date().toISOString(),
      features: definition,
      sources: [
        ...sources.map(({ samples, ...source }) => sourceEntry('raw', { ...source, ...samples }, windows.bySource)),
        ...records.batches.map(({ samples, ...batch }) => sourceEntry('landing-zone', { ...batch, rows: samples }, windows.bySource)),
      ],
      windowsPath: `${dataset}/${dataVersion}/windows.parquet`,
      windowCount: windows.count,
      windowsByRole: windows.byRole,
      labelled: windows.labelled,
      settings: versionSettings,
      quarantined: quarantined.map((reason) => ({ file: reason.file, row: reason.row, column: reason.column, reason: reasonText(reason) })),
    };
    await writeBlobFile(processed, manifest.windowsPath, windowsFile, 'application/vnd.apache.parquet');
    const created = await writeBlobOnce(processed, path, `${JSON.stringify(manifest, null, 2)}\n`, 'application/json');
    log('info', 'data version written', {
      dataset,
      dataVersion,
      created,
      files: sources.length,
      batches: records.batches.length,
      quarantined: quarantined.length,
      windows: windows.count,
      recycledWindows: recycled.count,
      windowsByRole: windows.byRole,
      parquetBytes,
    });
    return { dataVersion, created };
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
