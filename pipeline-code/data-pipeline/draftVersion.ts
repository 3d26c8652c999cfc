import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection } from '@duckdb/node-api';
import { maxWindowsBytes, type DatasetManifest } from '../../contracts/datasetManifest';
import { packageName } from '../../contracts/datasets';
import { type FeatureDefinition } from '../../contracts/features/featureDefinition';
import { type RawFile } from './inspectFiles';
import { landingOutcomes } from './landingBlobs';
import { type Pass } from './pass';
import { RecordFiles, recycledWindows, type RecycledBatch } from './recycledWindows';
import { dataVersionOf, defineFeatures, shapeWindows, type Shape, type ShapedWindows, type Source } from './shapeWindows';

/** A data version of which it is not yet known whether it is due. */
export interface DraftVersion {
  readonly dataVersion: string;
  readonly definition: FeatureDefinition;
  readonly settings: DatasetManifest['settings'];
  /** By name. */
  readonly sources: readonly (RawFile & Source)[];
  readonly batches: readonly RecycledBatch[];
  readonly recycledWindows: number;
  readonly windows: ShapedWindows;
  readonly windowsFile: string;
  readonly parquetBytes: number;
}

/** Bad batches are quarantined beside bad raw files, in a folder of their own. */
const landingFolder = 'landing-zone';

/** Everything of the landing zone that is whole, with its records in files; what is bad is refused. */
async function collectRecycled({ settings, containers, quarantine }: Pass, files: RecordFiles): Promise<void> {
  const inFolder = ({ name, etag }: { readonly name: string; readonly etag: string }) => ({ name: `${landingFolder}/${name}`, etag });
  for await (const outcome of landingOutcomes(containers.landing, (blob) => quarantine.holds(inFolder(blob)), settings.MAX_FILE_BYTES)) {
    if ('accepted' in outcome) await files.add(outcome.accepted);
    else await quarantine.refuse(inFolder(outcome.refused), outcome.refusal, outcome.content);
  }
}

/** Shapes the windows of good raw files and, for the factory's own data set, of what came back from the line. */
export async function draftVersion(pass: Pass, good: readonly (RawFile & Source)[], connection: DuckDBConnection): Promise<DraftVersion> {
  const { settings, dataset, directory, log } = pass;
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
  const records = await RecordFiles.create(directory, {
    sensors: definition.sensors.map(({ name }) => name),
    pipeline: packageName(dataset),
  });
  if (dataset === settings.DATASET_NAME) await collectRecycled(pass, records);
  const recycled = await recycledWindows(connection, records, definition);

  const windowsFile = join(directory, 'windows.parquet');
  const sources = [...good].sort((a, b) => (a.name < b.name ? -1 : 1));
  const windows = await shapeWindows(connection, sources, definition, shape, windowsFile, true);
  const parquetBytes = (await stat(windowsFile)).size;
  if (parquetBytes > maxWindowsBytes)
    throw new Error(
      `the ${windows.count} windows of ${dataset} take ${parquetBytes} bytes, expected at most ${maxWindowsBytes}, what training and gate can read into memory: raise dataset.strideSeconds, or let raw files age out (storage.lifecycle.raw.deleteAfterDays)`,
    );
  const inputs = {
    dataset,
    referenceFraction: settings.REFERENCE_FRACTION,
    timeColumn: settings.TIME_COLUMN ?? null,
    labelColumns: settings.LABEL_COLUMNS ?? null,
    ignoredColumns: settings.IGNORED_COLUMNS ?? null,
  };
  return {
    dataVersion: dataVersionOf([...sources, ...records.batches], definition, inputs),
    definition,
    settings: { ...inputs, windowSeconds: settings.WINDOW_SECONDS, strideSeconds: settings.STRIDE_SECONDS },
    sources,
    batches: records.batches,
    recycledWindows: recycled.count,
    windows,
    windowsFile,
    parquetBytes,
  };
}
