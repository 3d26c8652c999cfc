import { epochKindOf, isMissing, isNumber, timeKindOf, type TimeKind } from './cells';
import { refuse, type CsvLayout } from './csvLayout';

/** Names the user may give instead of detection. */
export interface ColumnOptions {
  readonly time?: string;
  readonly labels?: readonly string[];
  readonly ignored?: readonly string[];
}
export interface ColumnRoles {
  readonly time: { readonly name: string; readonly kind: TimeKind };
  /** The label that judges; other label columns are left out and never become features. */
  readonly label: string | undefined;
  readonly sensors: readonly string[];
}

const timeNames =
  /^(date[ _]?time|time[ _]?stamp|time|date|datum|zeit|zeitstempel|ts|utc|t|epoch|unix[ _]?time)([ _]?\(?(utc|s|ms|us|ns)\)?)?$/i;
const labelNames =
  /^(is[ _]?)?(anomal(y|ies|ous)|labels?|faults?|faulty|failure|target|class|outlier|attack|change[ _]?points?|ground[ _]?truth)([ _]?(label|flag|id|type|class))?$/i;
const changePoint = /^change[ _]?points?/i;
/** Row numbers are no sensors. */
const counterNames = /^(index|idx|id|row|no|nr|unnamed: ?\d+)$/i;

const same = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase();

function timeColumn(layout: CsvLayout, option: string | undefined): ColumnRoles['time'] {
  const cells = (name: string) => layout.sample.map((row) => row[layout.columns.indexOf(name)] ?? '').filter((cell) => !isMissing(cell));
  const kindOf = (name: string, numbersToo: boolean): TimeKind | undefined => {
    const values = cells(name);
    const kinds = values.map(
      (cell) =>
        timeKindOf(cell) ?? (numbersToo && isNumber(cell, layout.decimal) ? epochKindOf(Number(cell.replace(',', '.'))) : undefined),
    );
    const first = kinds.find((kind) => kind !== undefined);
    // One bad cell must be reported as a bad cell and not hide the column.
    return first !== undefined && kinds.filter((kind) => kind !== undefined).length * 2 > kinds.length
      ? first.startsWith('epoch')
        ? epochKindOf(Math.max(...values.map((cell) => Math.abs(Number(cell.replace(',', '.'))) || 0)))
        : first
      : undefined;
  };
  if (option !== undefined) {
    const name =
      layout.columns.find(same(option)) ??
      refuse(`the time column "${option}"`, `columns ${layout.columns.join(', ').slice(0, 300)}`, { row: 1 });
    return { name, kind: kindOf(name, true) ?? refuse('times', `"${cells(name)[0] ?? ''}"`, { row: layout.header ? 2 : 1, column: name }) };
  }
  const named = layout.columns.filter((name) => timeNames.test(name)).find((name) => kindOf(name, true) !== undefined);
  const name =
    named ??
    layout.columns.find((name) => kindOf(name, false) !== undefined) ??
    refuse(
      'a time column (for example "2024-05-01 12:00:00"); name it if it is there',
      `columns ${layout.columns.join(', ').slice(0, 300)}`,
      { row: 1 },
    );
  return { name, kind: kindOf(name, named !== undefined) ?? 'iso' };
}

/** Which column is the time, which one judges and which ones are sensors. */
export function columnRoles(layout: CsvLayout, options: ColumnOptions): ColumnRoles {
  const time = timeColumn(layout, options.time);
  // Naming the labels chooses who judges; a column that looks like a label is no sensor either way.
  const isLabel = (name: string) => labelNames.test(name) || (options.labels ?? []).some(same(name));
  const ignored = (name: string) => name === time.name || (options.ignored ?? []).some(same(name)) || counterNames.test(name);
  const labels =
    options.labels === undefined
      ? layout.columns
          .filter((name) => isLabel(name) && !ignored(name))
          .sort((a, b) => Number(changePoint.test(a)) - Number(changePoint.test(b)))
      : options.labels.flatMap((option) => layout.columns.find(same(option)) ?? []);
  const label = labels.find((name) => !changePoint.test(name) || options.labels !== undefined);
  const numeric = (name: string) => {
    const cells = layout.sample.map((row) => row[layout.columns.indexOf(name)] ?? '').filter((cell) => !isMissing(cell));
    return cells.length > 0 && cells.filter((cell) => isNumber(cell, layout.decimal)).length * 2 > cells.length;
  };
  const sensors = layout.columns.filter((name) => !ignored(name) && !isLabel(name) && numeric(name));
  if (sensors.length === 0)
    refuse('at least one column of numbers besides time and labels', `columns ${layout.columns.join(', ').slice(0, 300)}`, { row: 1 });
  return { time, label, sensors };
}
