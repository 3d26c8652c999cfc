import { join } from 'node:path';
import { type ContainerClient } from '@azure/storage-blob';
import { datasetOfRawBlob, isAcceptedDataset, smokePrefix } from '../../contracts/datasets';
import { maxRawBytes, type DataPipelineSettings } from '../../contracts/settings/dataPipeline';
import { downloadBlob, isConflict, isNotFound } from '../clients/storage';
import { type FileRefusal } from './csvLayout';
import { type RawFile } from './inspectFiles';
import { type Pass } from './pass';

interface RawBlob {
  readonly name: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly modified: number;
}

/** The raw blobs of a data set, oldest first; to the factory's own belongs whatever is no accepted data set's. */
async function listRaw(container: ContainerClient, factoryDataset: string, dataset: string): Promise<RawBlob[]> {
  const blobs: RawBlob[] = [];
  for await (const { name, properties } of container.listBlobsFlat({
    ...(dataset === factoryDataset ? {} : { prefix: `${dataset}/` }),
    abortSignal: AbortSignal.timeout(300_000),
  })) {
    const blobDataset = datasetOfRawBlob(factoryDataset, name);
    if (blobDataset === dataset || (dataset === factoryDataset && !isAcceptedDataset(factoryDataset, blobDataset)))
      blobs.push({ name, etag: properties.etag, sizeBytes: properties.contentLength ?? 0, modified: properties.lastModified.getTime() });
  }
  return blobs.sort((a, b) => a.modified - b.modified || (a.name < b.name ? -1 : 1));
}

/** Why a blob is refused before it is downloaded. */
function refusalOf(
  { name, sizeBytes }: RawBlob,
  dataset: string,
  { DATASET_NAME, MAX_FILE_BYTES }: DataPipelineSettings,
): FileRefusal | undefined {
  const blobDataset = datasetOfRawBlob(DATASET_NAME, name);
  if (blobDataset !== dataset)
    return {
      row: null,
      column: null,
      expected: `a file in the folder ${DATASET_NAME} or ${smokePrefix}<id>`,
      found: `the folder "${blobDataset.slice(0, 100)}"`,
    };
  if (sizeBytes > MAX_FILE_BYTES)
    return { row: null, column: null, expected: `at most ${MAX_FILE_BYTES} bytes`, found: `${sizeBytes} bytes` };
  return undefined;
}

/** Undefined when the blob was replaced or removed meanwhile: its new version has an event of its own. */
async function downloadRaw(container: ContainerClient, blob: RawBlob, file: string, maxBytes: number): Promise<RawFile | undefined> {
  try {
    return { ...blob, ...(await downloadBlob(container, blob.name, file, { maxBytes, ifMatch: blob.etag })), etag: blob.etag, file };
  } catch (error) {
    if (isConflict(error) || isNotFound(error)) return undefined;
    throw error;
  }
}

/** Downloads the raw files of a data set, oldest first, but for those that were refused before or can be refused unread. */
export async function downloadRawFiles({ settings, dataset, containers, quarantine, directory }: Pass): Promise<RawFile[]> {
  const accepted: RawBlob[] = [];
  for (const blob of await listRaw(containers.raw, settings.DATASET_NAME, dataset)) {
    if (quarantine.holds(blob)) continue;
    const refusal = refusalOf(blob, dataset, settings);
    if (refusal === undefined) accepted.push(blob);
    else await quarantine.refuse(blob, refusal);
  }
  const rawBytes = accepted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const maxBytes = maxRawBytes(settings.DISK_BYTES);
  if (rawBytes > maxBytes)
    throw new Error(
      `the ${accepted.length} raw files of ${dataset} have ${rawBytes} bytes together, expected at most ${maxBytes}: the job's disk (DISK_BYTES) has ${settings.DISK_BYTES}. Let raw files age out (storage.lifecycle.raw.deleteAfterDays), or take files out of the container ${settings.RAW_CONTAINER}`,
    );
  const files: RawFile[] = [];
  for (const [index, blob] of accepted.entries()) {
    const file = await downloadRaw(containers.raw, blob, join(directory, `raw-${index}`), settings.MAX_FILE_BYTES);
    if (file !== undefined) files.push(file);
  }
  return files;
}
