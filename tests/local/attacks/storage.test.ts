import { request as secureRequest } from 'node:https';
import {
  BlobSASPermissions,
  BlobServiceClient,
  generateBlobSASQueryParameters,
  StorageSharedKeyCredential,
  type UserDelegationKey,
} from '@azure/storage-blob';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { refusal } from '../support/storageRegion';
import { attackedRegion, ids, landingZone, packages, type AttackedRegion } from '../support/attackedRegion';

let attacked: AttackedRegion;
let delivery: Principal;
let site: Principal;
let signersRole: string;
let key: UserDelegationKey;
let before: string;
const minute = 60_000;
const packageBlob = 'package-id/1/pump-edge_1.zip';

beforeAll(async () => {
  attacked = await attackedRegion();
  [delivery, site] = [attacked.identity('delivery'), attacked.identity('site')];
  attacked.assign(delivery, 'blobDelegator', ids.account);
  signersRole = attacked.assign(delivery, 'blobDataReader', packages);
  attacked.assign(site, 'landingZoneWriter', landingZone);
  const packager = attacked.identity('packager');
  attacked.assign(packager, 'blobDataContributor', packages);
  const container = attacked.blobs(packager).getContainerClient('packaged-models');
  await container.getBlockBlobClient(packageBlob).upload('the package', 11);
  await container.getBlockBlobClient('package-id/2/pump-edge_2.zip').upload('the next one', 12);
  await attacked.blobs(site).getContainerClient('landing-zone').getBlockBlobClient('plant/batch.json').upload('first', 5);
  key = await attacked.blobs(delivery).getUserDelegationKey(new Date(Date.now() - minute), new Date(Date.now() + 60 * minute));
  before = await attacked.content();
});
afterAll(() => attacked.stop());
afterEach(async () => {
  expect(await attacked.content()).toBe(before);
});

/** A download address as the delivery program signs them, or one that differs from it. */
function sas(change: { permissions?: string; expires?: number; account?: string } = {}): string {
  const permissions = BlobSASPermissions.parse(change.permissions ?? 'r');
  return generateBlobSASQueryParameters(
    {
      containerName: 'packaged-models',
      blobName: packageBlob,
      permissions,
      expiresOn: new Date(Date.now() + (change.expires ?? 10 * minute)),
    },
    key,
    change.account ?? 'edge1',
  ).toString();
}
const url = (query: string, blob = packageBlob) => `${attacked.region.storage.endpoints('edge1').blob}packaged-models/${blob}?${query}`;
const get = async (address: string, init: RequestInit = {}) => {
  const response = await fetch(address, {
    ...init,
    headers: { 'x-ms-version': '2025-01-05', ...(init.headers as Record<string, string> | undefined) },
  });
  return { status: response.status, text: await response.text(), code: response.headers.get('x-ms-error-code') };
};

describe('a signed download address', () => {
  it('is worth the package to whoever has it', async () => {
    expect(await get(url(sas()))).toMatchObject({ status: 200, text: 'the package' });
  });

  it.each([
    ['after its end', () => get(url(sas({ expires: -1_000 }))), 'AuthenticationFailed'],
    ['for another blob', () => get(url(sas(), 'package-id/2/pump-edge_2.zip')), 'AuthenticationFailed'],
    [
      'with a later end than was signed',
      () =>
        get(
          url(
            sas().replace(
              /(^|&)se=[^&]+/,
              `$1se=${encodeURIComponent(new Date(Date.now() + 600 * minute).toISOString().replace(/\.\d+/, ''))}`,
            ),
          ),
        ),
      'AuthenticationFailed',
    ],
    [
      'with more permissions than were signed',
      () => get(url(sas().replace(/(^|&)sp=r/, '$1sp=rwd')), { method: 'DELETE' }),
      'AuthenticationFailed',
    ],
    [
      'for writing, where reading was signed',
      () => get(url(sas()), { method: 'PUT', body: 'mine', headers: { 'x-ms-blob-type': 'BlockBlob' } }),
      'AuthorizationPermissionMismatch',
    ],
    ['for deleting, where reading was signed', () => get(url(sas()), { method: 'DELETE' }), 'AuthorizationPermissionMismatch'],
    [
      'for writing, signed by somebody who may only read',
      () => get(url(sas({ permissions: 'rw' })), { method: 'PUT', body: 'mine', headers: { 'x-ms-blob-type': 'BlockBlob' } }),
      'AuthorizationPermissionMismatch',
    ],
    ['of another account', () => get(url(sas({ account: 'data1' }))), 'AuthenticationFailed'],
    ['without its signature', () => get(url(sas().replace(/(^|&)sig=[^&]+/, '$1sig=')), {}), 'AuthenticationFailed'],
  ])('is refused %s', async (_, attack, code) => {
    let answer: { status: number; code: string | null } | undefined;
    const refusals = await attacked.refusals(async () => void (answer = await attack()));
    expect(answer).toMatchObject({ status: 403, code });
    expect(refusals.every(({ service, status, scope }) => service === 'storage/blob' && status === 403 && scope.startsWith(packages))).toBe(
      true,
    );
  });

  it('is refused from the moment its signer loses the role, and good again with it', async () => {
    const address = url(sas());
    attacked.context.roles.unassign(signersRole);
    let answer: { status: number; code: string | null } | undefined;
    const refusals = await attacked.refusals(async () => void (answer = await get(address)));
    expect(answer).toMatchObject({ status: 403, code: 'AuthorizationPermissionMismatch' });
    expect(refusals[0]).toMatchObject({ identity: 'delivery', objectId: delivery.objectId, scope: packages });
    attacked.assign(delivery, 'blobDataReader', packages);
    expect(await get(address)).toMatchObject({ status: 200 });
  });
});

