import roles from './roleDefinitions.json';

/** What a role allows; the four lists are Azure's. */
export interface RolePermissions {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

/** Azure's built-in roles that the product declares or its users are likely to hold, by GUID (Azure role definitions, 2026-08). */
export const builtInRolePermissions: Readonly<Record<string, RolePermissions & { readonly name: string }>> = roles;
