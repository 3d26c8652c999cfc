import type { TokenCredential } from '@azure/identity';
import { builtInRoles, customRoles, isCustomRole, type Role } from '../../../components/resource/roles';
import type { RegionContext } from '../../../local-azure/region/regionContext';
import type { Principal } from '../../../local-azure/region/tokenAuthority';

/** Signs in as the principal. The region issues the token, which lives as long as its tokens do or as it is said here. */
export const credentialOf = (context: Pick<RegionContext, 'authority'>, who: Principal, lifetimeSeconds?: number): TokenCredential => ({
  getToken: async (scopes) => {
    const { token, expiresOn } = context.authority.issue(who, String(scopes).replace(/\/\.default$/, ''), lifetimeSeconds);
    return { token, expiresOnTimestamp: expiresOn * 1_000 };
  },
});

/** Gives the role of this id to the principal; the id of the assignment. */
export function assignRole({ roles }: Pick<RegionContext, 'roles'>, who: Principal, role: string, scope: string): string {
  const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${who.objectId}-${role}`;
  roles.assign({
    id,
    scope,
    roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role}`,
    principalId: who.objectId,
    principalType: 'ServicePrincipal',
  });
  return id;
}

/** Id of a role of the product, as `assignRole` takes it. */
export const roleId = (role: Role): string => (isCustomRole(role) ? role : builtInRoles[role].guid);

/** The roles that a stack defines beside those of Azure. */
export function defineCustomRoles({ roles }: Pick<RegionContext, 'roles'>): void {
  for (const [id, { name, actions, dataActions }] of Object.entries(customRoles))
    roles.define({
      id,
      name,
      assignableScopes: ['/'],
      actions: [...actions],
      notActions: [],
      dataActions: [...dataActions],
      notDataActions: [],
    });
}
