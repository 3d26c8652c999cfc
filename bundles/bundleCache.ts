import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileState, isUnchanged, readBundleRecord, type BundleRecord, type FileState } from '../components/programs/bundleRecord';

/** Remembers bundles in a file each, so that an unchanged tree is not bundled again. */
export class BundleCache {
  constructor(private readonly file: string) {}

  /** The hash of the bundle, when nothing it was made of has changed since. */
  unchanged(): string | undefined {
    const record = readBundleRecord(this.file);
    return record !== undefined && Object.entries(record.inputs).every(([file, state]) => isUnchanged(file, state))
      ? record.hash
      : undefined;
  }

  /** `inputs`: everything that decides what the bundle is, by absolute path; what is no file is left out. */
  remember(inputs: readonly string[], hash: string): void {
    const states = inputs
      .map((file) => [file, fileState(file)] as const)
      .filter((entry): entry is [string, FileState] => entry[1] !== undefined);
    const record: BundleRecord = { inputs: Object.fromEntries(states), hash };
    mkdirSync(dirname(this.file), { recursive: true });
    writeFileSync(`${this.file}.new-${process.pid}`, JSON.stringify(record));
    renameSync(`${this.file}.new-${process.pid}`, this.file);
  }
}
