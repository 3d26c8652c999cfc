import { type ContainerClient } from '@azure/storage-blob';
import { datasetManifest, manifestPath, type DatasetManifest } from '../../contracts/datasetManifest';
import { readJsonBlob } from '../clients/storage';

export const maxDatasetManifestBytes = 64 * 1024 ** 2;

/** The manifest of the data version that was written last. Storage keeps whole seconds, so of those of one second the manifests decide. */
export async function latestManifest(processed: ContainerClient, dataset: string): Promise<DatasetManifest | undefined> {
  const [folder, file] = manifestPath(dataset, '*').split('*') as [string, string];
  let newest: { readonly modified: number; readonly names: readonly string[] } = { modified: 0, names: [] };
  for await (const { name, properties } of processed.listBlobsFlat({ prefix: folder, abortSignal: AbortSignal.timeout(300_000) })) {
    const modified = properties.lastModified.getTime();
    if (name.endsWith(file) && modified >= newest.modified)
      newest = { modified, names: modified === newest.modified ? [...newest.names, name] : [name] };
  }
  const manifests = await Promise.all(
    newest.names.map(async (name) => (await readJsonBlob(processed, name, datasetManifest, maxDatasetManifestBytes))?.value),
  );
  return manifests.flatMap((manifest) => manifest ?? []).sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1))[0];
}
