import { containerId, queueId } from '../region/armId';
import { blobOperation } from './blobOperations';
import type { Level, Operation } from './operation';
import { queueOperation } from './queueOperations';
import { StorageFault } from './storageFault';
import type { StorageRequest } from './storageRequest';

export function classify(request: StorageRequest): Operation {
  if (request.query.get('comp') === 'batch')
    throw new StorageFault(501, 'NotImplemented', 'Batches are not part of this region: send the requests one by one.');
  const operation = request.service === 'blob' ? blobOperation(request) : queueOperation(request);
  if (!operation)
    throw new StorageFault(
      400,
      'InvalidQueryParameterValue',
      `The ${request.service} service of this region does not know ${request.method} on this resource with comp=${request.query.get('comp') ?? ''} restype=${request.query.get('restype') ?? ''}.`,
    );
  return operation;
}

export function scopeOf(accountId: string, { container }: StorageRequest, level: Level): string {
  if (level === 'account' || container === undefined) return accountId;
  return level === 'queue' ? queueId(accountId, container) : containerId(accountId, container);
}
