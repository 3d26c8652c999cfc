import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** A file of the queue: one item a line, each with its checksum, so that half a write is seen as such. */
export interface Segment {
  readonly number: number;
  /** What is surely on the disk. */
  bytes: number;
}
interface ReadLine {
  readonly json: string | undefined;
  readonly end: number;
}

const newline = 0x0a;
const checksum = (json: string | Buffer): string => crc32(json).toString(16).padStart(8, '0');
export const segmentName = (number: number): string => `${String(number).padStart(12, '0')}.segment`;
export const segmentNumber = (fileName: string): number | undefined =>
  /^\d{12}\.segment$/.test(fileName) ? Number(fileName.slice(0, 12)) : undefined;
export const line = (item: unknown): string => {
  const json = JSON.stringify(item);
  return `${checksum(json)} ${json}\n`;
};

/** The item of a line, undefined when the line is damaged. */
function jsonOf(bytes: Buffer): string | undefined {
  if (bytes.length < 10 || bytes[8] !== 0x20) return undefined;
  const json = bytes.subarray(9);
  return bytes.toString('latin1', 0, 8) === checksum(json) ? json.toString('utf8') : undefined;
}

function* linesOf(bytes: Buffer, base: number): Generator<ReadLine> {
  for (let start = 0, end = bytes.indexOf(newline); end >= 0; start = end + 1, end = bytes.indexOf(newline, start))
    yield { json: jsonOf(bytes.subarray(start, end)), end: base + end + 1 };
}

/** How many items lie behind `offset`. What a killed process left of its last line does not count: nothing is ever written behind it. */
export async function recoverSegment(directory: string, number: number, offset: number): Promise<{ segment: Segment; items: number }> {
  const content = await readFile(join(directory, segmentName(number)));
  const bytes = content.lastIndexOf(newline) + 1;
  let items = 0;
  for (const { json } of linesOf(content.subarray(Math.min(offset, bytes), bytes), 0)) if (json !== undefined) items += 1;
  return { segment: { number, bytes }, items };
}

/** The last whole item of a segment; undefined when there is none. */
export async function lastItem(directory: string, number: number): Promise<unknown> {
  let last: string | undefined;
  for (const { json } of linesOf(await readFile(join(directory, segmentName(number))), 0)) last = json ?? last;
  return last === undefined ? undefined : (JSON.parse(last) as unknown);
}

/** Lines from `offset` on, read in pieces; only what is surely on the disk. */
export async function* readLines(directory: string, segment: Segment, offset: number): AsyncGenerator<ReadLine> {
  const durable = segment.bytes;
  if (offset >= durable) return;
  const file = await open(join(directory, segmentName(segment.number)), 'r');
  try {
    let carried = Buffer.alloc(0);
    let carriedAt = offset;
    for (let at = offset; at < durable;) {
      const piece = Buffer.allocUnsafe(Math.min(256 * 1024, durable - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0)
        throw new Error(
          `expected ${durable} bytes in ${segmentName(segment.number)} of ${directory}, got ${at}; something else changes the files of this queue`,
        );
      at += bytesRead;
      carried = Buffer.concat([carried, piece.subarray(0, bytesRead)]);
      let end = carriedAt;
      for (const read of linesOf(carried, carriedAt)) {
        end = read.end;
        yield read;
      }
      carried = carried.subarray(end - carriedAt);
      carriedAt = end;
    }
  } finally {
    await file.close();
  }
}
