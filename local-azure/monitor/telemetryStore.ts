import type { AppendOnlyStore } from '../region/appendOnlyStore';

export type CellType = 'datetime' | 'string' | 'int' | 'long' | 'real' | 'dynamic';
export type Cell = string | number | null | Readonly<Record<string, string>>;
export type TelemetryRow = Readonly<Record<string, Cell>>;
export type TableName = 'traces' | 'customMetrics';
export interface Column {
  readonly name: string;
  readonly type: CellType;
}

const tail: readonly Column[] = [
  { name: 'itemType', type: 'string' },
  { name: 'customDimensions', type: 'dynamic' },
  { name: 'operation_Name', type: 'string' },
  { name: 'operation_Id', type: 'string' },
  { name: 'cloud_RoleName', type: 'string' },
  { name: 'cloud_RoleInstance', type: 'string' },
  { name: 'appId', type: 'string' },
  { name: 'appName', type: 'string' },
  { name: 'iKey', type: 'string' },
  { name: 'itemId', type: 'string' },
  { name: 'itemCount', type: 'int' },
  { name: '_ResourceId', type: 'string' },
];
export const tableColumns: Readonly<Record<TableName, readonly Column[]>> = {
  traces: [{ name: 'timestamp', type: 'datetime' }, { name: 'message', type: 'string' }, { name: 'severityLevel', type: 'int' }, ...tail],
  customMetrics: [
    { name: 'timestamp', type: 'datetime' },
    { name: 'name', type: 'string' },
    { name: 'value', type: 'real' },
    { name: 'valueCount', type: 'int' },
    { name: 'valueSum', type: 'real' },
    { name: 'valueMin', type: 'real' },
    { name: 'valueMax', type: 'real' },
    { name: 'valueStdDev', type: 'real' },
    ...tail,
  ],
};

export interface StoredRow {
  readonly component: string;
  readonly table: TableName;
  readonly row: TelemetryRow;
}
const tableKey = (component: string, table: TableName) => `${component.toLowerCase()} ${table}`;

/** Rows of every component, kept in the order in which they came. What is sent twice is here twice, as in Azure; the oldest rows go when there are too many. */
export class TelemetryStore {
  private readonly byTable = new Map<string, TelemetryRow[]>();
  private next = 0;

  constructor(
    private readonly stored: AppendOnlyStore<StoredRow>,
    private readonly maxRows = 500_000,
  ) {
    for (const [key, entry] of stored.entries()) {
      this.rowsAt(entry.component, entry.table).push(entry.row);
      this.next = Math.max(this.next, Number(key) + 1);
    }
  }

  /** Number of the next row, ever growing. */
  get sequence(): number {
    return this.next;
  }

  add(component: string, table: TableName, row: TelemetryRow): void {
    this.stored.set(String(this.next++), { component, table, row });
    this.rowsAt(component, table).push(row);
    if (this.stored.size <= this.maxRows) return;
    const [oldest] = this.stored.entries();
    if (oldest === undefined) return;
    this.stored.delete(oldest[0]);
    this.rowsAt(oldest[1].component, oldest[1].table).shift();
  }

  rows(component: string, table: TableName): readonly TelemetryRow[] {
    return this.byTable.get(tableKey(component, table)) ?? [];
  }

  forget(component: string): void {
    for (const [key, entry] of [...this.stored.entries()])
      if (entry.component.toLowerCase() === component.toLowerCase()) this.stored.delete(key);
    for (const table of Object.keys(tableColumns) as TableName[]) this.byTable.delete(tableKey(component, table));
  }

  private rowsAt(component: string, table: TableName): TelemetryRow[] {
    const key = tableKey(component, table);
    const rows = this.byTable.get(key) ?? [];
    this.byTable.set(key, rows);
    return rows;
  }
}
