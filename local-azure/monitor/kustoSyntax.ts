/** A small part of the Kusto Query Language; whatever is outside is refused by name, never guessed. */

export class QueryError extends Error {
  constructor(
    readonly code: 'SyntaxError' | 'SemanticError',
    message: string,
  ) {
    super(message);
  }
}

export type Expression =
  | { readonly kind: 'column'; readonly name: string }
  | { readonly kind: 'property'; readonly column: string; readonly key: string }
  | { readonly kind: 'tostring'; readonly of: Expression };
type Comparison = '==' | '!=' | 'startswith' | '>' | '>=' | '<' | '<=';
export interface Condition {
  readonly left: Expression;
  readonly comparison: Comparison;
  readonly right: string | number;
}
interface Named<T> {
  readonly name: string;
  readonly value: T;
}
export type KustoAggregate =
  { readonly kind: 'count' } | { readonly kind: 'dcount' | 'count_distinct' | 'min' | 'max'; readonly of: Expression };
export type Operator =
  | { readonly kind: 'where'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'project'; readonly columns: readonly Named<Expression>[] }
  | { readonly kind: 'summarize'; readonly aggregates: readonly Named<KustoAggregate>[]; readonly by: readonly Named<Expression>[] }
  | { readonly kind: 'order'; readonly by: Expression; readonly descending: boolean }
  | { readonly kind: 'take'; readonly rows: number };
export interface Query {
  readonly table: string;
  readonly operators: readonly Operator[];
}

interface Token {
  readonly kind: 'word' | 'text' | 'number' | 'sign' | 'end';
  readonly text: string;
}
const tokenPattern =
  /\s*(?:([A-Za-z_]\w*)|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(==|!=|>=|<=|[|()[\],=<>.]))/y;
const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };
const unescaped = (text: string) =>
  text.replaceAll(/\\(u([0-9a-fA-F]{4})|.)/g, (_, escaped: string, hex: string | undefined) =>
    hex === undefined ? (escapes[escaped] ?? escaped) : String.fromCharCode(Number.parseInt(hex, 16)),
  );

function tokens(query: string): Token[] {
  const found: Token[] = [];
  const source = query.trimEnd();
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < source.length) {
    const at = tokenPattern.lastIndex;
    const match = tokenPattern.exec(source);
    if (match === null)
      throw new QueryError('SyntaxError', `Query could not be parsed at '${source.slice(at, at + 20).trim()}' on character ${at + 1}`);
    const [, word, double, single, number, sign] = match;
    const text = double ?? single;
    if (word !== undefined) found.push({ kind: 'word', text: word });
    else if (text !== undefined) found.push({ kind: 'text', text: unescaped(text) });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else found.push({ kind: 'sign', text: sign ?? '' });
  }
  return [...found, { kind: 'end', text: 'the end of the query' }];
}

const defaultName = (expression: Expression): string => {
  if (expression.kind === 'column') return expression.name;
  return expression.kind === 'property' ? `${expression.column}_${expression.key}` : defaultName(expression.of);
};

class Parser {
  private readonly tokens: readonly Token[];
  private at = 0;
  constructor(query: string) {
    this.tokens = tokens(query);
  }

  query(): Query {
    const table = this.word('a table');
    const operators: Operator[] = [];
    while (!this.peek('end')) {
      this.sign('|');
      operators.push(this.operator());
    }
    return { table, operators };
  }

