/** The part of PromQL that the region answers: one selector of series, with `=` matchers, and a range for raw samples. */
interface Selector {
  readonly matchers: Readonly<Record<string, string>>;
  readonly rangeMs?: number;
}
export class PromError extends Error {}

const shape = /^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(?:\{((?:[^"}]|"(?:[^"\\]|\\.)*")*)\})?\s*(?:\[(\d+)(ms|s|m|h|d)\])?\s*$/;
const matcherPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!=|!~|=)\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;
const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export function parseSelector(query: string): Selector {
  const match = shape.exec(query);
  if (match === null)
    throw new PromError(
      `parse error: this region answers selectors such as metric{label="value"} or metric{label="value"}[5m], got ${JSON.stringify(query.slice(0, 200))}`,
    );
  const [, name, inside = '', amount, unit = ''] = match;
  const matchers = new Map<string, string>(name === undefined ? [] : [['__name__', name]]);
  matcherPattern.lastIndex = 0;
  while (matcherPattern.lastIndex < inside.trimEnd().length) {
    const at = matcherPattern.lastIndex;
    const matcher = matcherPattern.exec(inside);
    if (matcher === null) throw new PromError(`parse error: expected label="value" at ${JSON.stringify(inside.slice(at, at + 40))}`);
    const [, label = '', operator, value = ''] = matcher;
    if (operator !== '=') throw new PromError(`parse error: this region matches labels with = only, got ${operator ?? ''}`);
    if (label === '__name__' && name !== undefined) throw new PromError('parse error: the name of the metric is set twice');
    matchers.set(
      label,
      value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
  }
  if ([...matchers.values()].every((value) => value === ''))
    throw new PromError('parse error: a selector needs at least one matcher that is not empty');
  return { matchers: Object.fromEntries(matchers), ...(amount === undefined ? {} : { rangeMs: Number(amount) * (units[unit] ?? 1) }) };
}
