import { ManagementLockByScope, RoleAssignment } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';
import { builtInRoleId, type BuiltInRole } from './roles';
import { diagnosticLogs, type Diagnostics } from './diagnostics';

export type Tags = Readonly<Record<string, string>>;
export type LockLevel = 'CanNotDelete' | 'ReadOnly';

/** A role that somebody gets at the component's resource. */
interface ComponentRole {
  /** Object id of whoever gets it. */
  readonly principalId: pulumi.Input<string>;
  /** What the principal is; Azure looks an unnamed type up in a directory that may not know a new identity yet. Default ServicePrincipal. */
  readonly principalType?: 'User' | 'Group' | 'ServicePrincipal';
  /** A built-in role that this program knows. */
  readonly role: BuiltInRole;
  /** Why, in a few words. */
  readonly description?: string;
}

/** Identities that the component's resource acts as, besides those it needs itself. */
interface ComponentIdentity {
  /** Whether Azure makes it an identity of its own; default false. */
  readonly systemAssigned?: boolean;
  /** ARM ids of user-assigned identities; default none. */
  readonly userAssignedIds?: readonly pulumi.Input<string>[];
}

/** What every component takes alike. */
export interface UniformArgs {
  /** Tags of every resource of the component that can have tags; default none. */
  readonly tags?: Tags;
  /** Where its logs go; default nowhere. */
  readonly diagnostics?: Diagnostics;
  /** Who gets which role at it, by a name of the caller's choice; default nobody. */
  readonly roleAssignments?: Readonly<Record<string, ComponentRole>>;
  /** Azure refuses to delete (or to change) the resource; default no lock. */
  readonly lock?: LockLevel;
  /** Identities of the resource; default those that the component needs. */
  readonly identity?: ComponentIdentity;
}

/** How a service spells that a resource has both kinds of identity. */
type Both = 'SystemAssigned,UserAssigned' | 'SystemAssigned, UserAssigned';

/** Identity as Azure wants it: the component's own and those asked for; undefined when there is none. */
export function identityOf<B extends Both>(
  asked: ComponentIdentity = {},
  own: ComponentIdentity,
  both: B,
): { type: 'SystemAssigned' | 'UserAssigned' | B; userAssignedIdentities?: pulumi.Input<string>[] } | undefined {
  const system = asked.systemAssigned === true || own.systemAssigned === true;
  const assigned = [...(own.userAssignedIds ?? []), ...(asked.userAssignedIds ?? [])];
  if (assigned.length === 0) return system ? { type: 'SystemAssigned' } : undefined;
  return { type: system ? both : 'UserAssigned', userAssignedIdentities: assigned };
}

const subscriptionOf = (id: string) => /^\/subscriptions\/([^/]+)/i.exec(id)?.[1] ?? '';

interface Attachments {
  /** ARM id of the component's resource. */
  readonly id: pulumi.Input<string>;
  /** What has logs, by the name of its setting; default the resource itself. */
  readonly logged?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Children of the resource: a lock comes after them and so goes before them. */
  readonly children?: readonly pulumi.Resource[];
}

/** Adds diagnostics, roles and lock to the resource of a component. */
export function attach(
  name: string,
  { diagnostics, roleAssignments = {}, lock }: Omit<UniformArgs, 'tags' | 'identity'>,
  { id, logged = { [name]: id }, children = [] }: Attachments,
  parent: pulumi.Resource,
): void {
  const settings =
    diagnostics === undefined
      ? []
      : Object.entries(logged).map(([of, resourceId]) => diagnosticLogs(of, resourceId, diagnostics, { parent }));
  const roles = Object.entries(roleAssignments).map(([who, { principalId, principalType = 'ServicePrincipal', role, description }]) => {
    const roleDefinitionId = pulumi.output(id).apply((scope) => builtInRoleId(subscriptionOf(scope), role));
    return new RoleAssignment(
      `${name}-${who}-${role}`,
      {
        scope: id,
        roleDefinitionId,
        principalId,
        principalType,
        ...(description === undefined ? {} : { description }),
        roleAssignmentName: pulumi
          .all([id, principalId, roleDefinitionId])
          .apply(([scope, principal, definition]) =>
            nameBasedUuid('role assignment', scope.toLowerCase(), principal, definition.split('/').pop() ?? definition),
          ),
      },
      { parent, deleteBeforeReplace: true },
    );
  });
  if (lock !== undefined) resourceLock(name, id, lock, { parent, dependsOn: [...children, ...settings, ...roles] });
}

/** A lock holds everything below it too, role assignments included: it comes last and goes first. */
export const resourceLock = (
  name: string,
  scope: pulumi.Input<string>,
  level: LockLevel,
  opts: pulumi.CustomResourceOptions,
): ManagementLockByScope =>
  new ManagementLockByScope(
    `${name}-lock`,
    {
      scope,
      level,
      lockName: 'factory-loop',
      notes: 'Holds data of a factory. Set factory-loop:protectData to false and deploy before you delete it.',
    },
    opts,
  );