  private operator(): Operator {
    const name = this.word('an operator');
    switch (name) {
      case 'where':
        return {
          kind: 'where',
          conditions: this.list(
            () => this.condition(),
            () => this.takeWord('and'),
          ),
        };
      case 'project':
        return { kind: 'project', columns: this.list(() => this.named(() => this.expression(), defaultName)) };
      case 'summarize': {
        const aggregates = this.list(() =>
          this.named(
            () => this.aggregate(),
            (aggregate) => (aggregate.kind === 'count' ? 'count_' : `${aggregate.kind}_${defaultName(aggregate.of)}`),
          ),
        );
        return {
          kind: 'summarize',
          aggregates,
          by: this.takeWord('by') ? this.list(() => this.named(() => this.expression(), defaultName)) : [],
        };
      }
      case 'order':
      case 'sort': {
        if (!this.takeWord('by')) throw this.unexpected('by');
        const by = this.expression();
        const ascending = this.takeWord('asc');
        if (!ascending) this.takeWord('desc');
        return { kind: 'order', by, descending: !ascending };
      }
      case 'take':
      case 'limit': {
        const token = this.next();
        if (token.kind !== 'number' || !/^\d+$/.test(token.text)) throw this.unexpected('a number of rows', token);
        return { kind: 'take', rows: Number(token.text) };
      }
      default:
        throw new QueryError(
          'SyntaxError',
          `The operator '${name}' is not one that this region answers: where, project, summarize, order by, take`,
        );
    }
  }

  private condition(): Condition {
    const left = this.expression();
    const token = this.next();
    const comparison = (['==', '!=', '>', '>=', '<', '<=', 'startswith'] as const).find((operator) => operator === token.text);
    if (comparison === undefined || token.kind === 'text') throw this.unexpected('==, !=, <, <=, >, >= or startswith', token);
    const right = this.next();
    if (right.kind !== 'text' && right.kind !== 'number') throw this.unexpected('a string or a number', right);
    return { left, comparison, right: right.kind === 'number' ? Number(right.text) : right.text };
  }

  private aggregate(): KustoAggregate {
    const name = this.word('an aggregation');
    const kind = (['count', 'dcount', 'count_distinct', 'min', 'max'] as const).find((aggregate) => aggregate === name);
    if (kind === undefined)
      throw new QueryError(
        'SyntaxError',
        `The aggregation '${name}' is not one that this region answers: count(), dcount(), count_distinct(), min(), max()`,
      );
    this.sign('(');
    const aggregate: KustoAggregate = kind === 'count' ? { kind } : { kind, of: this.expression() };
    this.sign(')');
    return aggregate;
  }

  private expression(): Expression {
    const name = this.word('a column');
    if (name === 'tostring' && this.takeSign('(')) {
      const of = this.expression();
      this.sign(')');
      return { kind: 'tostring', of };
    }
    if (this.takeSign('[')) {
      const key = this.next();
      if (key.kind !== 'text') throw this.unexpected('the name of a property in quotes', key);
      this.sign(']');
      return { kind: 'property', column: name, key: key.text };
    }
    if (this.takeSign('.')) return { kind: 'property', column: name, key: this.word('the name of a property') };
    return { kind: 'column', name };
  }

  private named<T>(read: () => T, nameOf: (value: T) => string): Named<T> {
    const [first, second] = [this.tokens[this.at], this.tokens[this.at + 1]];
    if (first?.kind === 'word' && second?.kind === 'sign' && second.text === '=') {
      this.at += 2;
      return { name: first.text, value: read() };
    }
    const value = read();
    return { name: nameOf(value), value };
  }

  private list<T>(read: () => T, more: () => boolean = () => this.takeSign(',')): T[] {
    const found = [read()];
    while (more()) found.push(read());
    return found;
  }
  private next(): Token {
    return this.tokens[this.at++] ?? { kind: 'end', text: 'the end of the query' };
  }
  private peek(kind: Token['kind']): boolean {
    return this.tokens[this.at]?.kind === kind;
  }
  private take(kind: Token['kind'], text: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== kind || token.text !== text) return false;
    this.at++;
    return true;
  }
  private takeWord(text: string): boolean {
    return this.take('word', text);
  }
  private takeSign(text: string): boolean {
    return this.take('sign', text);
  }
  private word(what: string): string {
    const token = this.next();
    if (token.kind !== 'word') throw this.unexpected(what, token);
    return token.text;
  }
  private sign(text: string): void {
    if (!this.takeSign(text)) throw this.unexpected(`'${text}'`);
  }
  private unexpected(expected: string, token = this.tokens[this.at]): QueryError {
    return new QueryError('SyntaxError', `Query could not be parsed at '${token?.text ?? ''}': expected ${expected}`);
  }
}

export const parseQuery = (query: string): Query => new Parser(query).query();
