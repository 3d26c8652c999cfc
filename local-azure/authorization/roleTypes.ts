import { randomUUID } from 'node:crypto';
import { subscriptionId, tenantId, type RegionContext } from '../region/regionContext';
import { checkInputs } from '../region/checks';
import type { Tenant } from '../region/serviceInterfaces';
import {
  ResourceError,
  unknownValue,
  type CheckFailure,
  type Properties,
  type ProviderPart,
  type ResourceType,
} from '../region/resourceType';

const apiVersion = '2022-04-01';
const guid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const armScope = /^\/(?:$|subscriptions\/|providers\/)/i;
const scopeOf = (inputs: Properties) => String(inputs['scope']).replace(/\/+$/, '');

/** Who created it and when; kept over updates. */
function provenance(context: RegionContext, tenant: Pick<Tenant, 'find' | 'deployer'>, before: Properties | undefined): Properties {
  const now = context.clock.now().toISOString();
  return {
    createdOn: before?.['createdOn'] ?? now,
    updatedOn: now,
    createdBy: tenant.deployer.objectId,
    updatedBy: tenant.deployer.objectId,
  };
}

function roleAssignment(context: RegionContext, tenant: Pick<Tenant, 'find' | 'deployer'>): ResourceType {
  const kept = context.openStore<Properties>('provider/role-assignments');
  const put = (inputs: Properties): { id: string; outputs: Properties } => {
    const name = String(inputs['roleAssignmentName']);
    const scope = scopeOf(inputs);
    const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;
    const principalId = String(inputs['principalId']);
    const principalType = String(inputs['principalType']);
    const roleDefinitionId = String(inputs['roleDefinitionId']);
    const known = tenant.find({ objectId: principalId });
    if (principalType === 'ServicePrincipal' && !known)
      throw new ResourceError(
        'PrincipalNotFound',
        `Principal ${principalId} does not exist in the directory ${tenantId}.`,
        'Give the principalId (object id) of an identity, not its client id.',
      );
    if (principalType !== 'ServicePrincipal' && known)
      throw new ResourceError(
        'UnmatchedPrincipalType',
        `The PrincipalId '${principalId}' has type 'ServicePrincipal', which is different from specified PrincipalType '${principalType}'.`,
      );
    const before = context.roles.assignment(id);
    if (before && (before.principalId !== principalId || before.roleDefinitionId.toLowerCase() !== roleDefinitionId.toLowerCase()))
      throw new ResourceError(
        'RoleAssignmentUpdateNotPermitted',
        'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
        'Give the assignment a name made from scope, principal and role.',
      );
    try {
      context.roles.assign({ id, scope, roleDefinitionId, principalId, principalType });
    } catch (error) {
      const [code = 'BadRequest', ...message] = (error as Error).message.split(': ');
      throw new ResourceError(code, message.join(': '));
    }
    const outputs = {
      ...inputs,
      scope,
      name,
      type: 'Microsoft.Authorization/roleAssignments',
      azureApiVersion: apiVersion,
      ...provenance(context, tenant, kept.get(id.toLowerCase())),
    };
    kept.set(id.toLowerCase(), outputs);
    return { id, outputs };
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
      const failures: CheckFailure[] = checkInputs(inputs, [
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
      ]);
      const condition = inputs['condition'];
      return {
        inputs,
        failures:
          condition === undefined || condition === unknownValue
            ? failures
            : [
                ...failures,
                { property: 'condition', reason: 'condition is set: the local region does not evaluate conditions of role assignments' },
              ],
      };
    },
    create: async ({ inputs }) => put(inputs),
    read: async (id) => (context.roles.assignment(id) ? kept.get(id.toLowerCase()) : undefined),
    update: async (_id, { inputs }) => put(inputs).outputs,
    async delete(id) {
      kept.delete(id.toLowerCase());
      context.roles.unassign(id);
    },
  };
}

const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

