import { subscriptionId, tenantId, type RegionContext } from '../region/regionContext';
import type { ProviderPart } from '../region/resourceType';
import type { Tenant } from '../region/serviceInterfaces';
import { roleAssignmentType } from './roleAssignmentType';
import { roleDefinitionType } from './roleDefinitionType';

/** Role assignments, custom roles, and who deploys. */
export const roleTypes = (context: Pick<RegionContext, 'roles' | 'clock'>, tenant: Pick<Tenant, 'find' | 'deployer'>): ProviderPart => ({
  resources: [roleAssignmentType(context, tenant), roleDefinitionType(context, tenant)],
  functions: [
    {
      token: 'azure-native:authorization:getClientConfig',
      invoke: async () => ({ clientId: tenant.deployer.clientId, objectId: tenant.deployer.objectId, subscriptionId, tenantId }),
    },
    {
      token: 'azuread:index/getClientConfig:getClientConfig',
      invoke: async () => ({
        clientId: tenant.deployer.clientId,
        objectId: tenant.deployer.objectId,
        tenantId,
        id: `${tenantId}-${tenant.deployer.clientId}-${tenant.deployer.objectId}`,
      }),
    },
  ],
});
