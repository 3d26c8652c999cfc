import { open, readFile, rm } from 'node:fs/promises';
import { type DuckDBConnection } from '@duckdb/node-api';
import { columnRoles, type ColumnOptions } from './columnRoles';
import { headBytes, readCsvLayout, refuse, RefusedFile, type FileRefusal } from './csvLayout';
import { copyWithLineFeeds } from './lineFeeds';
import { loadSamples } from './samplesTable';
import { type Source } from './shapeWindows';

/** A downloaded raw blob. */
export interface RawFile {
  readonly name: string;
  readonly etag: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly file: string;
}
export interface Inspection {
  readonly good: readonly (RawFile & Source)[];
  readonly bad: readonly { readonly raw: RawFile; readonly refusal: FileRefusal }[];
}

async function head(file: string): Promise<{ bytes: Buffer; complete: boolean }> {
  const handle = await open(file);
  try {
    const buffer = Buffer.alloc(headBytes);
    const { bytesRead } = await handle.read(buffer, 0, headBytes, 0);
    return { bytes: buffer.subarray(0, bytesRead), complete: bytesRead === (await handle.stat()).size };
  } finally {
    await handle.close();
  }
}

const signature = (sensors: readonly string[]) => JSON.stringify([...sensors].sort());

/** The sensors that most files have; with equal numbers those of the first file. */
function commonSensors(sources: readonly Source[]): readonly string[] {
  const votes = new Map<string, { sensors: readonly string[]; files: number }>();
  for (const { samples } of sources) {
    const key = signature(samples.sensors);
    const vote = votes.get(key) ?? { sensors: samples.sensors, files: 0 };
    votes.set(key, { ...vote, files: vote.files + 1 });
  }
  return [...votes.values()].reduce((best, vote) => (vote.files > best.files ? vote : best), { sensors: [] as readonly string[], files: 0 })
    .sensors;
}

/** Loads every file that is whole and fits the others; says of every other file why not. Files come oldest first: of equal ones the first stays. */
export async function inspectFiles(connection: DuckDBConnection, files: readonly RawFile[], options: ColumnOptions): Promise<Inspection> {
  const bad: { raw: RawFile; refusal: FileRefusal }[] = [];
  let loaded: (RawFile & Source)[] = [];
  const columns = new Set<string>();
  for (const [index, raw] of files.entries()) {
    const twin = loaded.find((other) => other.sha256 === raw.sha256);
    try {
      if (twin !== undefined)
        throw new RefusedFile({
          row: null,
          column: null,
          expected: 'content that was not delivered before',
          found: `the content of ${twin.name}`,
        });
      const { bytes, complete } = await head(raw.file);
      const layout = readCsvLayout(bytes, complete);
      layout.columns.forEach((name) => columns.add(name.toLowerCase()));
      const roles = columnRoles(layout, options);
      const copy = `${raw.file}.lines`;
      try {
        const { lines } = await copyWithLineFeeds(raw.file, copy);
        const samples = await loadSamples(connection, copy, `file_${index}`, layout, roles);
        const rows = lines - (layout.header ? 1 : 0);
        if (samples.rows !== rows) refuse(`${rows} rows, one a line`, `${samples.rows} readable rows`);
        loaded.push({ ...raw, samples });
      } finally {
        await rm(copy, { force: true });
      }
    } catch (error) {
      if (!(error instanceof RefusedFile)) throw error;
      bad.push({ raw, refusal: error.refusal });
    }
  }
  // A file may lack a label, but a name that no file knows is a slip: its column would be trained on.
  const unknown = [...(options.labels ?? []), ...(options.ignored ?? [])].find((name) => !columns.has(name.toLowerCase()));
  if (unknown !== undefined) {
    bad.push(
      ...loaded.map((raw) => ({
        raw,
        refusal: {
          row: 1,
          column: unknown,
          expected: `a column "${unknown}" in at least one file`,
          found: `columns ${[...columns].join(', ').slice(0, 300)}`,
        },
      })),
    );
    loaded = [];
  }
  const sensors = commonSensors(loaded);
  const good = loaded.flatMap((source) => {
    const lacking = sensors.find((name) => !source.samples.sensors.includes(name));
    if (lacking === undefined) return [{ ...source, samples: { ...source.samples, sensors } }];
    bad.push({
      raw: source,
      refusal: {
        row: 1,
        column: lacking,
        expected: `the sensors of the data set (${sensors.join(', ').slice(0, 300)})`,
        found: `no column "${lacking}"`,
      },
    });
    return [];
  });
  return { good, bad };
}

export const contentOf = (raw: RawFile, maxBytes: number): Promise<Buffer | undefined> =>
  raw.sizeBytes <= maxBytes ? readFile(raw.file) : Promise.resolve(undefined);
