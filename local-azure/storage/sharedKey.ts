import { createHmac } from 'node:crypto';

const signedHeaders = [
  'content-encoding',
  'content-language',
  'content-length',
  'content-md5',
  'content-type',
  'date',
  'if-modified-since',
  'if-match',
  'if-none-match',
  'if-unmodified-since',
  'range',
];

export const hmac = (key: Buffer, text: string): string => createHmac('sha256', key).update(text, 'utf8').digest('base64');

/** `Authorization` of a Shared Key request to a path-style account: its name stands twice in the canonical resource. */
export function sharedKeyAuthorization(
  key: Buffer,
  request: {
    readonly method: string;
    readonly account: string;
    readonly rawPath: string;
    readonly query: ReadonlyMap<string, string>;
    readonly headers: Readonly<Record<string, string>>;
  },
): string {
  const { method, account, rawPath, query, headers } = request;
  const standard = signedHeaders.map((name) => (name === 'content-length' && headers[name] === '0' ? '' : (headers[name] ?? '')));
  const canonicalHeaders = Object.keys(headers)
    .filter((name) => name.startsWith('x-ms-'))
    .sort()
    .map((name) => `${name}:${(headers[name] ?? '').trim()}\n`)
    .join('');
  const canonicalQuery = [...query]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `\n${name}:${value}`)
    .join('');
  return `SharedKey ${account}:${hmac(key, `${[method, ...standard].join('\n')}\n${canonicalHeaders}/${account}${rawPath}${canonicalQuery}`)}`;
}

/** Query of a read-only SAS for one blob, by which Azurite fetches the source of a copy from itself. */
export function serviceSas(key: Buffer, account: string, container: string, blob: string, expiry: Date): ReadonlyMap<string, string> {
  const se = `${expiry.toISOString().slice(0, 19)}Z`;
  const version = '2020-12-06';
  const signature = hmac(
    key,
    ['r', '', se, `/blob/${account}/${container}/${blob}`, '', '', '', version, 'b', '', '', '', '', '', '', ''].join('\n'),
  );
  return new Map([
    ['sv', version],
    ['sp', 'r'],
    ['se', se],
    ['sr', 'b'],
    ['sig', signature],
  ]);
}
