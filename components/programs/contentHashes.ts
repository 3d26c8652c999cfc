import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { programs, type ProgramName } from '../../contracts/programs';

const hashes = z.record(z.enum(Object.keys(programs) as [ProgramName, ...ProgramName[]]), z.string().regex(/^[0-9a-f]{64}$/));
export type ContentHashes = Readonly<Record<ProgramName, string>>;

/** Content hash of every bundled program, as the bundler wrote them. */
export function readContentHashes(file: string): ContentHashes {
  if (!existsSync(file)) throw new Error(`${file} does not exist: run npm run build first, it bundles the programs`);
  const result = hashes.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  if (!result.success) throw new Error(`${file} does not name every program with its hash: run npm run build again`);
  return result.data;
}
