import { containerId, queueId } from '../provider/armId';
import { blobOperation } from './blobOperations';
import { queueOperation } from './queueOperations';
import { StorageFault } from './storageFault';
import type { StorageRequest } from './storageRequest';

export type Level = 'account' | 'container' | 'blob' | 'queue';

/** What a request wants, and what that takes. */
export interface Operation {
  readonly name: string;
  readonly level: Level;
  /** Every entry must be granted; within an entry one action is enough. Relative to Microsoft.Storage/storageAccounts/. */
  readonly needs: readonly (readonly string[])[];
  /** Letters of a SAS, one of which is enough. Without any, a SAS cannot do it. */
  readonly sas: string;
  /** Makes or replaces the content of a blob; the name is the `api` of the event. */
  readonly commits?: 'PutBlob' | 'PutBlockList' | 'CopyBlob';
}

export function classify(request: StorageRequest): Operation {
  if (request.query.get('comp') === 'batch') throw new StorageFault(501, 'NotImplemented', 'Batches are not part of this region: send the requests one by one.');
  const operation = request.service === 'blob' ? blobOperation(request) : queueOperation(request);
  if (!operation) throw new StorageFault(400, 'InvalidQueryParameterValue', `The ${request.service} service of this region does not know ${request.method} on this resource with comp=${request.query.get('comp') ?? ''} restype=${request.query.get('restype') ?? ''}.`);
  return operation;
}

export function scopeOf(accountId: string, { container }: StorageRequest, level: Level): string {
  if (level === 'account' || container === undefined) return accountId;
  return level === 'queue' ? queueId(accountId, container) : containerId(accountId, container);
}