function roleDefinition(context: RegionContext, tenant: Pick<Tenant, 'find' | 'deployer'>): ResourceType {
  const kept = context.openStore<Properties>('provider/role-definitions');
  const put = (inputs: Properties): { id: string; outputs: Properties } => {
    const name = typeof inputs['roleDefinitionId'] === 'string' ? inputs['roleDefinitionId'] : randomUUID();
    const id = `${scopeOf(inputs)}/providers/Microsoft.Authorization/roleDefinitions/${name}`;
    const [permissions] = (inputs['permissions'] ?? []) as Properties[];
    const roleName = String(inputs['roleName']);
    for (const [other, outputs] of kept.entries())
      if (other !== id.toLowerCase() && outputs['roleName'] === roleName)
        throw new ResourceError(
          'RoleDefinitionWithSameNameExists',
          `A custom role with the same name already exists in this directory: ${roleName}.`,
          'Use a different name.',
        );
    context.roles.define({
      id,
      name: roleName,
      assignableScopes: strings(inputs['assignableScopes']),
      actions: strings(permissions?.['actions']),
      notActions: strings(permissions?.['notActions']),
      dataActions: strings(permissions?.['dataActions']),
      notDataActions: strings(permissions?.['notDataActions']),
    });
    const outputs = {
      ...inputs,
      roleDefinitionId: name,
      roleName,
      roleType: 'CustomRole',
      name,
      type: 'Microsoft.Authorization/roleDefinitions',
      azureApiVersion: apiVersion,
      ...provenance(context, tenant, kept.get(id.toLowerCase())),
    };
    kept.set(id.toLowerCase(), outputs);
    return { id, outputs };
  };
  return {
    token: 'azure-native:authorization:RoleDefinition',
    identifiedBy: ['scope', 'roleDefinitionId'],
    computed: ['name', 'type', 'azureApiVersion', 'createdOn', 'updatedOn', 'createdBy', 'updatedBy'],
    replaceOn: {
      scope: 'Microsoft.Authorization: part of the resource id',
      roleDefinitionId: 'Microsoft.Authorization: part of the resource id',
    },
    check: ({ inputs }) => {
      const failures: CheckFailure[] = checkInputs(inputs, [
        { property: 'scope', required: true, pattern: armScope, expected: 'an ARM id' },
        { property: 'roleName', required: true, pattern: /^.{1,512}$/s, expected: 'a name, unique in the tenant' },
        { property: 'roleDefinitionId', required: true, pattern: guid, expected: 'a GUID' },
        { property: 'permissions', required: true, expected: 'one entry with actions, notActions, dataActions and notDataActions' },
        { property: 'assignableScopes', required: true, expected: 'at least one scope at which the role can be assigned' },
      ]);
      const { permissions } = inputs;
      if (Array.isArray(permissions) && permissions.length !== 1)
        failures.push({ property: 'permissions', reason: `permissions has ${permissions.length} entries: expected one` });
      const none =
        Array.isArray(permissions) &&
        permissions.length === 1 &&
        ['actions', 'dataActions'].every((one) => strings((permissions[0] as Properties)[one]).length === 0);
      if (none)
        failures.push({ property: 'permissions', reason: 'permissions has neither actions nor dataActions: expected at least one' });
      const conditional =
        Array.isArray(permissions) &&
        (permissions as Properties[]).some(({ condition }) => condition !== undefined && condition !== unknownValue);
      if (conditional)
        failures.push({
          property: 'permissions',
          reason: 'permissions has a condition: the local region does not evaluate conditions of roles',
        });
      return { inputs, failures };
    },
    create: async ({ inputs }) => put(inputs),
    read: async (id) => (context.roles.role(id) ? kept.get(id.toLowerCase()) : undefined),
    update: async (_id, { inputs }) => put(inputs).outputs,
    async delete(id) {
      const guidOf = (one: string) => one.split('/').pop()?.toLowerCase();
      const used = context.roles.all().find((one) => guidOf(one.roleDefinitionId) === guidOf(id));
      if (used)
        throw new ResourceError(
          'RoleDefinitionHasAssignments',
          `There are existing role assignments referencing role (code: RoleDefinitionHasAssignments): ${used.id}.`,
        );
      kept.delete(id.toLowerCase());
      context.roles.undefine(id);
    },
  };
}

/** Role assignments, custom roles, and who deploys. */
export const roleTypes = (context: RegionContext, tenant: Pick<Tenant, 'find' | 'deployer'>): ProviderPart => ({
  resources: [roleAssignment(context, tenant), roleDefinition(context, tenant)],
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
