import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import { ContainerRegistry } from '../../../local-azure/container-registry/containerRegistry';
import { Entra } from '../../../local-azure/entra/entra';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { KeyVault } from '../../../local-azure/key-vault/keyVault';
import { armId } from '../../../local-azure/region/armId';
import { createRegionContext } from '../../../local-azure/region/regionContext';
import { ResourceManager } from '../../../local-azure/resource-manager/resourceManager';
import { assignRole, credentialOf } from './principals';

export const roles = {
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  acrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d',
  acrPush: '8311e382-0749-4cb8-b61a-304f252e45ec',
  secretsUser: '4633458b-17de-408a-b874-0445c86b69e6',
  secretsOfficer: 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7',
  certificatesOfficer: 'a4417e6f-fecd-4de8-b567-7b0420556985',
} as const;

/** Tenant, Resource Manager, vaults and registries, and credentials of any identity for the genuine clients. */
export async function platformRegion(directory = mkdtempSync(join(tmpdir(), 'platform-'))) {
  const logged: string[] = [];
  const context = await createRegionContext({
    directory,
    log: (service, message, detail) => void logged.push(`${service} ${message} ${JSON.stringify(detail ?? {})}`),
  });
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), context.tls.ca]);
  const entra = new Entra(context);
  const resourceManager = new ResourceManager(context);
  const keyVault = new KeyVault(context);
  const registry = new ContainerRegistry(context, resourceManager);
  const services = [entra, resourceManager, keyVault, registry];
  for (const service of services) await service.start();
  return {
    context,
    entra,
    resourceManager,
    keyVault,
    registry,
    directory,
    logged,
    identity: (name: string): Principal =>
      entra.managedIdentity(armId('rg', 'Microsoft.ManagedIdentity/userAssignedIdentities', name), name),
    assign: (who: Principal, role: keyof typeof roles, scope: string) => assignRole(context, who, roles[role], scope),
    credential: (who: Principal) => credentialOf(context, who),
    async stop(keep = false) {
      for (const service of services) await service.stop();
      context.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}
export type PlatformRegion = Awaited<ReturnType<typeof platformRegion>>;
