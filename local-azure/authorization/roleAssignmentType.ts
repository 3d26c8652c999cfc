import { nameOf } from '../region/armId';
import { checkInputs, type InputRule } from '../region/checks';
import { tenantId, type RegionContext } from '../region/regionContext';
import { ResourceError, unknownValue, type Properties, type ResourceType } from '../region/resourceType';
import type { RoleAssignment } from '../region/roleAssignments';
import type { Tenant } from '../region/serviceInterfaces';
import { apiVersion, armScope, guid, provenance, withoutSlash } from './authorizationResource';

const rules: readonly InputRule[] = [
  { property: 'scope', required: true, pattern: armScope, expected: 'an ARM id' },
  {
    property: 'roleAssignmentName',
    required: true,
    pattern: guid,
    expected: 'a GUID made from scope, principal and role, so that the same assignment keeps its name',
  },
  { property: 'principalId', required: true, pattern: guid, expected: 'the object id of a principal' },
  {
    property: 'principalType',
    required: true,
    allowed: ['ServicePrincipal', 'User', 'Group', 'ForeignGroup', 'Device'],
    expected: 'ServicePrincipal, User or Group; without it a new identity may not be found',
  },
  {
    property: 'roleDefinitionId',
    required: true,
    pattern: /\/providers\/Microsoft\.Authorization\/roleDefinitions\/[0-9a-f-]{36}$/i,
    expected: 'the ARM id of a role definition',
  },
];

function requirePrincipal(tenant: Pick<Tenant, 'find'>, principalId: string, principalType: string): void {
  const principal = tenant.find({ objectId: principalId });
  if (principalType === 'ServicePrincipal' && !principal)
    throw new ResourceError(
      'PrincipalNotFound',
      `Principal ${principalId} does not exist in the directory ${tenantId}.`,
      'Give the principalId (object id) of an identity, not its client id.',
    );
  if (principalType !== 'ServicePrincipal' && principal)
    throw new ResourceError(
      'UnmatchedPrincipalType',
      `The PrincipalId '${principalId}' has type 'ServicePrincipal', which is different from specified PrincipalType '${principalType}'.`,
    );
}

const outputsOf = ({ id, attributes, ...assignment }: RoleAssignment): Properties => ({
  ...attributes,
  ...assignment,
  roleAssignmentName: nameOf(id),
  name: nameOf(id),
  type: 'Microsoft.Authorization/roleAssignments',
  azureApiVersion: apiVersion,
});

/** A role assignment, as the gate has it. */
export function roleAssignmentType(
  { roles, clock }: Pick<RegionContext, 'roles' | 'clock'>,
  tenant: Pick<Tenant, 'find' | 'deployer'>,
): ResourceType {
  const put = (inputs: Properties): { id: string; outputs: Properties } => {
    const { scope: declaredScope, roleAssignmentName, principalId, principalType, roleDefinitionId, ...others } = inputs;
    const scope = withoutSlash(declaredScope);
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${String(roleAssignmentName)}`;
    requirePrincipal(tenant, String(principalId), String(principalType));
    const before = roles.assignment(id);
    if (before && (before.principalId !== principalId || before.roleDefinitionId.toLowerCase() !== String(roleDefinitionId).toLowerCase()))
      throw new ResourceError(
        'RoleAssignmentUpdateNotPermitted',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
        'Give the assignment a name made from scope, principal and role.',
      );
    const assignment: RoleAssignment = {
      id,
      scope,
      roleDefinitionId: String(roleDefinitionId),
      principalId: String(principalId),
      principalType: String(principalType),
      attributes: { ...others, ...provenance(clock, tenant.deployer, before?.attributes) },
    };
    roles.assign(assignment);
    return { id, outputs: outputsOf(assignment) };
  };
  return {
    token: 'azure-native:authorization:RoleAssignment',
    identifiedBy: ['scope', 'roleAssignmentName'],
    computed: ['name', 'type', 'azureApiVersion', 'createdOn', 'updatedOn', 'createdBy', 'updatedBy'],
    // A changed role under the same name is an update, which Azure refuses.
    replaceOn: {
      scope: 'azure-native, provider/pkg/gen/replacement.go, and a path parameter',
      roleAssignmentName: 'a path parameter: Azure cannot rename or move it',
      principalId: 'azure-native, provider/pkg/gen/replacement.go',
    },
    check: ({ inputs }) => {
      const failures = checkInputs(inputs, rules);
      const { condition } = inputs;
      if (condition !== undefined && condition !== unknownValue)
        failures.push({
          property: 'condition',
          reason: 'condition is set: the local region does not evaluate conditions of role assignments',
        });
      return { inputs, failures };
    },
    create: async ({ inputs }) => put(inputs),
    read: async (id) => {
      const assignment = roles.assignment(id);
      return assignment && outputsOf(assignment);
    },
    update: async (_id, { inputs }) => put(inputs).outputs,
    delete: async (id) => void roles.unassign(id),
  };
}
