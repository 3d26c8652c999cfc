import { classify } from '../../../../local-azure/storage/classifyRequest';
import { readStorageRequest } from '../../../../local-azure/storage/storageRequest';

const blobs = 'blobServices/containers/blobs';
const messages = 'queueServices/queues/messages';
const needsOf = (service: 'blob' | 'queue', method: string, url: string, headers: Record<string, string> = {}) =>
  classify(readStorageRequest(service, method, url, headers)).needs;

describe('actions that an operation takes', () => {
  const block = { 'x-ms-blob-type': 'BlockBlob' };
  const writeOrAdd = [`${blobs}/write`, `${blobs}/add/action`];
  it.each([
    ['list containers', 'GET', '/data1?comp=list', {}, [['blobServices/containers/read']]],
    ['create container', 'PUT', '/data1/raw?restype=container', {}, [['blobServices/containers/write']]],
    ['delete container', 'DELETE', '/data1/raw?restype=container', {}, [['blobServices/containers/delete']]],
    ['list blobs', 'GET', '/data1/raw?restype=container&comp=list', {}, [[`${blobs}/read`]]],
    ['get blob', 'GET', '/data1/raw/a/b', {}, [[`${blobs}/read`]]],
    ['head blob', 'HEAD', '/data1/raw/a', {}, [[`${blobs}/read`]]],
    ['put blob', 'PUT', '/data1/raw/a', block, [writeOrAdd]],
    ['put blob with tags', 'PUT', '/data1/raw/a', { ...block, 'x-ms-tags': 'k=v' }, [writeOrAdd, [`${blobs}/tags/write`]]],
    ['copy blob', 'PUT', '/data1/raw/a', { 'x-ms-copy-source': 'https://x' }, [writeOrAdd]],
    ['put block', 'PUT', '/data1/raw/a?comp=block&blockid=AA', {}, [[`${blobs}/write`]]],
    ['put block list', 'PUT', '/data1/raw/a?comp=blocklist', {}, [[`${blobs}/write`]]],
    ['delete blob', 'DELETE', '/data1/raw/a', {}, [[`${blobs}/delete`]]],
    ['delete version', 'DELETE', '/data1/raw/a?versionid=1', {}, [[`${blobs}/deleteBlobVersion/action`]]],
    ['set tags', 'PUT', '/data1/raw/a?comp=tags', {}, [[`${blobs}/tags/write`]]],
    [
      'user delegation key',
      'POST',
      '/data1/?restype=service&comp=userdelegationkey',
      {},
      [['blobServices/generateUserDelegationKey/action']],
    ],
  ])('%s', (_, method, url, headers, expected) => {
    expect(needsOf('blob', method, url, headers)).toEqual(expected);
  });

  it.each([
    ['create queue', 'PUT', '/data1/orders', [['queueServices/queues/write']]],
    ['length of a queue', 'GET', '/data1/orders?comp=metadata', [['queueServices/queues/read']]],
    ['put message', 'POST', '/data1/orders/messages', [[`${messages}/add/action`, `${messages}/write`]]],
    ['get messages', 'GET', '/data1/orders/messages?numofmessages=2', [[`${messages}/process/action`]]],
    ['peek messages', 'GET', '/data1/orders/messages?peekonly=true', [[`${messages}/read`]]],
    ['delete message', 'DELETE', '/data1/orders/messages/1?popreceipt=p', [[`${messages}/delete`, `${messages}/process/action`]]],
    ['update message', 'PUT', '/data1/orders/messages/1?popreceipt=p&visibilitytimeout=1', [[`${messages}/write`]]],
    ['clear messages', 'DELETE', '/data1/orders/messages', [[`${messages}/delete`]]],
  ])('%s', (_, method, url, expected) => {
    expect(needsOf('queue', method, url)).toEqual(expected);
  });

  it('refuses what it does not know instead of letting it pass', () => {
    expect(() => needsOf('blob', 'PUT', '/data1/raw/a?comp=legalhold')).toThrow('does not know');
    expect(() => needsOf('blob', 'PATCH', '/data1/raw/a')).toThrow('does not know');
    expect(() => needsOf('blob', 'GET', '/data1/raw/a?restype=container')).toThrow('does not know');
    expect(() => needsOf('queue', 'POST', '/data1/orders/other')).toThrow('does not know');
    expect(() => needsOf('blob', 'POST', '/data1/?comp=batch')).toThrow('Batches');
  });
});
