import type { AppendOnlyStore } from './appendOnlyStore';
import { builtInRolePermissions, type RolePermissions } from './builtInRoles';
import { isDataAction } from './dataActions';
import { ResourceError, type Properties } from './resourceType';

export interface RoleDefinition extends RolePermissions {
  readonly id: string;
  readonly name: string;
  readonly assignableScopes: readonly string[];
  /** What no decision asks for and who reads it back gets all the same: a description, who made it and when. */
  readonly attributes?: Properties;
}
/** `roleDefinitionId` is the ARM id of a built-in or custom role; its last segment is the role's GUID. */
export interface RoleAssignment {
  readonly id: string;
  readonly scope: string;
  readonly roleDefinitionId: string;
  readonly principalId: string;
  readonly principalType: string;
  readonly attributes?: Properties;
}

const guidOf = (id: string) => (id.split('/').pop() ?? id).toLowerCase();

/** Azure's wildcard: `*` stands for any characters, `/` too; case does not matter. */
function actionMatches(pattern: string, action: string): boolean {
  const expression = pattern
    .toLowerCase()
    .split('*')
    .map((part) => part.replaceAll(/[.\\+?^${}()|[\]]/g, String.raw`\$&`))
    .join('.*');
  return new RegExp(`^${expression}$`).test(action.toLowerCase());
}

/** An assignment at a scope counts for the scope itself and everything below it. */
export function scopeContains(assigned: string, resource: string): boolean {
  const outer = assigned.toLowerCase().replace(/\/+$/, '');
  const inner = resource.toLowerCase();
  return outer === '' || inner === outer || inner.startsWith(`${outer}/`);
}

export function roleGrants(role: RolePermissions, action: string): boolean {
  const any = (patterns: readonly string[]) => patterns.some((pattern) => actionMatches(pattern, action));
  const data = any(role.dataActions) && !any(role.notDataActions);
  return isDataAction(action) ? data : data || (any(role.actions) && !any(role.notActions));
}

/** Role assignments and custom roles as they were declared, and the question they answer. What is read back is what decides. */
export class RoleAssignments {
  constructor(
    private readonly assignments: AppendOnlyStore<RoleAssignment>,
    private readonly customRoles: AppendOnlyStore<RoleDefinition>,
  ) {}

  assign(assignment: RoleAssignment): void {
    const custom = this.customRoles.get(guidOf(assignment.roleDefinitionId));
    if (custom && !custom.assignableScopes.some((scope) => scopeContains(scope, assignment.scope))) {
      throw new ResourceError(
        'RoleDefinitionNotAssignableAtScope',
        `the role '${custom.name}' can be assigned below ${custom.assignableScopes.join(', ')}, not at ${assignment.scope}.`,
      );
    }
    if (!this.role(assignment.roleDefinitionId))
      throw new ResourceError(
        'RoleDefinitionDoesNotExist',
        `the role definition '${guidOf(assignment.roleDefinitionId)}' does not exist in this region.`,
      );
    for (const other of this.assignments.values()) {
      if (
        other.id.toLowerCase() !== assignment.id.toLowerCase() &&
        guidOf(other.roleDefinitionId) === guidOf(assignment.roleDefinitionId) &&
        other.principalId === assignment.principalId &&
        other.scope.toLowerCase() === assignment.scope.toLowerCase()
      ) {
        throw new ResourceError('RoleAssignmentExists', `the role assignment already exists as ${other.id}.`);
      }
    }
    this.assignments.set(assignment.id.toLowerCase(), assignment);
  }
  unassign(id: string): boolean {
    return this.assignments.delete(id.toLowerCase());
  }
  assignment(id: string): RoleAssignment | undefined {
    return this.assignments.get(id.toLowerCase());
  }
  define(role: RoleDefinition): void {
    this.customRoles.set(guidOf(role.id), role);
  }
  /** A custom role by the whole of its id. */
  definition(id: string): RoleDefinition | undefined {
    const found = this.customRoles.get(guidOf(id));
    return found?.id.toLowerCase() === id.toLowerCase() ? found : undefined;
  }
  definitions(): RoleDefinition[] {
    return [...this.customRoles.values()];
  }
  undefine(id: string): boolean {
    return this.customRoles.delete(guidOf(id));
  }
  role(id: string): (RolePermissions & { name: string }) | undefined {
    return builtInRolePermissions[guidOf(id)] ?? this.customRoles.get(guidOf(id));
  }
  all(): RoleAssignment[] {
    return [...this.assignments.values()];
  }

  /** May this principal do this action (a control-plane or data action) at this ARM scope? */
  allowed(principalId: string, action: string, scope: string): boolean {
    for (const assignment of this.assignments.values()) {
      if (assignment.principalId !== principalId || !scopeContains(assignment.scope, scope)) continue;
      const role = this.role(assignment.roleDefinitionId);
      if (role && roleGrants(role, action)) return true;
    }
    return false;
  }

  /** Names of the known roles that grant the action: the hint in a refusal. */
  rolesGranting(action: string): string[] {
    return [...Object.values(builtInRolePermissions), ...this.customRoles.values()]
      .filter((role) => role.name !== 'Owner' && role.name !== 'Contributor' && roleGrants(role, action))
      .map((role) => role.name);
  }
}
