import { QueryError, type KustoAggregate, type Condition, type Expression, type Operator, type Query } from './kustoSyntax';
import { tableColumns, type Cell, type CellType, type Column, type TableName, type TelemetryRow } from './telemetryStore';

interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly TelemetryRow[];
}
/** Azure answers no more. */
const maxResultRows = 500_000;

const columnOf = (columns: readonly Column[], name: string): Column => {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined) throw new QueryError('SemanticError', `Failed to resolve scalar expression named '${name}'`);
  return column;
};
function typeOf(columns: readonly Column[], expression: Expression): CellType {
  if (expression.kind === 'column') return columnOf(columns, expression.name).type;
  if (expression.kind === 'tostring') {
    typeOf(columns, expression.of);
    return 'string';
  }
  if (columnOf(columns, expression.column).type !== 'dynamic')
    throw new QueryError('SemanticError', `'${expression.column}' has no properties: it is not dynamic`);
  return 'dynamic';
}
function valueOf(row: TelemetryRow, expression: Expression): Cell {
  if (expression.kind === 'column') return row[expression.name] ?? null;
  if (expression.kind === 'property') {
    const bag = row[expression.column];
    return typeof bag === 'object' && bag !== null && Object.hasOwn(bag, expression.key) ? (bag[expression.key] ?? null) : null;
  }
  const value = valueOf(row, expression.of);
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function matches(row: TelemetryRow, { left, comparison, right }: Condition): boolean {
  const value = valueOf(row, left);
  if (comparison === 'startswith') return typeof value === 'string' && value.toLowerCase().startsWith(String(right).toLowerCase());
  if (comparison === '==') return value === right;
  if (comparison === '!=') return value !== right;
  if (value === null || typeof value === 'object') return false;
  if (comparison === '>') return value > right;
  if (comparison === '>=') return value >= right;
  return comparison === '<' ? value < right : value <= right;
}

const distinct = (values: readonly Cell[]) =>
  new Set(values.filter((value) => value !== null && value !== '').map((value) => JSON.stringify(value))).size;
const ordered = (a: Cell, b: Cell) => (a === b ? 0 : a === null || (b !== null && a < b) ? -1 : 1);
function aggregated(aggregate: KustoAggregate, rows: readonly TelemetryRow[]): Cell {
  if (aggregate.kind === 'count') return rows.length;
  const values = rows.map((row) => valueOf(row, aggregate.of));
  if (aggregate.kind === 'min' || aggregate.kind === 'max')
    return (
      values
        .filter((value) => value !== null)
        .sort(ordered)
        .at(aggregate.kind === 'min' ? 0 : -1) ?? null
    );
  return distinct(values);
}

function apply({ columns, rows }: Table, operator: Operator): Table {
  switch (operator.kind) {
    case 'where':
      for (const { left, right, comparison } of operator.conditions) {
        const type = typeOf(columns, left);
        const wanted = type === 'string' || type === 'dynamic' ? 'string' : 'number';
        if (comparison === 'startswith' ? type !== 'string' : type !== 'dynamic' && typeof right !== wanted)
          throw new QueryError('SemanticError', `Cannot compare values of types ${type} and ${typeof right}`);
      }
      return { columns, rows: rows.filter((row) => operator.conditions.every((condition) => matches(row, condition))) };
    case 'project':
      return {
        columns: operator.columns.map(({ name, value }) => ({ name, type: typeOf(columns, value) })),
        rows: rows.map((row) => Object.fromEntries(operator.columns.map(({ name, value }) => [name, valueOf(row, value)]))),
      };
    case 'order':
      typeOf(columns, operator.by);
      return {
        columns,
        rows: [...rows].sort((a, b) => (operator.descending ? -1 : 1) * ordered(valueOf(a, operator.by), valueOf(b, operator.by))),
      };
    case 'take':
      return { columns, rows: rows.slice(0, operator.rows) };
    case 'summarize': {
      const keys = operator.by.map(({ name, value }) => ({ name, type: typeOf(columns, value) }));
      const dynamic = keys.find(({ type }) => type === 'dynamic');
      if (dynamic !== undefined)
        throw new QueryError(
          'SemanticError',
          `Summarize group key '${dynamic.name}' is of a 'dynamic' type. Please use an explicit cast as grouping by a 'dynamic' type is not supported.`,
        );
      const results = operator.aggregates.map(({ name, value }): Column => ({
        name,
        type: value.kind === 'min' || value.kind === 'max' ? typeOf(columns, value.of) : 'long',
      }));
      operator.aggregates.forEach(({ value }) => value.kind === 'count' || typeOf(columns, value.of));
      const groups = new Map<string, TelemetryRow[]>(keys.length === 0 ? [['[]', []]] : []);
      for (const row of rows) {
        const key = JSON.stringify(operator.by.map(({ value }) => valueOf(row, value)));
        const group = groups.get(key) ?? [];
        groups.set(key, group);
        group.push(row);
      }
      return {
        columns: [...keys, ...results],
        rows: [...groups].map(([key, group]) => {
          const values = JSON.parse(key) as Cell[];
          return Object.fromEntries([
            ...keys.map(({ name }, index) => [name, values[index] ?? null] as const),
            ...operator.aggregates.map(({ name, value }) => [name, aggregated(value, group)] as const),
          ]);
        }),
      };
    }
  }
}

interface QueryResult {
  readonly columns: readonly Column[];
  readonly rows: readonly (string | number | null)[][];
}

/** Answers a query from the rows of one component. Distinct counts are exact here; Azure estimates `dcount`, not `count_distinct`. */
export function runQuery(query: Query, rowsOf: (table: TableName) => readonly TelemetryRow[]): QueryResult {
  const { table } = query;
  if (table !== 'traces' && table !== 'customMetrics')
    throw new QueryError(
      'SemanticError',
      `Failed to resolve table or column expression named '${table}': this region has traces and customMetrics`,
    );
  const result = query.operators.reduce(apply, { columns: tableColumns[table], rows: rowsOf(table) });
  const flat = (cell: Cell) => (typeof cell === 'object' && cell !== null ? JSON.stringify(cell) : cell);
  return {
    columns: result.columns,
    rows: result.rows.slice(0, maxResultRows).map((row) => result.columns.map(({ name }) => flat(row[name] ?? null))),
  };
}
