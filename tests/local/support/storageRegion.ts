import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { armId } from '../../../local-azure/region/armId';
import { createRegionContext, type RegionContext } from '../../../local-azure/region/regionContext';
import { Storage } from '../../../local-azure/storage/storage';
import { assignRole, credentialOf } from './principals';

export const roleGuids = {
  blobReader: '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
  blobContributor: 'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
  blobDelegator: 'db58b8e5-c6ad-4a2a-8342-4190687cbf4a',
  queueReader: '19e7f393-937e-4f77-808e-94535e297925',
  queueContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
  queueProcessor: '8a0f0c08-91a1-4084-bc3d-661d67233fed',
  queueSender: 'c6a89b2d-59bc-44d0-9896-0f6e12d7b80a',
} as const;

/** A storage service with one account, and genuine SDK clients that act as any principal. */
export async function storageRegion(
  directory = mkdtempSync(join(tmpdir(), 'storage-')),
  connect: (storage: Storage, context: RegionContext) => void = () => undefined,
) {
  const context = await createRegionContext({ directory });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
  const storage = new Storage(context);
  connect(storage, context);
  await storage.start();
  const account = armId('rg', 'Microsoft.Storage/storageAccounts', 'data1');
  storage.declareAccount(account);
  let last = 0;
  const principal = (displayName: string): Principal => ({
    objectId: `00000000-0000-4000-9000-${String(++last).padStart(12, '0')}`,
    clientId: `client-${displayName}`,
    displayName,
  });
  const assign = (who: Principal, role: keyof typeof roleGuids, scope: string) => assignRole(context, who, roleGuids[role], scope);
  const credential = (who: Principal) => credentialOf(context, who);
  const retryOptions = { maxTries: 1 };
  return {
    context,
    storage,
    account,
    directory,
    principal,
    assign,
    credential,
    blobs: (who: Principal, name = 'data1') => new BlobServiceClient(storage.endpoints(name).blob, credential(who), { retryOptions }),
    queues: (who: Principal, name = 'data1') => new QueueServiceClient(storage.endpoints(name).queue, credential(who), { retryOptions }),
    async stop(keep = false) {
      await storage.stop();
      context.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}
export type StorageRegion = Awaited<ReturnType<typeof storageRegion>>;

/** What a refused call carries; a refused HEAD has no body, so the header counts. */
export async function refusal(call: Promise<unknown>): Promise<{ status: number; code: string }> {
  try {
    await call;
  } catch (error) {
    const { statusCode = 0, code, details } = error as { statusCode?: number; code?: string; details?: { errorCode?: string } };
    return { status: statusCode, code: code ?? details?.errorCode ?? '' };
  }
  return { status: 0, code: 'it was allowed' };
}
