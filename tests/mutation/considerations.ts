import { kinds, type Kind } from '../../policy/declaredResource';

/** A row of docs/considerations.md. */
export interface Consideration {
  /** Number and words of the consideration. */
  readonly bullet: string;
  /** Path of the setting, where there is one. */
  readonly setting: string | undefined;
  readonly kind: Kind;
  readonly path: string;
  /** The rule binds production only. */
  readonly production: boolean;
  readonly rule: string;
  /** The first fails without the property; a second one shows what it does. */
  readonly tests: readonly string[];
}

const row = /^\| ([RSCOPW]\d+ [^|]+?) \| (-|`[\w.]+`) \| `(\w+)\.([\w.-]+)`( production)? \| `([a-z-]+)` \| (\S+(?:, \S+)*) \|$/;

/** Rows of the table "Held by a rule". Throws on a row that it cannot read: none may be passed over. */
export function readConsiderations(markdown: string): Consideration[] {
  const [, section = ''] = /\n## Held by a rule\n([\s\S]*?)\n## /.exec(markdown) ?? [];
  const lines = section
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2);
  if (lines.length === 0) throw new Error('docs/considerations.md: expected a table under "Held by a rule", found no row');
  return lines.map((line) => {
    const [, bullet = '', setting = '-', kind = '', path = '', production, rule = '', tests = ''] = row.exec(line) ?? [];
    if (!(kind in kinds))
      throw new Error(`docs/considerations.md: expected consideration, setting, kind and path, rule and test, found ${line}`);
    return {
      bullet,
      setting: setting === '-' ? undefined : setting.replaceAll('`', ''),
      kind: kind as Kind,
      path,
      production: production !== undefined,
      rule,
      tests: tests.split(', '),
    };
  });
}

/** Numbers of the considerations of the whole page. */
export const numbersOf = (markdown: string): Set<string> =>
  new Set([...markdown.matchAll(/^\| ([RSCOPW]\d+) /gm)].map(([, number]) => number ?? ''));
