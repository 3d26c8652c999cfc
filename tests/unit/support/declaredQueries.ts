interface Declared {
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Every text under the key `query`, at whatever depth, in JSON texts too. A parameter of a workbook stands for a time. */
function queriesIn(value: unknown): string[] {
  if (typeof value === 'string') return /^\s*\{/.test(value) ? queriesIn(parsed(value)) : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'query' && typeof inner === 'string' ? [inner.replaceAll(/\{\w+(?::\w+)?\}/g, '1d')] : queriesIn(inner),
  );
}
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The queries that the resources declare: of alert rules, of tiles of workbooks, of whatever else has one. */
export const declaredQueries = (resources: readonly Declared[]): { resource: string; query: string }[] =>
  resources.flatMap(({ name, inputs }) => queriesIn(inputs).map((query) => ({ resource: name, query })));
