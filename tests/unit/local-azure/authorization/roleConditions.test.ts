import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entra } from '../../../../local-azure/entra/entra';
import { roleTypes } from '../../../../local-azure/authorization/roleTypes';
import { unknownValue, type Properties } from '../../../../local-azure/region/resourceType';
import { createRegionContext } from '../../../../local-azure/region/regionContext';

const scope = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const guid = '11111111-2222-4333-8444-555555555555';
const onlyOneBlob =
  "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR (@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringEquals 'a'))";
let directory: string;
let context: Awaited<ReturnType<typeof createRegionContext>>;
let reasons: (token: string, inputs: Properties) => string[];
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'conditions-'));
  context = await createRegionContext({ directory });
  const { resources } = roleTypes(context, new Entra(context));
  reasons = (token, inputs) =>
    resources
      .find((one) => one.token === `azure-native:authorization:${token}`)
      ?.check({ name: 'one', inputs, preview: false })
      .failures.map(({ property, reason }) => `${property}: ${reason}`) ?? [token];
});
afterAll(() => {
  context.close();
  rmSync(directory, { recursive: true, force: true });
});

const assignment: Properties = {
  scope,
  roleAssignmentName: guid,
  principalId: guid,
  principalType: 'ServicePrincipal',
  roleDefinitionId: `${scope}/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1`,
};
const role = (permission: Properties): Properties => ({
  scope,
  roleName: 'own',
  roleDefinitionId: guid,
  assignableScopes: [scope],
  permissions: [
    {
      actions: [],
      notActions: [],
      dataActions: ['Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'],
      notDataActions: [],
      ...permission,
    },
  ],
});

it('a condition is never ignored: an assignment or a role that has one is refused, and what Azure would narrow is not granted whole', () => {
  expect(reasons('RoleAssignment', assignment)).toEqual([]);
  expect(reasons('RoleAssignment', { ...assignment, condition: onlyOneBlob, conditionVersion: '2.0' })).toEqual([
    'condition: condition is set: the local region does not evaluate conditions of role assignments',
  ]);
  expect(reasons('RoleDefinition', role({}))).toEqual([]);
  expect(reasons('RoleDefinition', role({ condition: onlyOneBlob, conditionVersion: '2.0' }))).toEqual([
    'permissions: permissions has a condition: the local region does not evaluate conditions of roles',
  ]);
});

it('a condition that is not known yet passes a preview and is looked at when it is', () => {
  expect(reasons('RoleAssignment', { ...assignment, condition: unknownValue })).toEqual([]);
  expect(reasons('RoleDefinition', role({ condition: unknownValue }))).toEqual([]);
});
