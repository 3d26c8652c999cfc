import { randomUUID } from 'node:crypto';
import { nameOf, partOfId } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import type { RegionContext } from '../region/regionContext';
import { ResourceError, unknownValue, type CheckFailure, type Properties, type ResourceType } from '../region/resourceType';
import type { RoleDefinition } from '../region/roleAssignments';
import type { Tenant } from '../region/serviceInterfaces';
import { apiVersion, armScope, guid, provenance, withoutSlash } from './authorizationResource';

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const rules: readonly InputRule[] = [
  { property: 'scope', required: true, pattern: armScope, expected: 'an ARM id' },
  { property: 'roleName', required: true, pattern: /^.{1,512}$/s, expected: 'a name, unique in the tenant' },
  { property: 'roleDefinitionId', required: true, pattern: guid, expected: 'a GUID' },
  { property: 'permissions', required: true, expected: 'one entry with actions, notActions, dataActions and notDataActions' },
  { property: 'assignableScopes', required: true, expected: 'at least one scope at which the role can be assigned' },
];

function check(inputs: Properties): CheckFailure[] {
  const failures = checkInputs(inputs, rules);
  const { permissions } = inputs;
  if (Array.isArray(permissions) && permissions.length !== 1)
    failures.push({ property: 'permissions', reason: `permissions has ${permissions.length} entries: expected one` });
  const grantsNothing =
    Array.isArray(permissions) &&
    permissions.length === 1 &&
    ['actions', 'dataActions'].every((list) => strings((permissions[0] as Properties)[list]).length === 0);
  if (grantsNothing)
    failures.push({ property: 'permissions', reason: 'permissions has neither actions nor dataActions: expected at least one' });
  const conditional =
    Array.isArray(permissions) &&
    (permissions as Properties[]).some(({ condition }) => condition !== undefined && condition !== unknownValue);
  if (conditional)
    failures.push({
      property: 'permissions',
      reason: 'permissions has a condition: the local region does not evaluate conditions of roles',
    });
  return failures;
}

const outputsOf = ({ id, name, assignableScopes, attributes, ...permission }: RoleDefinition): Properties => ({
  ...attributes,
  assignableScopes,
  permissions: [permission],
  roleDefinitionId: nameOf(id),
  roleName: name,
  roleType: 'CustomRole',
  name: nameOf(id),
  type: 'Microsoft.Authorization/roleDefinitions',
  azureApiVersion: apiVersion,
});

/** A custom role, as the gate has it. */
export function roleDefinitionType(
  { roles, clock }: Pick<RegionContext, 'roles' | 'clock'>,
  { deployer }: Pick<Tenant, 'deployer'>,
): ResourceType {
  const put = (inputs: Properties): { id: string; outputs: Properties } => {
    const { roleDefinitionId, roleName, assignableScopes, permissions, ...others } = inputs;
    const id = `${withoutSlash(inputs['scope'])}/providers/Microsoft.Authorization/roleDefinitions/${typeof roleDefinitionId === 'string' ? roleDefinitionId : randomUUID()}`;
    const [permission] = (permissions ?? []) as Properties[];
    const name = String(roleName);
    if (roles.definitions().some((other) => other.name === name && other.id.toLowerCase() !== id.toLowerCase()))
      throw new ResourceError(
        'RoleDefinitionWithSameNameExists',
        `A custom role with the same name already exists in this directory: ${name}.`,
        'Use a different name.',
      );
    const definition: RoleDefinition = {
      id,
      name,
      assignableScopes: strings(assignableScopes),
      actions: strings(permission?.['actions']),
      notActions: strings(permission?.['notActions']),
      dataActions: strings(permission?.['dataActions']),
      notDataActions: strings(permission?.['notDataActions']),
      attributes: { ...others, ...provenance(clock, deployer, roles.definition(id)?.attributes) },
    };
    roles.define(definition);
    return { id, outputs: outputsOf(definition) };
  };
  return {
    token: 'azure-native:authorization:RoleDefinition',
    identifiedBy: ['scope', 'roleDefinitionId'],
    computed: ['name', 'type', 'azureApiVersion', 'createdOn', 'updatedOn', 'createdBy', 'updatedBy'],
    replaceOn: {
      scope: partOfId,
      roleDefinitionId: partOfId,
    },
    check: ({ inputs }) => ({ inputs, failures: check(inputs) }),
    create: async ({ inputs }) => put(inputs),
    read: async (id) => {
      const definition = roles.definition(id);
      return definition && outputsOf(definition);
    },
    update: async (_id, { inputs }) => put(inputs).outputs,
    async delete(id) {
      const used = roles.all().find(({ roleDefinitionId }) => nameOf(roleDefinitionId).toLowerCase() === nameOf(id).toLowerCase());
      if (used)
        throw new ResourceError(
          'RoleDefinitionHasAssignments',
          `There are existing role assignments referencing role (code: RoleDefinitionHasAssignments): ${used.id}.`,
        );
      roles.undefine(id);
    },
  };
}
