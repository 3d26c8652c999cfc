import { createReadStream, createWriteStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const carriageReturn = 13;
const lineFeed = 10;

/**
 * Copies a text file with line feeds only and counts the lines that are not blank. Tools that edit CSV files leave mixed line ends
 * behind, and with those the strict reader may stop early without a word.
 */
export async function copyWithLineFeeds(file: string, copy: string): Promise<{ readonly lines: number }> {
  let lines = 0;
  let inLine = false;
  let returned = false;
  const convert = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const converted = Buffer.allocUnsafe(chunk.length);
      let length = 0;
      for (const byte of chunk) {
        const secondOfPair = byte === lineFeed && returned;
        returned = byte === carriageReturn;
        if (secondOfPair) continue;
        const ends = byte === carriageReturn || byte === lineFeed;
        if (ends && inLine) lines += 1;
        inLine = !ends;
        converted[length] = ends ? lineFeed : byte;
        length += 1;
      }
      done(null, converted.subarray(0, length));
    },
  });
  await pipeline(createReadStream(file), convert, createWriteStream(copy));
  return { lines: lines + (inLine ? 1 : 0) };
}
