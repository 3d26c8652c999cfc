import type { Operation } from './operation';
import { headerOf, type StorageRequest } from './storageRequest';

const containers = 'blobServices/containers';
const blobs = `${containers}/blobs`;
const write = `${blobs}/write`;
const writeOrAdd = [write, `${blobs}/add/action`];
const at = (level: Operation['level'], name: string, action: string, sas = ''): Operation => ({ name, level, needs: [[action]], sas });
const reads = (method: string) => method === 'GET' || method === 'HEAD';

function accountOperation(method: string, restype: string, comp: string): Operation | undefined {
  if (restype === 'service' && comp === 'userdelegationkey')
    return method === 'POST' ? at('account', 'GetUserDelegationKey', 'blobServices/generateUserDelegationKey/action') : undefined;
  if (restype === 'service' && comp === 'properties')
    return method === 'GET'
      ? at('account', 'GetBlobServiceProperties', 'blobServices/read')
      : method === 'PUT'
        ? at('account', 'SetBlobServiceProperties', 'blobServices/write')
        : undefined;
  if (restype === 'account' && comp === 'properties')
    return reads(method) ? at('account', 'GetAccountInformation', 'blobServices/getInfo/action') : undefined;
  if (restype !== '') return undefined;
  if (comp === 'list' && method === 'GET') return at('account', 'ListContainers', `${containers}/read`);
  return comp === 'blobs' && method === 'GET' ? at('account', 'FindBlobsByTags', `${blobs}/filter/action`) : undefined;
}

function containerOperation(method: string, comp: string): Operation | undefined {
  const name = `${method}:${comp}`;
  if (reads(method)) {
    if (comp === '' || comp === 'metadata') return at('container', 'GetContainerProperties', `${containers}/read`);
    if (comp === 'acl') return at('container', 'GetContainerAcl', `${containers}/getAcl/action`);
    if (comp === 'list' && method === 'GET') return at('container', 'ListBlobs', `${blobs}/read`, 'l');
    return comp === 'blobs' && method === 'GET' ? at('container', 'FindBlobsByTags', `${blobs}/filter/action`, 'f') : undefined;
  }
  if (name === 'PUT:') return at('container', 'CreateContainer', `${containers}/write`);
  if (name === 'DELETE:') return at('container', 'DeleteContainer', `${containers}/delete`);
  if (name === 'PUT:acl') return at('container', 'SetContainerAcl', `${containers}/setAcl/action`);
  return name === 'PUT:metadata' || name === 'PUT:lease' ? at('container', 'WriteContainer', `${containers}/write`) : undefined;
}

/** Changes of a blob that need the write action, whatever else the caller may do; SAS letter w unless named. */
const writes: Readonly<Record<string, { readonly name: string; readonly sas?: string; readonly commits?: Operation['commits'] }>> = {
  block: { name: 'PutBlock' },
  blocklist: { name: 'PutBlockList', commits: 'PutBlockList' },
  page: { name: 'PutPage' },
  metadata: { name: 'SetBlobMetadata' },
  properties: { name: 'SetBlobProperties' },
  tier: { name: 'SetBlobTier' },
  lease: { name: 'LeaseBlob', sas: 'wd' },
  copy: { name: 'AbortCopy' },
  undelete: { name: 'UndeleteBlob' },
};

/** Writing tags together with a blob takes the right to write tags as well. */
function withTags(operation: Operation, request: StorageRequest): Operation {
  return headerOf(request.headers, 'x-ms-tags') === undefined
    ? operation
    : { ...operation, needs: [...operation.needs, [`${blobs}/tags/write`]] };
}

function putOperation(request: StorageRequest, comp: string): Operation | undefined {
  if (comp === '') {
    const copies = headerOf(request.headers, 'x-ms-copy-source') !== undefined;
    const type = headerOf(request.headers, 'x-ms-blob-type');
    if (copies) return withTags({ name: 'CopyBlob', level: 'blob', needs: [writeOrAdd], sas: 'wc', commits: 'CopyBlob' }, request);
    return type === undefined
      ? undefined
      : withTags({ name: 'PutBlob', level: 'blob', needs: [writeOrAdd], sas: 'wc', commits: 'PutBlob' }, request);
  }
  if (comp === 'appendblock') return { name: 'AppendBlock', level: 'blob', needs: [writeOrAdd], sas: 'aw' };
  if (comp === 'snapshot') return { name: 'SnapshotBlob', level: 'blob', needs: [writeOrAdd], sas: 'cw' };
  if (comp === 'tags') return at('blob', 'SetBlobTags', `${blobs}/tags/write`, 't');
  const other = writes[comp];
  return (
    other &&
    withTags(
      { name: other.name, level: 'blob', needs: [[write]], sas: other.sas ?? 'w', ...(other.commits ? { commits: other.commits } : {}) },
      request,
    )
  );
}

/** Data operations of Blob Storage and their actions (REST reference, "Permissions for calling data operations"). */
export function blobOperation(request: StorageRequest): Operation | undefined {
  const { method, container, rest, query } = request;
  const comp = query.get('comp') ?? '';
  const restype = query.get('restype') ?? '';
  if (container === undefined) return accountOperation(method, restype, comp);
  if (rest === undefined) return restype === 'container' ? containerOperation(method, comp) : undefined;
  if (restype !== '') return undefined;
  if (reads(method)) {
    if (comp === 'tags') return at('blob', 'GetBlobTags', `${blobs}/tags/read`, 't');
    return comp === '' || comp === 'metadata' || comp === 'blocklist' || comp === 'pagelist'
      ? at('blob', comp === '' ? 'GetBlob' : `GetBlob:${comp}`, `${blobs}/read`, 'r')
      : undefined;
  }
  if (method === 'DELETE' && comp === '')
    return query.has('versionid')
      ? at('blob', 'DeleteBlobVersion', `${blobs}/deleteBlobVersion/action`, 'x')
      : at('blob', 'DeleteBlob', `${blobs}/delete`, 'd');
  return method === 'PUT' ? putOperation(request, comp) : undefined;
}
