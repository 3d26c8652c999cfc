import type { IncomingHttpHeaders } from 'node:http';
import type { StorageService } from './azurite';
import { StorageFault } from './storageFault';

/** A data-plane request after reading its URL strictly: what is checked is what Azurite will see. */
export interface StorageRequest {
  readonly service: StorageService;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, without the query. */
  readonly rawPath: string;
  readonly account: string;
  /** Container or queue, decoded. */
  readonly container?: string;
  /** Blob name, or what follows the queue's name, decoded. */
  readonly rest?: string;
  /** Lower-case names, decoded values. */
  readonly query: ReadonlyMap<string, string>;
}

const accountName = /^[a-z0-9]{3,24}$/;
const containerName = /^(?:\$root|\$web|\$logs|[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){2,62})$/;
const maxUrlLength = 8_192;

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    throw new StorageFault(400, 'InvalidUri', `The request URI has a malformed percent encoding: "${value.slice(0, 100)}".`);
  }
}

function readQuery(search: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const part of search.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const name = decode(equals === -1 ? part : part.slice(0, equals)).toLowerCase();
    if (query.has(name)) throw new StorageFault(400, 'InvalidQueryParameterValue', `The query parameter ${name} is given twice.`);
    query.set(name, decode((equals === -1 ? '' : part.slice(equals + 1)).replaceAll('+', '%20')));
  }
  return query;
}

/** Reads `/account[/container[/rest]]?query`; refuses whatever two readers could understand in two ways. */
export function readStorageRequest(service: StorageService, method: string, url: string, headers: IncomingHttpHeaders): StorageRequest {
  if (url.length > maxUrlLength)
    throw new StorageFault(414, 'RequestUrlTooLong', `The request URI has ${url.length} characters, at most ${maxUrlLength} are allowed.`);
  const mark = url.indexOf('?');
  const rawPath = mark === -1 ? url : url.slice(0, mark);
  const [root, account = '', container, ...others] = rawPath.split('/').map(decode);
  if (root !== '' || !accountName.test(account))
    throw new StorageFault(400, 'InvalidUri', `Expected https://<host>/<account>/…, got the path "${rawPath.slice(0, 100)}".`);
  const rest = others.join('/');
  if ([container, ...others].some((part) => part === '.' || part === '..'))
    throw new StorageFault(400, 'InvalidUri', 'The request URI has a "." or ".." segment.');
  if (container !== undefined && container !== '' && !containerName.test(container))
    throw new StorageFault(
      400,
      'InvalidResourceName',
      `"${container.slice(0, 100)}" is no legal ${service === 'blob' ? 'container' : 'queue'} name.`,
    );
  if ((container === undefined || container === '') && rest !== '')
    throw new StorageFault(400, 'InvalidUri', 'The request URI has an empty segment.');
  return {
    service,
    method,
    headers,
    rawPath,
    account,
    query: readQuery(mark === -1 ? '' : url.slice(mark + 1)),
    ...(container === undefined || container === '' ? {} : { container }),
    ...(rest === '' ? {} : { rest }),
  };
}

export const writeQuery = (query: ReadonlyMap<string, string>): string =>
  [...query].map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
export const headerOf = (headers: IncomingHttpHeaders, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};
