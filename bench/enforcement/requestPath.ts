import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import { BlobServiceClient, type BlobClient } from '@azure/storage-blob';
import { builtInRoles } from '../../components/resource/roles';
import { armId, containerId } from '../../local-azure/region/armId';
import { createRegionContext, type RegionContext } from '../../local-azure/region/regionContext';
import { Storage } from '../../local-azure/storage/storage';
import type { DeclaredAccess } from './defaultAssignments';
import { median } from './figures';
import { OpenGate } from './openGate';

const account = armId('rg', 'Microsoft.Storage/storageAccounts', 'bench1');
const who = { objectId: '00000000-0000-4000-9000-00000000aaaa', clientId: 'bench', displayName: 'bench' };

/** A storage service with one small blob, and the genuine client that reads it. */
async function storageWith(declared: DeclaredAccess, open: boolean): Promise<{ readonly blob: BlobClient; stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-requests-'));
  const real = await createRegionContext({ directory });
  const context: RegionContext = open ? { ...real, gate: new OpenGate(real.authority, real.roles, real.clock) } : real;
  setDefaultCACertificates([...getCACertificates('default'), context.tls.ca]);
  declared.roles.forEach((role) => context.roles.define(role));
  declared.assignments.forEach((assignment) => context.roles.assign(assignment));
  context.roles.assign({
    id: `${account}/bench`,
    scope: containerId(account, 'raw'),
    roleDefinitionId: builtInRoles.blobDataContributor.guid,
    principalId: who.objectId,
    principalType: 'ServicePrincipal',
  });
  const storage = new Storage(context);
  await storage.start();
  storage.declareAccount(account);
  await storage.declareContainer(account, 'raw');
  const credential: TokenCredential = {
    getToken: async (scopes) => {
      const { token, expiresOn } = context.authority.issue(who, String(scopes).replace(/\/\.default$/, ''));
      return { token, expiresOnTimestamp: expiresOn * 1_000 };
    },
  };
  const blob = new BlobServiceClient(storage.endpoints('bench1').blob, credential).getContainerClient('raw').getBlockBlobClient('small');
  await blob.upload('x'.repeat(1_024), 1_024);
  return {
    blob,
    async stop() {
      await storage.stop();
      real.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export interface RequestFigures {
  readonly requests: number;
  readonly onP50Ms: number;
  readonly offP50Ms: number;
}
const inARow = 50;

/** Half the GETs of a small blob take longer than this: with the gate and without, in turns of fifty, so that both meet the same machine. */
export async function measureRequests(declared: DeclaredAccess, requests: number): Promise<RequestFigures> {
  const [on, off] = [await storageWith(declared, false), await storageWith(declared, true)];
  try {
    const durations = { on: [] as number[], off: [] as number[] };
    const read = async (blob: BlobClient, count: number, into?: number[]) => {
      for (let index = 0; index < count; index++) {
        const started = performance.now();
        await blob.downloadToBuffer(0, 1_024);
        into?.push(performance.now() - started);
      }
    };
    await read(on.blob, Math.min(requests, 100));
    await read(off.blob, Math.min(requests, 100));
    while (durations.on.length < requests) {
      const count = Math.min(inARow, requests - durations.on.length);
      await read(on.blob, count, durations.on);
      await read(off.blob, count, durations.off);
    }
    return { requests, onP50Ms: median(durations.on), offP50Ms: median(durations.off) };
  } finally {
    await on.stop();
    await off.stop();
  }
}
