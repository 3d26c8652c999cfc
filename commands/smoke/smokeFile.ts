import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { simulateCsv } from '../../edge-sim/production-line/machine';
import type { EvidenceReader } from '../../loop/evidenceReader';

const maxPieceBytes = 32 * 1024 * 1024;
const labelledReference = 0.4;
/** Enough to train, calibrate and judge by. */
const wantedStrides = 360;

interface SmokeFile {
  readonly file: string;
  /** Where its content comes from, for people. */
  readonly from: string;
  readonly sizeBytes: number;
}

/** How many rows of a recording hold enough windows: those of its beginning, which is normal operation. */
export function wantedRows(
  source: { readonly rows: number; readonly firstTime: string; readonly lastTime: string },
  features: { readonly windowSeconds: number; readonly strideSeconds: number },
  labelled: boolean,
): number {
  const seconds = (Date.parse(source.lastTime) - Date.parse(source.firstTime)) / 1_000;
  const wantedSeconds = (features.windowSeconds + wantedStrides * features.strideSeconds) / (labelled ? labelledReference : 1);
  return seconds <= 0 ? source.rows : Math.min(source.rows, Math.ceil((source.rows / seconds) * wantedSeconds));
}

/** The first lines of a text, whole ones only. */
export function firstLines(content: Buffer, lines: number): Buffer {
  let end = 0;
  for (let line = 0; line < lines; line++) {
    const next = content.indexOf(0x0a, end);
    if (next < 0) return line === 0 || content.at(-1) === 0x0a ? content : content.subarray(0, end);
    end = next + 1;
  }
  return content.subarray(0, end);
}

/**
 * The raw file of a smoke test: the person's own, else the beginning of the factory's longest recording, so that its sensors are those of the line;
 * where the factory has none yet, an hour of the simulated machine.
 */
export async function smokeFile(factory: EvidenceReader, directory: string, given: string | undefined): Promise<SmokeFile> {
  if (given !== undefined) return { file: given, from: basename(given), sizeBytes: statSync(given).size };
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'smoke.csv');
  const manifest = await factory.manifest(new Date(0), () => true);
  const source = manifest?.sources
    .filter(({ origin }) => origin === 'raw')
    .reduce((longest, source) => (source.rows > longest.rows ? source : longest));
  if (manifest === undefined || source === undefined)
    writeFileSync(file, simulateCsv({ seed: 77, startTime: new Date(Date.UTC(2026, 1, 1, 6)), periodMs: 1_000, samples: 3_600 }));
  else {
    const blob = factory.container('data', factory.outputs.rawContainer).getBlobClient(source.name);
    const content = await blob.downloadToBuffer(0, Math.min(source.sizeBytes, maxPieceBytes), {
      abortSignal: AbortSignal.timeout(120_000),
    });
    writeFileSync(file, firstLines(content, wantedRows(source, manifest.features, manifest.labelled) + 1));
  }
  return { file, from: source === undefined ? 'simulated machine' : `the beginning of ${source.name}`, sizeBytes: statSync(file).size };
}
