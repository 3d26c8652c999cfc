import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DuckDBConnection } from '@duckdb/node-api';
import { type Log } from '../../contracts/program/log';
import { type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { draftVersion } from './draftVersion';
import { contentOf, inspectFiles, type RawFile } from './inspectFiles';
import { type Containers, type Pass } from './pass';
import { publishVersion, type PublishedVersion } from './publishVersion';
import { maxCopiedBytes, Quarantine } from './quarantine';
import { downloadRawFiles } from './rawFiles';
import { type Source } from './shapeWindows';
import { withWorkDatabase } from './workDatabase';

const names = (list: string | undefined) =>
  list
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Loads the samples of all files that are whole and fit together; the others go to quarantine. */
async function goodFiles(
  { settings, quarantine }: Pass,
  files: readonly RawFile[],
  connection: DuckDBConnection,
): Promise<readonly (RawFile & Source)[]> {
  const { good, bad } = await inspectFiles(connection, files, {
    time: settings.TIME_COLUMN,
    labels: names(settings.LABEL_COLUMNS),
    ignored: names(settings.IGNORED_COLUMNS),
  });
  for (const { raw, refusal } of bad) await quarantine.refuse(raw, refusal, await contentOf(raw, maxCopiedBytes));
  return good;
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
): Promise<PublishedVersion | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'data-pipeline-'));
  try {
    const quarantine = await Quarantine.open(containers.quarantine, dataset, log);
    const pass: Pass = { settings, dataset, containers, quarantine, directory, log };
    const files = await downloadRawFiles(pass);
    return await withWorkDatabase(directory, async (connection) => {
      const good = await goodFiles(pass, files, connection);
      if (good.length > 0) return publishVersion(pass, await draftVersion(pass, good, connection));
      log('warn', 'no good file', { dataset, files: files.length, quarantined: quarantine.reasons.length });
      return undefined;
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
