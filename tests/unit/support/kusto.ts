import '@kusto/language-service-next/bridge.min.js';
import '@kusto/language-service-next/Kusto.Language.Bridge.min.js';
import { tableColumns, workspaceFunctions } from './tableColumns';

interface Diagnostic {
  readonly Severity: string;
  readonly Message: string;
  readonly Start: number;
}
/** What is used of Microsoft's parser; its scripts put it into the global object. */
interface KustoLanguage {
  readonly Symbols: {
    readonly TableSymbol: { From(columns: string): { WithName(name: string): object } };
    readonly DatabaseSymbol: { readonly ctor: new (name: string, tables: readonly object[]) => object };
  };
  readonly GlobalState: { readonly Default: { WithDatabase(database: object): object } };
  readonly KustoCode: {
    ParseAndAnalyze(query: string, globals: object): { GetDiagnostics(): { readonly Count: number; getItem(index: number): Diagnostic } };
  };
}
const { Symbols, GlobalState, KustoCode } = (globalThis as unknown as { readonly Kusto: { readonly Language: KustoLanguage } }).Kusto
  .Language;

const tables = Object.entries({ ...tableColumns, ...workspaceFunctions }).map(([name, columns]) =>
  Symbols.TableSymbol.From(
    `(${Object.entries(columns)
      .map(([column, type]) => `['${column}']:${type}`)
      .join(', ')})`,
  ).WithName(name),
);
const workspace = GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.ctor('workspace', tables));

/** What Microsoft's parser says about a query of the workspace: a line for each thing. */
export function diagnosticsOf(query: string): string[] {
  const found = KustoCode.ParseAndAnalyze(query, workspace).GetDiagnostics();
  return Array.from({ length: found.Count }, (_, index) => {
    const { Severity, Message, Start } = found.getItem(index);
    return `${Severity} ${Message} at "${query.slice(Start, Start + 50).replaceAll(/\s+/g, ' ')}"`;
  });
}
