import type { Operation } from './operation';
import type { StorageRequest } from './storageRequest';

const queues = 'queueServices/queues';
const messages = `${queues}/messages`;
const at = (level: Operation['level'], name: string, ...actions: string[]): Operation => ({ name, level, needs: [actions], sas: '' });

/** Data operations of Queue Storage and their actions (REST reference, "Permissions for calling data operations"). */
export function queueOperation({ method, container, rest, query }: StorageRequest): Operation | undefined {
  const comp = query.get('comp') ?? '';
  const restype = query.get('restype') ?? '';
  if (container === undefined) {
    if (method === 'GET' && comp === 'list' && restype === '') return at('account', 'ListQueues', `${queues}/read`);
    if (restype !== 'service' || comp !== 'properties') return undefined;
    return method === 'GET'
      ? at('account', 'GetQueueServiceProperties', 'queueServices/read')
      : method === 'PUT'
        ? at('account', 'SetQueueServiceProperties', 'queueServices/write')
        : undefined;
  }
  if (restype !== '') return undefined;
  if (rest === undefined) {
    if (comp === '')
      return method === 'PUT'
        ? at('queue', 'CreateQueue', `${queues}/write`)
        : method === 'DELETE'
          ? at('queue', 'DeleteQueue', `${queues}/delete`)
          : undefined;
    if (comp === 'metadata')
      return method === 'GET' || method === 'HEAD'
        ? at('queue', 'GetQueueMetadata', `${queues}/read`)
        : method === 'PUT'
          ? at('queue', 'SetQueueMetadata', `${queues}/write`)
          : undefined;
    if (comp === 'acl')
      return method === 'GET' || method === 'HEAD'
        ? at('queue', 'GetQueueAcl', `${queues}/getAcl/action`)
        : method === 'PUT'
          ? at('queue', 'SetQueueAcl', `${queues}/setAcl/action`)
          : undefined;
    return undefined;
  }
  if (comp !== '') return undefined;
  if (rest === 'messages') {
    if (method === 'POST') return at('queue', 'PutMessage', `${messages}/add/action`, `${messages}/write`);
    if (method === 'DELETE') return at('queue', 'ClearMessages', `${messages}/delete`);
    if (method !== 'GET') return undefined;
    return query.get('peekonly')?.toLowerCase() === 'true'
      ? at('queue', 'PeekMessages', `${messages}/read`)
      : at('queue', 'GetMessages', `${messages}/process/action`);
  }
  if (!/^messages\/[^/]+$/.test(rest)) return undefined;
  if (method === 'DELETE') return at('queue', 'DeleteMessage', `${messages}/delete`, `${messages}/process/action`);
  return method === 'PUT' ? at('queue', 'UpdateMessage', `${messages}/write`) : undefined;
}