describe('the landing zone', () => {
  const zone = () => attacked.blobs(site).getContainerClient('landing-zone');
  const mine = () => zone().getBlockBlobClient('plant/batch.json');
  it.each([
    ['overwritten', () => mine().upload('second', 6), 'UnauthorizedBlobOverwrite'],
    ['overwritten block by block', () => mine().stageBlock('AAAA', 'x', 1), 'AuthorizationPermissionMismatch'],
    ['deleted', () => mine().delete(), 'AuthorizationPermissionMismatch'],
    ['read', () => mine().download(), 'AuthorizationPermissionMismatch'],
    ['listed', () => zone().listBlobsFlat().next(), 'AuthorizationPermissionMismatch'],
    ['given other metadata', () => mine().setMetadata({ mine: 'yes' }), 'AuthorizationPermissionMismatch'],
    [
      'copied to the packages',
      () => attacked.blobs(site).getContainerClient('packaged-models').getBlockBlobClient('x').beginCopyFromURL(mine().url),
      'AuthorizationPermissionMismatch',
    ],
  ])('cannot be %s with the identity that fills it', async (_, attack, code) => {
    let answer: unknown;
    const refusals = await attacked.refusals(async () => void (answer = await refusal(attack() as Promise<unknown>)));
    expect(answer).toEqual({ status: 403, code });
    expect(refusals[0]).toMatchObject({ identity: 'site', objectId: site.objectId, status: 403 });
  });
});

describe('storage', () => {
  it('has no key that opens it', async () => {
    const service = new BlobServiceClient(
      attacked.region.storage.endpoints('edge1').blob,
      new StorageSharedKeyCredential('edge1', Buffer.from('guess').toString('base64')),
      { retryOptions: { maxTries: 1 } },
    );
    let answer: unknown;
    const refusals = await attacked.refusals(
      async () => void (answer = await refusal(service.getContainerClient('packaged-models').getBlockBlobClient(packageBlob).download())),
    );
    expect(answer).toEqual({ status: 403, code: 'KeyBasedAuthenticationNotPermitted' });
    expect(refusals[0]).toMatchObject({ identity: 'a shared key', service: 'storage/blob' });
  });

  /** Azurite listens beside the front; its port is no secret to whoever is on the machine. */
  const azurite = () => attacked.region.storage['client']?.address('blob') ?? '';
  it.each([
    ['anonymously', {}],
    ['with the token of one who may read', { authorization: () => `Bearer ${attacked.token(delivery, 'https://storage.azure.com')}` }],
    [
      'with the key that every Azurite is known to have',
      { authorization: () => 'SharedKey devstoreaccount1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=' },
    ],
  ])('cannot be reached past its front %s', async (_, headers: { authorization?: () => string }) => {
    expect(azurite()).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    let status = 0;
    const refusals = await attacked.refusals(async () => {
      const response = await fetch(`${azurite()}/edge1/packaged-models/${packageBlob}`, {
        headers: {
          'x-ms-version': '2025-01-05',
          'x-ms-date': new Date().toUTCString(),
          ...(headers.authorization ? { authorization: headers.authorization() } : {}),
        },
      });
      status = response.status;
      expect(await response.text()).not.toContain('the package');
    });
    expect([401, 403]).toContain(status);
    expect(refusals[0]).toMatchObject({
      service: 'storage',
      identity: 'somebody who came past the front',
      scope: `/edge1/packaged-models/${packageBlob}`,
    });
  });

  it('takes no signature made with the delegation key that every Azurite has', async () => {
    let status = 0;
    await attacked.refusals(
      async () =>
        void (status = (
          await fetch(`${azurite()}/edge1/packaged-models/${packageBlob}?${sas()}`, { headers: { 'x-ms-version': '2025-01-05' } })
        ).status),
    );
    expect([401, 403]).toContain(status);
  });

  /** As it stands, which `fetch` would not send. */
  const raw = (path: string, method = 'GET', headers: Record<string, string> = {}) =>
    new Promise<number>((resolve, reject) => {
      const { hostname, port } = new URL(attacked.region.storage.endpoints('edge1').blob);
      const call = secureRequest(
        {
          hostname,
          port,
          path,
          method,
          headers: {
            authorization: `Bearer ${attacked.token(site, 'https://storage.azure.com')}`,
            'x-ms-version': '2025-01-05',
            'x-ms-blob-type': 'BlockBlob',
            ...headers,
          },
        },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      call.on('error', reject).end(method === 'PUT' ? 'mine' : '');
    });
  it.each([
    '/edge1/landing-zone/../packaged-models/x',
    '/edge1/landing-zone/%2e%2e/packaged-models/x',
    '/edge1/landing-zone/a/%2E%2E/%2e%2e/packaged-models/x',
    '/edge1/landing-zone/..',
    '/edge1/../edge1/packaged-models/x',
    '/edge1/landing-zone/./x',
    '/edge1//landing-zone/x',
    '//edge1/landing-zone/x',
    '/edge1/landing-zone/%ff%fe',
  ])('does not follow the path %s', async (path) => {
    let status = 0;
    const refusals = await attacked.refusals(async () => void (status = await raw(path, 'PUT', { 'content-length': '4' })));
    expect(status).toBe(400);
    expect(refusals[0]).toMatchObject({ service: 'storage/blob', status: 400 });
  });
});
