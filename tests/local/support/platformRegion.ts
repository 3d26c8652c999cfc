import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import type { TokenCredential } from '@azure/identity';
import { ContainerRegistry } from '../../../local-azure/container-registry/containerRegistry';
import { Entra } from '../../../local-azure/entra/entra';
import type { Principal } from '../../../local-azure/region/tokenAuthority';
import { KeyVault } from '../../../local-azure/key-vault/keyVault';
import { armId } from '../../../local-azure/region/armId';
import { createRegionContext, subscriptionId } from '../../../local-azure/region/regionContext';
import { ResourceManager } from '../../../local-azure/resource-manager/resourceManager';

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
    assign(who: Principal, role: keyof typeof roles, scope: string): string {
      const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${who.objectId}-${role}`;
      context.roles.assign({
        id,
        scope,
        roleDefinitionId: `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${roles[role]}`,
        principalId: who.objectId,
        principalType: 'ServicePrincipal',
      });
      return id;
    },
    credential: (who: Principal): TokenCredential => ({
      getToken: (scopes) => {
        const { token, expiresOn } = context.authority.issue(who, String(scopes).replace(/\/\.default$/, ''));
        return Promise.resolve({ token, expiresOnTimestamp: expiresOn * 1_000 });
      },
    }),
    async stop(keep = false) {
      for (const service of services) await service.stop();
      context.close();
      if (!keep) rmSync(directory, { recursive: true, force: true });
    },
  };
}
export type PlatformRegion = Awaited<ReturnType<typeof platformRegion>>;
