import { manifestPath, type DatasetManifest, type QuarantineReason } from '../../contracts/datasetManifest';
import { readBlob, writeBlobFile, writeBlobOnce } from '../clients/storage';
import { type DraftVersion } from './draftVersion';
import { latestManifest, maxDatasetManifestBytes } from './latestManifest';
import { type Pass } from './pass';
import { reasonText } from './quarantine';
import { retrainDecision } from './retrainRule';

export interface PublishedVersion {
  readonly dataVersion: string;
  /** False when it was there before. */
  readonly created: boolean;
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

const manifestOf = (dataset: string, draft: DraftVersion, quarantined: readonly QuarantineReason[]): DatasetManifest => ({
  schemaVersion: '1',
  dataset,
  dataVersion: draft.dataVersion,
  createdAt: new Date().toISOString(),
  features: draft.definition,
  sources: [
    ...draft.sources.map(({ samples, ...source }) => sourceEntry('raw', { ...source, ...samples }, draft.windows.bySource)),
    ...draft.batches.map(({ samples, ...batch }) => sourceEntry('landing-zone', { ...batch, rows: samples }, draft.windows.bySource)),
  ],
  windowsPath: `${dataset}/${draft.dataVersion}/windows.parquet`,
  windowCount: draft.windows.count,
  windowsByRole: draft.windows.byRole,
  labelled: draft.windows.labelled,
  settings: draft.settings,
  quarantined: quarantined.map((reason) => ({ file: reason.file, row: reason.row, column: reason.column, reason: reasonText(reason) })),
});

/** Writes a data version that is due, its manifest last; undefined when it is not due. */
export async function publishVersion(
  { settings, dataset, containers, quarantine, log }: Pass,
  draft: DraftVersion,
): Promise<PublishedVersion | undefined> {
  const { processed } = containers;
  const { dataVersion, definition, sources, batches, windows, recycledWindows, parquetBytes } = draft;
  const path = manifestPath(dataset, dataVersion);
  // Read, not asked for by HEAD: a refused HEAD carries no error code.
  if ((await readBlob(processed, path, maxDatasetManifestBytes)) !== undefined) {
    log('info', 'data version is there already', { dataset, dataVersion, files: sources.length, batches: batches.length });
    return { dataVersion, created: false };
  }
  const decision = retrainDecision(
    await latestManifest(processed, dataset),
    { definition, settings: draft.settings, rawSha256: sources.map(({ sha256 }) => sha256), recycledWindows },
    { minNewWindows: settings.RETRAIN_MIN_NEW_WINDOWS, minIntervalSeconds: settings.RETRAIN_MIN_INTERVAL_SECONDS },
    new Date(),
  );
  if (!decision.due) {
    log('info', 'no new data version yet', {
      reason: decision.reason,
      newWindows: decision.newWindows,
      sinceSeconds: decision.sinceSeconds,
      batches: batches.length,
    });
    return undefined;
  }
  const manifest = manifestOf(dataset, draft, quarantine.reasons);
  await writeBlobFile(processed, manifest.windowsPath, draft.windowsFile, 'application/vnd.apache.parquet');
  const created = await writeBlobOnce(processed, path, `${JSON.stringify(manifest, null, 2)}\n`, 'application/json');
  log('info', 'data version written', {
    dataset,
    dataVersion,
    created,
    files: sources.length,
    batches: batches.length,
    quarantined: quarantine.reasons.length,
    windows: windows.count,
    recycledWindows,
    windowsByRole: windows.byRole,
    parquetBytes,
  });
  return { dataVersion, created };
}
