import { type ContainerClient } from '@azure/storage-blob';
import { batchManifestBlob, type InferenceRecord } from '../../contracts/landingZone';
import { readBlob } from '../clients/storage';
import { refuse, RefusedFile, type FileRefusal } from './csvLayout';
import { readLandingBatch, readLandingManifest } from './landingBatch';

interface LandingBlob {
  readonly name: string;
  readonly etag: string;
}
/** A whole batch of the landing zone; `stream` is where its samples come from. */
export interface AcceptedBatch extends LandingBlob {
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly batchId: string;
  readonly stream: string;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly samples: number;
  readonly records: readonly InferenceRecord[];
}
type LandingOutcome =
  | { readonly accepted: AcceptedBatch }
  | { readonly refused: LandingBlob; readonly refusal: FileRefusal; readonly content: Buffer | undefined };

const manifestSuffix = batchManifestBlob('.ndjson.gz');
const maxBatchManifestBytes = 256 * 1024;
const parallel = 8;

interface ListedBlob extends LandingBlob {
  readonly sizeBytes: number;
}

/** Undefined when there is nothing to say of the batch: it was refused before, or it is gone. */
async function readOne(
  container: ContainerClient,
  manifestBlob: ListedBlob,
  listed: ReadonlyMap<string, ListedBlob>,
  isKnown: (blob: LandingBlob) => boolean,
  maxBytes: number,
): Promise<LandingOutcome | undefined> {
  let blob = manifestBlob;
  let content: Buffer | undefined;
  try {
    if (manifestBlob.sizeBytes > maxBatchManifestBytes)
      refuse(`a manifest of at most ${maxBatchManifestBytes} bytes`, `${manifestBlob.sizeBytes} bytes`);
    const manifestContent = (await readBlob(container, manifestBlob.name, maxBatchManifestBytes))?.content;
    if (manifestContent === undefined) return undefined;
    content = manifestContent;
    const manifest = readLandingManifest(manifestBlob.name, manifestContent);
    if (manifest.sizeBytes > maxBytes) refuse(`at most ${maxBytes} bytes`, `${manifest.sizeBytes}`, { column: 'sizeBytes' });
    blob = listed.get(manifest.blob) ?? refuse(`the batch ${manifest.blob}`, 'no such blob', { column: 'blob' });
    content = undefined;
    if (isKnown(blob)) return undefined;
    if (blob.sizeBytes !== manifest.sizeBytes) refuse(`${manifest.sizeBytes} bytes`, `${blob.sizeBytes}`);
    content = (await readBlob(container, manifest.blob, manifest.sizeBytes))?.content;
    if (content === undefined) return undefined;
    const records = await readLandingBatch(manifest, content);
    return {
      accepted: {
        ...blob,
        sha256: manifest.sha256,
        batchId: manifest.batchId,
        stream: `${manifest.factory}/${manifest.device}`,
        firstMs: Date.parse(manifest.firstTs),
        lastMs: Date.parse(manifest.lastTs),
        samples: manifest.samples,
        records,
      },
    };
  } catch (error) {
    if (error instanceof RefusedFile) return { refused: blob, refusal: error.refusal, content };
    throw error;
  }
}

/**
 * Goes through the landing zone. A batch counts when its manifest is there, because that is written last; without one it is still
 * on its way. What was refused before (`isKnown`) is passed over.
 */
export async function* landingOutcomes(
  container: ContainerClient,
  isKnown: (blob: LandingBlob) => boolean,
  maxBytes: number,
): AsyncGenerator<LandingOutcome> {
  const listed = new Map<string, ListedBlob>();
  for await (const { name, properties } of container.listBlobsFlat({ abortSignal: AbortSignal.timeout(300_000) }))
    listed.set(name, { name, etag: properties.etag, sizeBytes: properties.contentLength ?? 0 });
  const manifests = [...listed.values()].filter((blob) => blob.name.endsWith(manifestSuffix) && !isKnown(blob));
  for (let from = 0; from < manifests.length; from += parallel) {
    for (const outcome of await Promise.all(
      manifests.slice(from, from + parallel).map((manifest) => readOne(container, manifest, listed, isKnown, maxBytes)),
    ))
      if (outcome !== undefined) yield outcome;
  }
}
