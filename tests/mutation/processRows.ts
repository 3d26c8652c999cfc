/** A row of the table "Held by a step of the process": what is dropped, and the rule that notices. */
export interface ProcessRow {
  readonly bullet: string;
  readonly file: string;
  /** In a pipeline the names from stage to step, and a key; in a script the line that holds this text. */
  readonly place: string;
  /** Only this text of the place is dropped. */
  readonly text: string | undefined;
  readonly rule: string;
  readonly tests: readonly string[];
}

const row = /^\| ([RSCOPW]\d+ [^|]+?) \| `([\w./-]+)`: `([^`]+)`(?: without `([^`]+)`)? \| `([a-z-]+)` \| (\S+(?:, \S+)*) \|$/;

/** Throws on a row that it cannot read: none may be passed over. */
export function readProcessRows(markdown: string): ProcessRow[] {
  const [, section = ''] = /\n## Held by a step of the process\n([\s\S]*?)\n## /.exec(markdown) ?? [];
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  if (lines.length === 0) throw new Error('docs/considerations.md: expected a table under "Held by a step of the process", found no row');
  return lines.map((line) => {
    const [matched, bullet = '', file = '', place = '', text, rule = '', tests = ''] = row.exec(line) ?? [];
    if (matched === undefined)
      throw new Error(`docs/considerations.md: expected consideration, file and place, rule and test, found ${line}`);
    return { bullet, file, place, text, rule, tests: tests.split(', ') };
  });
}
