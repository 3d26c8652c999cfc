import { readdir } from 'node:fs/promises';
import { lastItem, segmentNumber } from './segment';

const attempts = 5;

/** The item that was appended last to the queue in a directory, taken out or not; the queue may be at work in another process meanwhile. */
export async function newestItem(directory: string): Promise<unknown> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const numbers = (await readdir(directory)).flatMap((name) => segmentNumber(name) ?? []).sort((a, b) => b - a);
      for (const number of numbers) {
        const item = await lastItem(directory, number);
        if (item !== undefined) return item;
      }
      return undefined;
    } catch (error) {
      // A segment may be done with between the listing and the reading; the next listing has its follower.
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT') || attempt === attempts) throw error;
    }
  }
}
