import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import {
  batchManifestBlob,
  inferenceRecord,
  landingManifest,
  maxBatchContentBytes,
  maxBatchRecords,
  type InferenceRecord,
  type LandingManifest,
} from '../../contracts/landingZone';
import { refuse } from './csvLayout';

const parseJson = (text: string, row?: number): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return refuse('JSON', `"${text.slice(0, 100)}"`, row === undefined ? {} : { row });
  }
};

/** Reads a batch's manifest and holds it against its own name. Throws RefusedFile. */
export function readLandingManifest(name: string, content: Buffer): LandingManifest {
  const parsed = landingManifest.safeParse(parseJson(content.toString('utf8')));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse('the manifest of a batch', issue?.message ?? 'something else', { column: issue?.path.join('.') ?? '' });
  }
  const manifest = parsed.data;
  if (batchManifestBlob(manifest.blob) !== name || manifest.blob === name)
    refuse(`the batch beside ${name}`, `"${manifest.blob.slice(0, 300)}"`, { column: 'blob' });
  if (manifest.records > maxBatchRecords) refuse(`at most ${maxBatchRecords} records`, `${manifest.records}`, { column: 'records' });
  if (manifest.contentBytes > maxBatchContentBytes)
    refuse(`at most ${maxBatchContentBytes} bytes of content`, `${manifest.contentBytes}`, { column: 'contentBytes' });
  if (manifest.sizeBytes > maxBatchContentBytes)
    refuse(`at most ${maxBatchContentBytes} bytes`, `${manifest.sizeBytes}`, { column: 'sizeBytes' });
  return manifest;
}

async function unpack(content: Buffer, manifest: LandingManifest): Promise<string> {
  let text: Buffer;
  try {
    // One byte more than announced is enough to see that there is more; a bomb never gets further.
    text = await promisify(gunzip)(content, { maxOutputLength: manifest.contentBytes + 1 });
  } catch (error) {
    return (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE'
      ? refuse(`${manifest.contentBytes} bytes of content`, 'more')
      : refuse('gzip', String((error as Error).message).slice(0, 200));
  }
  if (text.length !== manifest.contentBytes) refuse(`${manifest.contentBytes} bytes of content`, `${text.length}`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text);
  } catch {
    return refuse('UTF-8', 'other bytes');
  }
}

/** The records of a batch that is what its manifest says, to the last line. Throws RefusedFile. */
export async function readLandingBatch(manifest: LandingManifest, content: Buffer): Promise<InferenceRecord[]> {
  if (content.length !== manifest.sizeBytes) refuse(`${manifest.sizeBytes} bytes`, `${content.length}`);
  const sha256 = createHash('sha256').update(content).digest('hex');
  if (sha256 !== manifest.sha256) refuse(`SHA-256 ${manifest.sha256}`, sha256);
  const lines = (await unpack(content, manifest)).split('\n');
  if (lines.pop() !== '') refuse('a line feed at the end', 'none', { row: lines.length + 1 });
  if (lines.length !== manifest.records) refuse(`${manifest.records} records`, `${lines.length} lines`);
  const records = lines.map((text, index) => {
    const row = index + 1;
    const parsed = inferenceRecord.safeParse(parseJson(text, row));
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return refuse('a record of the line', issue?.message ?? 'something else', { row, column: issue?.path.join('.') ?? '' });
    }
    const record = parsed.data;
    if (record.factory !== manifest.factory || record.device !== manifest.device)
      refuse(`a record of ${manifest.factory}/${manifest.device}`, `${record.factory}/${record.device}`, { row });
    return record;
  });
  const samples = records.filter(({ kind }) => kind === 'sample').length;
  if (samples !== manifest.samples || records.length - samples !== manifest.results)
    refuse(`${manifest.samples} samples and ${manifest.results} results`, `${samples} and ${records.length - samples}`);
  return records;
}
