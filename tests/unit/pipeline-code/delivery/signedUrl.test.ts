import { AnonymousCredential, BlobServiceClient } from '@azure/storage-blob';
import { urlSigner } from '../../../../pipeline-code/delivery/signedUrl';

const now = new Date('2026-11-22T12:00:00.500Z');
const minute = 60_000;
const later = (minutes: number) => new Date(now.getTime() + minutes * minute);

function signer(endpoint: string, lifetimeMinutes: number) {
  const service = new BlobServiceClient(endpoint, new AnonymousCredential());
  const keys = jest.spyOn(service, 'getUserDelegationKey').mockImplementation(
    async (startsOn, expiresOn) =>
      ({
        signedObjectId: 'object',
        signedTenantId: 'tenant',
        signedStartsOn: startsOn,
        signedExpiresOn: expiresOn,
        signedService: 'b',
        signedVersion: '2025-11-05',
        value: Buffer.from('key').toString('base64'),
      }) as never,
  );
  return { keys, sign: urlSigner(service, 'packaged-models', lifetimeMinutes * minute) };
}

test.each(['https://edge.blob.core.windows.net', 'https://localhost:40123/edge'])(
  'a link at %s reads one blob over https, for its lifetime only',
  async (endpoint) => {
    const { sign } = signer(endpoint, 30);
    const { url, expiresAt } = await sign('id/12/Pump-Watch-edge_12.zip', now);
    const query = new URL(url).searchParams;
    expect(
      url.startsWith(`${endpoint}/packaged-models/id/12/Pump-Watch-edge_12.zip?`) ||
        url.startsWith(`${endpoint}/packaged-models/id%2F12%2FPump-Watch-edge_12.zip?`),
    ).toBe(true);
    expect(Object.fromEntries(['sp', 'sr', 'spr', 'st', 'se', 'skoid'].map((key) => [key, query.get(key)]))).toEqual({
      sp: 'r',
      sr: 'b',
      spr: 'https',
      st: '2026-11-22T11:45:00Z',
      se: '2026-11-22T12:30:00Z',
      skoid: 'object',
    });
    expect(expiresAt).toEqual(new Date('2026-11-22T12:30:00.000Z'));
  },
);

test('the key is fetched once and again only when it would not outlive the link', async () => {
  const { sign, keys } = signer('https://edge.blob.core.windows.net', 30);
  for (const minutes of [0, 20, 59]) await sign('a', later(minutes));
  expect(keys).toHaveBeenCalledTimes(1);
  const link = await sign('a', later(61));
  expect(keys).toHaveBeenCalledTimes(2);
  const expiry = keys.mock.calls[1]?.[1];
  expect(expiry && expiry >= link.expiresAt).toBe(true);
});
