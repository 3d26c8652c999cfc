import type { FrontConnections } from './frontConnections';
import type { Operation } from './operation';
import { serviceSas } from './sharedKey';
import { classify } from './classifyRequest';
import { StorageFault } from './storageFault';
import type { Grant } from './storageAccess';
import { headerOf, readStorageRequest, writeQuery, type StorageRequest } from './storageRequest';

const fetchTimeMs = 5 * 60_000;
const refused = (message: string) => new StorageFault(403, 'CannotVerifyCopySource', message);

/**
 * The source of a copy as Azurite may fetch it, after the caller's right to read it was checked: by the SAS in the URL, by the token
 * in `x-ms-copy-source-authorization`, or, inside one account, by the caller's own token.
 */
export function copySource(
  request: StorageRequest,
  operation: Operation,
  grant: Grant,
  { access, accountId, upstream }: Pick<FrontConnections, 'access' | 'accountId' | 'upstream'>,
): string {
  const given = headerOf(request.headers, 'x-ms-copy-source') ?? '';
  if (!URL.canParse(given)) throw new StorageFault(400, 'InvalidHeaderValue', 'x-ms-copy-source is not a URL.');
  const url = new URL(given);
  if (url.protocol !== 'https:' || url.host !== headerOf(request.headers, 'host'))
    throw refused('The source of a copy must be a blob of this region.');
  const source = readStorageRequest('blob', 'GET', url.pathname + url.search, {});
  const sourceId = accountId(source.account);
  if (sourceId === undefined || source.container === undefined || source.rest === undefined)
    throw new StorageFault(404, 'CannotVerifyCopySource', 'The specified resource does not exist.');
  const ownToken =
    headerOf(request.headers, 'x-ms-copy-source-authorization') ??
    (source.account === request.account && !grant.bySas ? headerOf(request.headers, 'authorization') : undefined);
  const asked: StorageRequest = {
    ...source,
    headers: source.query.has('sig') || ownToken === undefined ? {} : { authorization: ownToken },
  };
  try {
    access.authorize(asked, sourceId, classify(asked), '127.0.0.1');
  } catch (error) {
    throw error instanceof StorageFault ? refused(`${operation.name}: ${error.message}`) : error;
  }
  const sas = serviceSas(upstream().key, source.account, source.container, source.rest, new Date(Date.now() + fetchTimeMs));
  const snapshot = source.query.get('snapshot');
  return `${upstream().address('blob')}${source.rawPath}?${writeQuery(snapshot === undefined ? sas : new Map([...sas, ['snapshot', snapshot]]))}`;
}
