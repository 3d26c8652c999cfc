import { z } from 'zod';
import { registryActions } from '../../deploy-programs/build-image/registryActions';
import { problem, note, ready, type Finding } from './finding';
import type { NeededType } from './neededTypes';

/** Answers of the role assignments and role definitions of Resource Manager. */
export const assignmentAnswer = z.object({
  properties: z.object({ scope: z.string(), roleDefinitionId: z.string(), condition: z.string().nullish() }),
});
type AssignmentAnswer = z.output<typeof assignmentAnswer>;
export const definitionAnswer = z.object({
  id: z.string(),
  properties: z.object({
    roleName: z.string(),
    permissions: z.array(z.object({ actions: z.array(z.string()).nullish(), notActions: z.array(z.string()).nullish() })),
  }),
});
export type DefinitionAnswer = z.output<typeof definitionAnswer>;

/** A role that somebody has at a scope. */
interface HeldRole {
  readonly roleName: string;
  readonly condition: string | undefined;
  readonly permissions: DefinitionAnswer['properties']['permissions'];
}

/** Actions without which a deployment stops. */
export const neededActions = (types: readonly NeededType[], options: { build: boolean }): string[] => [
  ...types.map(({ type }) => `${type}/write`),
  ...(options.build ? registryActions : []),
];

const matches = (pattern: string, action: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    'i',
  ).test(action);
const allows = ({ permissions }: HeldRole, action: string) =>
  permissions.some(
    ({ actions, notActions }) =>
      (actions ?? []).some((pattern) => matches(pattern, action)) && !(notActions ?? []).some((pattern) => matches(pattern, action)),
  );

/** Is the assignment in force at the scope: made there or above it? */
export const reaches = (assignment: AssignmentAnswer, scope: string): boolean => {
  const made = assignment.properties.scope.toLowerCase().replace(/\/$/, '');
  return (
    made === '' || made.startsWith('/providers/microsoft.management/managementgroups/') || `${scope.toLowerCase()}/`.startsWith(`${made}/`)
  );
};

/** May the deployer create what the program declares, at this scope? */
export function judgeDeployerRoles(
  assignments: readonly AssignmentAnswer[],
  definitions: readonly DefinitionAnswer[],
  needed: readonly string[],
  scope: string,
): Finding {
  const byId = new Map(definitions.map((definition) => [definition.id.toLowerCase(), definition.properties]));
  const held = assignments
    .filter((assignment) => reaches(assignment, scope))
    .flatMap(({ properties: { roleDefinitionId, condition } }): HeldRole[] => {
      const definition = byId.get(roleDefinitionId.toLowerCase());
      return definition === undefined
        ? []
        : [{ roleName: definition.roleName, condition: condition ?? undefined, permissions: definition.permissions }];
    });
  const missing = needed.filter((action) => !held.some((role) => allows(role, action)));
  const names = [...new Set(held.map(({ roleName }) => roleName))].sort().join(', ') || 'no role';
  if (missing.length > 0) {
    const access = missing.some((action) => action.startsWith('Microsoft.Authorization/'));
    const resources = missing.some((action) => !action.startsWith('Microsoft.Authorization/'));
    const roles = [
      ...(resources ? ['Contributor'] : []),
      ...(access ? ['User Access Administrator (Role Based Access Control Administrator may assign roles, but define none)'] : []),
    ];
    return problem(
      "deployer's roles",
      `with ${names} on ${scope}, not allowed: ${missing.join(', ')}`,
      `have ${roles.join(' and ')} assigned on ${scope}`,
    );
  }
  const conditional = needed.filter((action) => !held.some((role) => role.condition === undefined && allows(role, action)));
  return conditional.length > 0
    ? note(
        "deployer's roles",
        `${names}; under a condition that is not judged here: ${conditional.join(', ')}`,
        'see that the condition allows every role of "npm run plan -- --roles"',
      )
    : ready("deployer's roles", names);
}
