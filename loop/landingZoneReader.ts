import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { inferenceRecord, landingManifest, maxBatchContentBytes, type LandingManifest } from '../contracts/landingZone';
import type { EvidenceReader } from './evidenceReader';

/** A batch as it lies in the landing zone: its manifest, and what its blob really holds. */
export interface StoredBatch {
  readonly manifestBlob: string;
  readonly manifest: LandingManifest;
  readonly sha256: string;
  readonly records: readonly BatchRecord[];
}
/** `key` names what the record is about: a sample's time, a result's window and package. */
interface BatchRecord {
  readonly recordId: string;
  readonly kind: 'sample' | 'result';
  readonly key: string;
}

export const resultKey = (result: {
  readonly windowStart: string;
  readonly windowEnd: string;
  readonly packageId: string;
  readonly packageVersion: string;
}) => `${result.packageId}/${result.packageVersion}/${result.windowStart}/${result.windowEnd}`;

function readRecords(content: Buffer): BatchRecord[] {
  const lines = gunzipSync(content, { maxOutputLength: maxBatchContentBytes }).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const record = inferenceRecord.parse(JSON.parse(line));
    return { recordId: record.recordId, kind: record.kind, key: record.kind === 'sample' ? record.ts : resultKey(record.result) };
  });
}

const suffix = '.manifest.json';

/** Names of the batches' manifests, oldest first. */
export async function manifestNames(reader: EvidenceReader): Promise<string[]> {
  const container = reader.container('edge', reader.outputs.landingZoneContainer);
  return (await reader.list(container, 'inference/')).map(({ name }) => name).filter((name) => name.endsWith(suffix));
}

/** A batch is read once: it is written once and never again. */
export class LandingZoneReader {
  private readonly read = new Map<string, StoredBatch>();

  constructor(private readonly reader: EvidenceReader) {}

  async batches(but: ReadonlySet<string>): Promise<readonly StoredBatch[]> {
    const names = (await manifestNames(this.reader)).filter((name) => !but.has(name));
    for (const name of names.filter((known) => !this.read.has(known))) {
      const batch = await this.batch(name);
      if (batch) this.read.set(name, batch);
    }
    return names.flatMap((name) => this.read.get(name) ?? []);
  }

  private async batch(manifestBlob: string): Promise<StoredBatch | undefined> {
    const container = this.reader.container('edge', this.reader.outputs.landingZoneContainer);
    const text = await this.reader.text(container, manifestBlob);
    if (text === undefined) return undefined;
    const manifest = landingManifest.parse(JSON.parse(text));
    const content = await this.reader.bytes(container, manifest.blob);
    return content && { manifestBlob, manifest, sha256: createHash('sha256').update(content).digest('hex'), records: readRecords(content) };
  }
}
