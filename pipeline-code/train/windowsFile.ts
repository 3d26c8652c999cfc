import { DuckDBInstance } from '@duckdb/node-api';
import { windowRoles, type WindowRole } from '../../contracts/datasetManifest';
import { featureNames, type FeatureDefinition } from '../../contracts/features/featureDefinition';
import { quoteIdentifier, quoteLiteral } from '../../contracts/features/renderSql';

export interface Window {
  readonly source: string;
  readonly role: WindowRole;
  /** Null where the source has no labels. */
  readonly label: boolean | null;
  readonly features: readonly number[];
}

/** Reads `windows.parquet` in a fixed order (source, time), so that training on the same file gives the same model. */
export async function readWindows(file: string, definition: FeatureDefinition): Promise<Window[]> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2', memory_limit: '1GB' });
  const connection = await instance.connect();
  try {
    const names = featureNames(definition).map(quoteIdentifier);
    const result = await connection.runAndReadAll(
      `SELECT source, role, label, ${names.map((name) => `${name}::DOUBLE`).join(', ')} FROM read_parquet(${quoteLiteral(file)}) ORDER BY source, window_start`,
    );
    return result.getRows().map((row) => {
      const role = windowRoles.find((known) => known === row[1]);
      if (role === undefined) throw new Error(`expected a window role of ${windowRoles.join(', ')}, got "${String(row[1])}"`);
      return { source: String(row[0]), role, label: row[2] === null ? null : Boolean(row[2]), features: row.slice(3).map(Number) };
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
