import { Readable } from 'node:stream';
import { BlobServiceClient, BlockBlobClient, ContainerClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { containerId, queueId } from '../../local-azure/region/armId';
import { refusal, storageRegion, type StorageRegion } from './support/storageRegion';

let region: StorageRegion;
beforeAll(async () => {
  region = await storageRegion();
  await region.storage.declareContainer(region.account, 'raw');
  await region.storage.declareContainer(region.account, 'processed');
  await region.storage.declareQueue(region.account, 'work');
});
afterAll(() => region.stop());

const raw = () => containerId(region.account, 'raw');
const adderRole = '11111111-1111-4111-8111-111111111111';

describe('blobs through the genuine client', () => {
  it('round-trips names, metadata, blocks, ranges, leases and conditions for a contributor', async () => {
    const who = region.principal('contributor');
    region.assign(who, 'blobContributor', raw());
    const container = region.blobs(who).getContainerClient('raw');
    const odd = container.getBlockBlobClient('a b/é+ü %25#.csv');
    await odd.upload('t;v', 3, { metadata: { origin: 'line' }, blobHTTPHeaders: { blobContentType: 'text/csv' } });
    expect((await odd.downloadToBuffer(1, 2)).toString()).toBe(';v');
    const properties = await odd.getProperties();
    expect([properties.metadata?.['origin'], properties.contentType]).toEqual(['line', 'text/csv']);
    const large = container.getBlockBlobClient('large');
    const bytes = Buffer.alloc(9 * 1024 * 1024, 7);
    await large.uploadData(bytes, { blockSize: 4 * 1024 * 1024, maxSingleShotSize: 1024 * 1024 });
    expect((await large.downloadToBuffer()).equals(bytes)).toBe(true);
    expect(await refusal(large.upload('x', 1, { conditions: { ifNoneMatch: '*' } }))).toEqual({ status: 409, code: 'BlobAlreadyExists' });
    const lease = large.getBlobLeaseClient();
    await lease.acquireLease(15);
    expect(await refusal(large.upload('x', 1))).toEqual({ status: 412, code: 'LeaseIdMissing' });
    await lease.releaseLease();
    const names: string[] = [];
    for await (const blob of container.listBlobsFlat()) names.push(blob.name);
    expect(names).toEqual(['a b/é+ü %25#.csv', 'large']);
    await large.delete();
    expect(await large.exists()).toBe(false);
  });
});

describe('the role of a caller', () => {
  it('refuses with AuthorizationPermissionMismatch as soon as the role is removed, and the denial names it', async () => {
    const who = region.principal('reader');
    const assignment = region.assign(who, 'blobReader', raw());
    const container = region.blobs(who).getContainerClient('raw');
    expect(await container.getBlockBlobClient('nothing').exists()).toBe(false);
    expect(await refusal(container.getBlockBlobClient('mine').upload('x', 1))).toEqual({
      status: 403,
      code: 'AuthorizationPermissionMismatch',
    });
    expect(await refusal(region.blobs(who).getContainerClient('processed').getBlockBlobClient('x').download())).toEqual({
      status: 403,
      code: 'AuthorizationPermissionMismatch',
    });
    region.context.roles.unassign(assignment);
    expect(await refusal(container.getBlockBlobClient('nothing').getProperties())).toEqual({
      status: 403,
      code: 'AuthorizationPermissionMismatch',
    });
    const denial = region.context.gate.denials.at(-1);
    expect(denial).toMatchObject({ identity: 'reader', scope: raw(), status: 403 });
    expect(denial?.rolesThatGrant).toContain('Storage Blob Data Reader');
  });

  it('refuses anonymous calls, foreign audiences, expired tokens and keys', async () => {
    const who = region.principal('owner');
    region.assign(who, 'blobContributor', region.account);
    const endpoint = region.storage.endpoints('data1').blob;
    const withToken = (audience: string, lifetime: number) =>
      new BlobServiceClient(
        endpoint,
        {
          getToken: () =>
            Promise.resolve({
              token: region.context.authority.issue(who, audience, lifetime).token,
              expiresOnTimestamp: Date.now() + 3_600_000,
            }),
        },
        { retryOptions: { maxTries: 1 } },
      );
    const target = (service: BlobServiceClient) => service.getContainerClient('raw').getProperties();
    expect(await refusal(new ContainerClient(`${endpoint}raw`).getProperties())).toMatchObject({ status: 401 });
    expect(await refusal(target(withToken('https://vault.azure.net', 3_600)))).toMatchObject({ status: 401 });
    expect(await refusal(target(withToken('https://storage.azure.com', -10)))).toMatchObject({ status: 401 });
    expect(
      await refusal(
        target(new BlobServiceClient(endpoint, new StorageSharedKeyCredential('data1', Buffer.from('guess').toString('base64')))),
      ),
    ).toEqual({ status: 403, code: 'KeyBasedAuthenticationNotPermitted' });
    await expect(target(withToken('https://data1.blob.core.windows.net', 3_600))).resolves.toMatchObject({
      requestId: expect.any(String) as string,
    });
  });

  it('lets an adder create blobs but never replace, read or list them', async () => {
    region.context.roles.define({
      id: adderRole,
      name: 'adder',
      assignableScopes: [region.account],
      actions: [],
      notActions: [],
      dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/add/action'],
      notDataActions: [],
    });
    const who = region.principal('adder');
    region.context.roles.assign({
      id: `${raw()}/providers/Microsoft.Authorization/roleAssignments/adder`,
      scope: raw(),
      roleDefinitionId: adderRole,
      principalId: who.objectId,
      principalType: 'ServicePrincipal',
    });
    const container = region.blobs(who).getContainerClient('raw');
    const blob = container.getBlockBlobClient('added');
    await blob.upload('first', 5);
    expect(await refusal(blob.upload('second', 6))).toEqual({ status: 403, code: 'UnauthorizedBlobOverwrite' });
    expect((await refusal(blob.download())).status).toBe(403);
    expect((await refusal(container.listBlobsFlat().next())).status).toBe(403);
    expect((await refusal(blob.stageBlock('AAAA', 'x', 1))).status).toBe(403);
    const contributor = region.principal('checker');
    region.assign(contributor, 'blobReader', raw());
    expect((await region.blobs(contributor).getContainerClient('raw').getBlockBlobClient('added').downloadToBuffer()).toString()).toBe(
      'first',
    );
  });
});

describe('requests out of the ordinary', () => {
  it('copies what the caller may read and nothing else', async () => {
    const who = region.principal('copier');
    region.assign(who, 'blobContributor', containerId(region.account, 'processed'));
    const assignment = region.assign(who, 'blobContributor', raw());
    const service = region.blobs(who);
    const source = service.getContainerClient('raw').getBlockBlobClient('to copy');
    await source.upload('content', 7);
    const target = service.getContainerClient('processed').getBlockBlobClient('copied');
    await (await target.beginCopyFromURL(source.url)).pollUntilDone();
    expect((await target.downloadToBuffer()).toString()).toBe('content');
    expect((await target.getProperties()).copySource).not.toContain('sig=');
    region.context.roles.unassign(assignment);
    expect(await refusal(target.beginCopyFromURL(source.url))).toEqual({ status: 403, code: 'CannotVerifyCopySource' });
  });

  it('refuses a large upload early and keeps nothing of one that was broken off', async () => {
    const [reader, writer] = [region.principal('large reader'), region.principal('large writer')];
    region.assign(reader, 'blobReader', raw());
    region.assign(writer, 'blobContributor', raw());
    const bytes = Buffer.alloc(64 * 1024 * 1024, 1);
    expect(await refusal(region.blobs(reader).getContainerClient('raw').getBlockBlobClient('too large').uploadData(bytes))).toEqual({
      status: 403,
      code: 'AuthorizationPermissionMismatch',
    });
    const abort = new AbortController();
    async function* half() {
      yield bytes.subarray(0, bytes.length / 2);
      await new Promise((resolve) => setTimeout(resolve, 50));
      abort.abort();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const upload = region
      .blobs(writer)
      .getContainerClient('raw')
      .getBlockBlobClient('broken off')
      .upload(() => Readable.from(half()), bytes.length, { abortSignal: abort.signal });
    await expect(upload).rejects.toMatchObject({ name: 'AbortError' });
    expect(await region.blobs(writer).getContainerClient('raw').getBlockBlobClient('broken off').exists()).toBe(false);
  });

  it('refuses requests that could be read in two ways', async () => {
    const who = region.principal('attacker');
    region.assign(who, 'blobContributor', raw());
    const { token } = region.context.authority.issue(who, 'https://storage.azure.com');
    const { request } = await import('node:https');
    const { port } = new URL(region.storage.endpoints('data1').blob);
    const status = (path: string, method = 'GET') =>
      new Promise<number>((resolve, reject) => {
        request(
          { host: 'localhost', port, path, method, headers: { authorization: `Bearer ${token}`, 'x-ms-version': '2024-11-04' } },
          (answer) => {
            answer.resume();
            resolve(answer.statusCode ?? 0);
          },
        )
          .on('error', reject)
          .end();
      });
    expect(await status('/data1/raw/../processed/copied')).toBe(400);
    expect(await status('/data1/raw/%2e%2e/processed/copied')).toBe(400);
    expect(await status('/data1/raw%2Fx?restype=container')).toBe(400);
    expect(await status('/data1/raw/x?comp=tags&comp=')).toBe(400);
    expect(await status('/data1/raw?restype=container&comp=batch', 'POST')).toBe(501);
    expect(await status('/unknown1/raw?restype=container')).toBe(404);
  });
});

describe('user delegation SAS', () => {
  const letters = { read: 'r', write: 'w', create: 'c' } as const;
  async function sasUrl(
    roles: readonly ('blobReader' | 'blobContributor' | 'blobDelegator')[],
    permission: keyof typeof letters,
    options: { blob?: string; expiresInMs?: number; version?: string; ip?: string } = {},
  ) {
    const { BlobSASPermissions, generateBlobSASQueryParameters } = await import('@azure/storage-blob');
    const who = region.principal(`signer-${roles.join('-')}`);
    region.assign(who, 'blobDelegator', region.account);
    const ids = roles.map((role) => region.assign(who, role, raw()));
    const now = Date.now();
    const key = await region.blobs(who).getUserDelegationKey(new Date(now - 60_000), new Date(now + 3_600_000));
    const blobName = options.blob ?? 'signed.bin';
    const sas = generateBlobSASQueryParameters(
      {
        containerName: 'raw',
        blobName,
        permissions: BlobSASPermissions.parse(letters[permission]),
        startsOn: new Date(now - 60_000),
        expiresOn: new Date(now + (options.expiresInMs ?? 600_000)),
        ...(options.version ? { version: options.version } : {}),
        ...(options.ip ? { ipRange: { start: options.ip } } : {}),
        contentDisposition: 'attachment; filename=x.zip',
      },
      key,
      'data1',
    );
    return {
      url: `${region.storage.endpoints('data1').blob}raw/${encodeURIComponent(blobName)}?${sas.toString()}`,
      revoke: () => ids.forEach((id) => region.context.roles.unassign(id)),
    };
  }
  const client = (url: string) => new BlockBlobClient(url, undefined, { retryOptions: { maxTries: 1 } });
  beforeAll(async () => {
    const who = region.principal('filler');
    region.assign(who, 'blobContributor', raw());
    await region.blobs(who).getContainerClient('raw').getBlockBlobClient('signed.bin').upload('signed', 6);
  });

  it.each([undefined, '2020-12-06', '2025-07-05', '2026-04-06'])('reads the one blob with version %s', async (version) => {
    const { url } = await sasUrl(['blobReader'], 'read', version === undefined ? {} : { version });
    expect((await client(url).downloadToBuffer()).toString()).toBe('signed');
    expect((await client(url).getProperties()).contentDisposition).toBe('attachment; filename=x.zip');
  });

  it('is worth what its signer may do now', async () => {
    const reader = await sasUrl(['blobReader'], 'read');
    reader.revoke();
    expect(await refusal(client(reader.url).downloadToBuffer())).toEqual({ status: 403, code: 'AuthorizationPermissionMismatch' });
    const writer = await sasUrl(['blobReader'], 'write');
    expect((await refusal(client(writer.url).upload('x', 1))).status).toBe(403);
  });

  it('refuses another blob, a changed expiry, an expired time, another operation and another address', async () => {
    const { url } = await sasUrl(['blobContributor'], 'read');
    expect(await refusal(client(url.replace('signed.bin', 'added')).download())).toEqual({ status: 403, code: 'AuthenticationFailed' });
    expect(await refusal(client(url.replace(/se=\d{4}/, 'se=2999')).download())).toEqual({ status: 403, code: 'AuthenticationFailed' });
    expect(await refusal(client((await sasUrl(['blobContributor'], 'read', { expiresInMs: -5_000 })).url).download())).toEqual({
      status: 403,
      code: 'AuthenticationFailed',
    });
    expect(await refusal(client(url).delete())).toEqual({ status: 403, code: 'AuthorizationPermissionMismatch' });
    expect(await refusal(client((await sasUrl(['blobContributor'], 'read', { ip: '10.1.2.3' })).url).download())).toEqual({
      status: 403,
      code: 'AuthorizationSourceIPMismatch',
    });
    expect((await client((await sasUrl(['blobContributor'], 'read', { ip: '127.0.0.1' })).url).downloadToBuffer()).toString()).toBe(
      'signed',
    );
  });

  it('creates but does not replace with the create letter, and needs the delegator role at the account', async () => {
    const { url } = await sasUrl(['blobContributor'], 'create', { blob: 'made once' });
    await client(url).upload('1', 1);
    expect(await refusal(client(url).upload('2', 1))).toEqual({ status: 403, code: 'UnauthorizedBlobOverwrite' });
    const containerReader = region.principal('container reader');
    region.assign(containerReader, 'blobReader', raw());
    expect((await refusal(region.blobs(containerReader).getUserDelegationKey(new Date(), new Date(Date.now() + 60_000)))).status).toBe(403);
    const delegator = region.principal('delegator');
    region.assign(delegator, 'blobDelegator', region.account);
    expect((await refusal(region.blobs(delegator).getUserDelegationKey(new Date(), new Date(Date.now() + 8 * 86_400_000)))).status).toBe(
      400,
    );
  });
});

describe('queues through the genuine client', () => {
  it('gives each role exactly its verbs', async () => {
    const [sender, worker, scaler] = ['sender', 'worker', 'scaler'].map((name) => region.principal(name)) as [
      ReturnType<StorageRegion['principal']>,
      ReturnType<StorageRegion['principal']>,
      ReturnType<StorageRegion['principal']>,
    ];
    const work = queueId(region.account, 'work');
    region.assign(sender, 'queueSender', work);
    region.assign(worker, 'queueProcessor', work);
    region.assign(scaler, 'queueReader', work);
    const queue = (who: typeof sender) => region.queues(who).getQueueClient('work');
    await queue(sender).sendMessage('aGVsbG8=');
    await region.storage.send(work, 'PHg+JiI=', sender);
    expect((await refusal(queue(sender).receiveMessages())).status).toBe(403);
    expect(await region.storage.countMessages(work, scaler, 'visibleonly')).toBe(2);
    expect((await queue(scaler).getProperties()).approximateMessagesCount).toBe(2);
    const { receivedMessageItems } = await queue(worker).receiveMessages({ numberOfMessages: 2, visibilityTimeout: 60 });
    expect(receivedMessageItems.map((message) => message.messageText).sort()).toEqual(['PHg+JiI=', 'aGVsbG8=']);
    expect(await region.storage.countMessages(work, scaler, 'visibleonly')).toBe(0);
    const first = receivedMessageItems[0];
    expect((await refusal(queue(worker).updateMessage(first?.messageId ?? '', first?.popReceipt ?? '', 'x', 60))).status).toBe(403);
    expect((await refusal(queue(worker).sendMessage('x'))).status).toBe(403);
    for (const { messageId, popReceipt } of receivedMessageItems) await queue(worker).deleteMessage(messageId, popReceipt);
    await expect(region.storage.send(work, 'x', worker)).rejects.toMatchObject({ code: 'AuthorizationPermissionMismatch' });
    await expect(region.storage.send(queueId(region.account, 'absent'), 'x', region.principal('nobody'))).rejects.toMatchObject({
      code: 'AuthorizationPermissionMismatch',
    });
  });
});
