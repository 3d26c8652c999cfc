import { z } from 'zod';
import type { EvidenceReader } from './evidenceReader';
import type { QuarantinedFile } from './report';

const reasonFile = z.looseObject({
  file: z.string(),
  row: z.number().nullable(),
  column: z.string().nullable(),
  expected: z.string(),
  found: z.string(),
});

/** What the data pipeline put aside and why; raw files by the name they were dropped with. */
export async function quarantinedFiles(reader: EvidenceReader): Promise<(QuarantinedFile & { readonly blob: string })[]> {
  const container = reader.container('data', reader.outputs.quarantineContainer);
  const reasons = (await reader.list(container, `${reader.outputs.dataset}/`)).filter((blob) => blob.name.endsWith('/reason.json'));
  const folder = `${reader.outputs.dataset}/`;
  return Promise.all(
    reasons.map(async ({ name }) => {
      const { file, row, column, expected, found } = reasonFile.parse(JSON.parse((await reader.text(container, name)) ?? '{}'));
      return {
        blob: file,
        file: file.startsWith(folder) ? file.slice(folder.length) : file,
        row,
        column,
        reason: `expected ${expected}, found ${found}`,
      };
    }),
  );
}
