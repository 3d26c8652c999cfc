import { createHash } from 'node:crypto';
import { RoleAssignment } from '@pulumi/azure-native/authorization';
import * as pulumi from '@pulumi/pulumi';
import { nameBasedUuid } from '../../contracts/nameBasedUuid';
import { waitForPropagation } from '../resource/propagationDelay';
import { type RoleRow } from './roleMatrix';
import { builtInRoleId, isCustomRole, type CustomRole } from '../resource/roles';

/** Somebody who is given roles. */
export interface Grantee {
  /** Object id in the directory. */
  readonly principalId: pulumi.Input<string>;
  /** Azure looks an unnamed type up in a directory that may not know a new identity yet. */
  readonly principalType: 'User' | 'Group' | 'ServicePrincipal';
}
/** One of several: its assignments are named by its id, so that neither its place in the list nor the others change them. */
export interface ListedGrantee extends Grantee {
  readonly principalId: string;
}
export const servicePrincipal = (principalId: pulumi.Input<string>): Grantee => ({ principalId, principalType: 'ServicePrincipal' });

interface RoleGrantsArgs<Who extends string, Scope extends string> {
  /** Rows of the role matrix to assign. */
  readonly rows: readonly RoleRow<Who, Scope>[];
  /** Who the actors of the rows are; an actor may be several principals or nobody. */
  readonly actors: Readonly<Partial<Record<Who, Grantee | readonly ListedGrantee[]>>>;
  /** ARM ids of the scopes of the rows. */
  readonly scopes: Readonly<Partial<Record<Scope, pulumi.Input<string>>>>;
  /** Subscription of the built-in roles. */
  readonly subscriptionId: pulumi.Input<string>;
  /** Custom roles, where a row names one: their ARM ids, and the moment from which Azure assigns them. */
  readonly customRoles?: {
    readonly ids: Readonly<Partial<Record<CustomRole, pulumi.Input<string>>>>;
    readonly ready: readonly pulumi.Resource[];
  };
  /** How long new assignments are given to reach Azure's services before anything depends on them; default 0. */
  readonly waitSeconds?: number;
  /** What the scopes need to be there: a scope that a command makes; default nothing. */
  readonly after?: readonly pulumi.Resource[];
}

/** Stands for a principal in names. */
const granteeTag = (principalId: string): string => createHash('sha256').update(principalId.toLowerCase()).digest('hex').slice(0, 8);

/** Name of an assignment: the same for the same scope, principal and role, in whatever stack and order, and another one otherwise. */
export const roleAssignmentName = (scope: string, principalId: string, roleDefinitionId: string): string =>
  nameBasedUuid('role assignment', scope.toLowerCase(), principalId.toLowerCase(), roleDefinitionId.split('/').pop() ?? roleDefinitionId);

/** Role assignments with deterministic names, and the moment from which they may be relied on. */
export class RoleGrants extends pulumi.ComponentResource {
  /** Whatever uses the roles depends on these. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: RoleGrantsArgs<string, string>, opts?: pulumi.ComponentResourceOptions) {
    super('factory-loop:access:RoleGrants', name, {}, opts);
    const assignments = args.rows.flatMap((row) => {
      const actor = args.actors[row.who];
      if (actor === undefined) return [];
      return 'principalId' in actor
        ? [this.assign(row, actor, row.who, args)]
        : actor.map((grantee) => this.assign(row, grantee, `${row.who}-${granteeTag(grantee.principalId)}`, args));
    });
    const { waitSeconds = 0 } = args;
    this.ready = [...assignments, ...waitForPropagation(`${name}-in-force`, waitSeconds, assignments, this)];
    this.registerOutputs({ assignments: assignments.length });
  }

  private assign(row: RoleRow<string, string>, grantee: Grantee, actorName: string, args: RoleGrantsArgs<string, string>): RoleAssignment {
    const scope = args.scopes[row.scope];
    if (scope === undefined)
      throw new Error(`the role matrix gives ${row.who} the role ${row.role} at "${row.scope}", but no such scope was handed in`);
    const custom = isCustomRole(row.role) ? args.customRoles?.ids[row.role] : undefined;
    if (isCustomRole(row.role) && custom === undefined)
      throw new Error(`the role matrix gives ${row.who} the custom role ${row.role}, but it was not handed in`);
    const { role } = row;
    const roleDefinitionId = isCustomRole(role)
      ? pulumi.output(custom ?? '')
      : pulumi.output(args.subscriptionId).apply((id) => builtInRoleId(id, role));
    const name = pulumi
      .all([scope, grantee.principalId, roleDefinitionId])
      .apply(([at, principalId, id]) => roleAssignmentName(at, principalId, id));
    return new RoleAssignment(
      `${actorName}-${row.role}-${row.scope.replaceAll('/', '-')}`,
      {
        scope,
        roleDefinitionId,
        roleAssignmentName: name,
        principalId: grantee.principalId,
        principalType: grantee.principalType,
        description: `step ${row.step}: ${row.why}`,
      },
      {
        parent: this,
        deleteBeforeReplace: true,
        dependsOn: [...(args.after ?? []), ...(isCustomRole(role) ? (args.customRoles?.ready ?? []) : [])],
      },
    );
  }
}
