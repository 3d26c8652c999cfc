import { isMissing, isNumber, timeKindOf } from './cells';

/** Why a file is refused; `row` is the line in the file, counted from 1. */
export interface FileRefusal {
  readonly row: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly found: string;
}
export class RefusedFile extends Error {
  override readonly name = 'RefusedFile';
  constructor(readonly refusal: FileRefusal) {
    super(`expected ${refusal.expected}, found ${refusal.found}`);
  }
}
export const refuse = (expected: string, found: string, position: { row?: number; column?: string } = {}): never => {
  throw new RefusedFile({ row: position.row ?? null, column: position.column ?? null, expected, found });
};

export interface CsvLayout {
  readonly delimiter: string;
  readonly encoding: 'utf-8' | 'latin-1';
  readonly decimal: '.' | ',';
  readonly header: boolean;
  readonly columns: readonly string[];
  /** The first rows, to judge the columns by. */
  readonly sample: readonly (readonly string[])[];
}

export const headBytes = 256 * 1024;
const delimiters = [';', '\t', ',', '|'];
const sampleRows = 200;
const maxColumns = 1_000;

function decode(head: Buffer, complete: boolean): { text: string; encoding: CsvLayout['encoding'] } {
  if (head.length === 0) refuse('a CSV file with a header and rows', 'an empty file');
  const control = head.findIndex((byte) => byte < 0x09 || (byte > 0x0d && byte < 0x20));
  if (control >= 0) refuse('text', `byte 0x${(head[control] ?? 0).toString(16).padStart(2, '0')} at position ${control}`);
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: !complete }), encoding: 'utf-8' };
  } catch {
    return { text: new TextDecoder('latin1').decode(head), encoding: 'latin-1' };
  }
}

/** Fields of one line; a quoted field may hold the delimiter and doubled quotes. */
function splitLine(line: string, delimiter: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let index = 0; index < line.length; index += 1) {
    const character = line[index] ?? '';
    if (quoted) {
      if (character !== '"') field += character;
      else if (line[index + 1] === '"') {
        field += '"';
        index += 1;
      } else quoted = false;
    } else if (character === '"' && field === '') quoted = true;
    else if (character === delimiter) {
      fields.push(field);
      field = '';
    } else field += character;
  }
  return [...fields, field].map((value) => value.trim());
}

/** Finds delimiter, header, names and decimal mark from the beginning of a file. */
export function readCsvLayout(head: Buffer, complete: boolean): CsvLayout {
  const { text, encoding } = decode(head, complete);
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .filter((line) => line.trim() !== '');
  // The last line of a partial head may be cut anywhere.
  const whole = complete ? lines : lines.slice(0, -1);
  const first =
    whole[0] ??
    refuse('a CSV file with a header and rows', lines.length === 0 ? 'only blank lines' : `a first line longer than ${headBytes} bytes`);
  const judged = whole.slice(0, sampleRows + 1);
  const candidates = delimiters
    .map((delimiter) => {
      const width = splitLine(first, delimiter).length;
      return { delimiter, width, agreeing: judged.filter((line) => splitLine(line, delimiter).length === width).length };
    })
    .filter(({ width }) => width > 1)
    .sort((a, b) => b.agreeing - a.agreeing || b.width - a.width);
  const { delimiter, width } = candidates[0] ?? refuse('columns separated by ; , tab or |', `"${first.slice(0, 100)}"`, { row: 1 });
  if (width > maxColumns) refuse(`at most ${maxColumns} columns`, `${width}`, { row: 1 });

  const rows = judged.map((line) => splitLine(line, delimiter));
  const decimalOf = (cells: readonly string[]): '.' | ',' =>
    delimiter !== ',' && cells.some((cell) => /^[-+]?\d+,\d+$/.test(cell)) && !cells.some((cell) => /^[-+]?\d+\.\d+$/.test(cell))
      ? ','
      : '.';
  const decimal = decimalOf(rows.slice(1).flat());
  const names = rows[0] ?? [];
  const header = !names.some((name) => isNumber(name, decimal) || timeKindOf(name) !== undefined);
  const columns = names.map((name, index) => (header && !isMissing(name) ? name : `column${index + 1}`));
  const repeated = columns.find((name, index) => columns.findIndex((other) => other.toLowerCase() === name.toLowerCase()) !== index);
  if (repeated !== undefined) refuse('a name of its own for each column', `"${repeated}" twice`, { row: 1, column: repeated });
  const sample = rows.slice(header ? 1 : 0);
  if (sample.length === 0) refuse('rows below the header', 'none');
  return { delimiter, encoding, decimal, header, columns, sample };
}
