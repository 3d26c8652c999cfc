import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { roleTypes } from '../../../../local-azure/authorization/roleTypes';
import { createRegionContext } from '../../../../local-azure/region/regionContext';
import type { Principal } from '../../../../local-azure/region/tokenAuthority';
import type { Properties } from '../../../../local-azure/region/resourceType';

const directory = mkdtempSync(join(tmpdir(), 'role-assignments-'));
const scope = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const [deployer, machine, other] = ['d', 'a', 'b'].map((digit) => ({
  objectId: `${digit}0000000-0000-4000-8000-000000000000`,
  clientId: `${digit}0000000-0000-4000-8000-000000000001`,
  displayName: digit,
})) as [Principal, Principal, Principal];
const tenant = {
  deployer,
  find: (key: { clientId: string } | { objectId: string } | { resourceId: string }) =>
    [deployer, machine, other].find(({ objectId }) => 'objectId' in key && key.objectId === objectId),
};
const roleId = `${scope}/providers/Microsoft.Authorization/roleDefinitions/11111111-2222-4333-8444-555555555555`;
const role: Properties = {
  scope,
  roleName: 'Blob reader of our own',
  roleDefinitionId: '11111111-2222-4333-8444-555555555555',
  description: 'reads',
  assignableScopes: [scope],
  permissions: [{ actions: [], notActions: [], dataActions: ['Microsoft.Storage/*/blobs/read'], notDataActions: [] }],
};
const assignment: Properties = {
  scope,
  roleAssignmentName: '22222222-2222-4333-8444-555555555555',
  principalId: machine.objectId,
  principalType: 'ServicePrincipal',
  roleDefinitionId: roleId,
  description: 'why',
};
const read = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read';

async function region() {
  const context = await createRegionContext({ directory });
  const types = roleTypes(context, tenant).resources;
  const type = (name: string) => types.find(({ token }) => token === `azure-native:authorization:${name}`)!;
  return { context, assignments: type('RoleAssignment'), definitions: type('RoleDefinition') };
}
const create = (inputs: Properties) => ({ name: 'one', urn: 'urn', inputs });

afterAll(() => rmSync(directory, { recursive: true, force: true }));

it('what is read back is what decides, whoever changes it and after a restart too', async () => {
  const before = await region();
  const declaredRole = await before.definitions.create(create(role));
  const { id, outputs } = await before.assignments.create(create(assignment));
  expect(outputs).toMatchObject({ ...assignment, name: assignment['roleAssignmentName'], createdBy: deployer.objectId });
  expect(await before.definitions.read(declaredRole.id)).toMatchObject({ ...role, roleType: 'CustomRole' });
  before.context.close();

  const after = await region();
  expect(await after.assignments.read(id)).toEqual(outputs);
  expect(await after.definitions.read(declaredRole.id)).toEqual(declaredRole.outputs);
  expect(after.context.roles.allowed(machine.objectId, read, scope)).toBe(true);

  const declared = after.context.roles.assignment(id)!;
  after.context.roles.assign({ ...declared, principalId: other.objectId });
  expect(await after.assignments.read(id)).toEqual({ ...outputs, principalId: other.objectId });
  after.context.roles.assign({ ...declared, id: `${id}-beside` });
  expect(await after.assignments.read(`${id}-beside`)).toMatchObject({ principalId: machine.objectId, roleDefinitionId: roleId });

  await after.assignments.delete(id, {});
  expect(after.context.roles.allowed(other.objectId, read, scope)).toBe(false);
  expect(await after.assignments.read(id)).toBeUndefined();
  after.context.close();
});
