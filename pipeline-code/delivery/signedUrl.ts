import {
  BlobSASPermissions,
  type BlobServiceClient,
  generateBlobSASQueryParameters,
  SASProtocol,
  type UserDelegationKey,
} from '@azure/storage-blob';

export interface SignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

const minute = 60_000;
/** Clocks of factory devices run behind. */
const startBeforeMs = 15 * minute;
const keyStartBeforeMs = 60 * minute;
const keyLifetimeMs = 60 * minute;

/** When a new key must be fetched: a signature never outlives the key that made it. */
const keyCovers = (keyExpiresAt: Date, sasExpiresAt: Date) => keyExpiresAt.getTime() >= sasExpiresAt.getTime();

/** Signs read-only links to single blobs with a user delegation key, which is fetched with the application's own identity and kept. */
export function urlSigner(
  service: BlobServiceClient,
  containerName: string,
  lifetimeMs: number,
): (blobName: string, now: Date) => Promise<SignedUrl> {
  let key: UserDelegationKey | undefined;
  return async (blobName, now) => {
    // Signatures carry whole seconds.
    const expiresAt = new Date(Math.floor((now.getTime() + lifetimeMs) / 1_000) * 1_000);
    if (!key || !keyCovers(key.signedExpiresOn, expiresAt)) {
      key = await service.getUserDelegationKey(new Date(now.getTime() - keyStartBeforeMs), new Date(expiresAt.getTime() + keyLifetimeMs), {
        abortSignal: AbortSignal.timeout(60_000),
      });
    }
    const query = generateBlobSASQueryParameters(
      {
        containerName,
        blobName,
        permissions: BlobSASPermissions.from({ read: true }),
        protocol: SASProtocol.Https,
        startsOn: new Date(now.getTime() - startBeforeMs),
        expiresOn: expiresAt,
      },
      key,
      service.accountName,
    );
    return { url: `${service.getContainerClient(containerName).getBlobClient(blobName).url}?${query.toString()}`, expiresAt };
  };
}
