/** What a single cell of a CSV file can be. The same rules in SQL are in `samplesTable.ts`. */
export const missingWords = ['', 'nan', 'null', 'na', 'n/a', 'none', '-', 'inf', '-inf', '+inf', 'infinity', '-infinity'];
export const isMissing = (cell: string) => missingWords.includes(cell.toLowerCase());

export function isNumber(cell: string, decimal: '.' | ','): boolean {
  const plain = decimal === ',' ? cell.replace(',', '.') : cell;
  return /^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(plain);
}

/** ISO 8601 or SQL time (without a zone it is UTC), or the German form. */
export type TimeKind = 'iso' | 'german' | 'epoch-s' | 'epoch-ms' | 'epoch-us' | 'epoch-ns';
const iso = /^\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}([.]\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?$/;
const german = /^\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}:\d{2}([.]\d+)?$/;

/** How a text shows a time; undefined when it does not. */
export const timeKindOf = (cell: string): TimeKind | undefined => (iso.test(cell) ? 'iso' : german.test(cell) ? 'german' : undefined);

/** Numbers as times: their size says the unit (seconds until the year 5138, and so on). */
export function epochKindOf(value: number): TimeKind {
  const size = Math.abs(value);
  return size < 1e11 ? 'epoch-s' : size < 1e14 ? 'epoch-ms' : size < 1e17 ? 'epoch-us' : 'epoch-ns';
}
