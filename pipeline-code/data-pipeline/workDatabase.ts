import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import { quoteLiteral } from '../../contracts/features/renderSql';

/** Works in a database that lives in the directory. Files come from outside: the engine may touch this directory and nothing else. */
export async function withWorkDatabase<T>(directory: string, work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(join(directory, 'work.duckdb'), { threads: '2', memory_limit: '1GB' });
  const connection = await instance.connect();
  try {
    await connection.run(
      `SET TimeZone='UTC'; SET allowed_directories=[${quoteLiteral(`${directory}/`)}]; SET enable_external_access=false; SET lock_configuration=true`,
    );
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
