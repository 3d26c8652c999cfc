import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tls from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { createRegionContext, type RegionContext } from '../../../local-azure/region/regionContext';
import { assignRole, credentialOf } from './principals';

/** A region context in a folder of its own, trusted by this process, with the few moves that messaging tests make. */
export interface TestRegion {
  readonly context: RegionContext;
  principal(name: string): Principal;
  credential(principal: Principal, lifetimeSeconds?: number): TokenCredential;
  assign(principal: Principal, role: string, scope: string): void;
  /** Closes the stores and opens them again, as a restart does. */
  reopen(): Promise<TestRegion>;
  remove(): void;
}

export async function testRegion(directory = mkdtempSync(join(tmpdir(), 'messaging-'))): Promise<TestRegion> {
  const context = await createRegionContext({ directory });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
  return {
    context,
    principal: (displayName) => ({ objectId: randomUUID(), clientId: randomUUID(), displayName }),
    credential: (principal, lifetimeSeconds = 3_600) => credentialOf(context, principal, lifetimeSeconds),
    assign: (principal, role, scope) => void assignRole(context, principal, role, scope),
    reopen: async () => {
      context.close();
      return testRegion(directory);
    },
    remove: () => {
      context.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export const roles = {
  eventHubsSender: '2b629674-e913-4c01-ae53-ef4638d8f975',
  eventHubsReceiver: 'a638d3c7-ab3a-418d-83e6-5f17a39d4fde',
  iotHubDataContributor: '4fc6c259-987e-4a07-842e-c321cc9d413f',
  iotHubDataReader: 'b447c946-2db7-41ec-983d-d8bf3b1c77e3',
  iotHubRegistryContributor: '4ea46cd5-c1b2-4a8e-910b-273211f9ce47',
} as const;

export async function until(condition: () => boolean, what: string, timeoutMs = 15_000): Promise<void> {
  const started = Date.now();
  while (!condition()) {
    if (Date.now() - started > timeoutMs) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
