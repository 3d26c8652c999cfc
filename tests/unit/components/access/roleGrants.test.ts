import fc from 'fast-check';
import { RoleGrants, roleAssignmentName, type ListedGrantee } from '../../../../components/access/roleGrants';
import { factoryRoles, rowsOf, workspaceRoles } from '../../../../components/access/roleMatrix';
import { captureProgram, guid, ofType } from '../../support/capturedProgram';

const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const person = (name: string): ListedGrantee => ({ principalId: guid(name), principalType: 'User' });
async function namesOf(...readers: ListedGrantee[]): Promise<Record<string, unknown>> {
  const rows = rowsOf('reader').slice(0, 2);
  const captured = await captureProgram(
    {},
    {
      program: () => {
        new RoleGrants('people', {
          rows,
          actors: { reader: readers },
          scopes: Object.fromEntries(rows.map(({ scope }) => [scope, `${group}/${scope}`])),
          subscriptionId: guid('subscription'),
        });
        return Promise.resolve({});
      },
    },
  );
  return Object.fromEntries(
    ofType(captured, 'azure-native:authorization:RoleAssignment').map(({ name, inputs }) => [name, inputs['roleAssignmentName']]),
  );
}

it('an assignment of one of several people has the same name whoever else comes and goes, and in whatever order', async () => {
  const [anna, all, turned] = [
    await namesOf(person('anna')),
    await namesOf(person('anna'), person('ben'), person('cleo')),
    await namesOf(person('cleo'), person('anna')),
  ];
  expect([anna, all, turned].map((names) => Object.keys(names).length)).toEqual([2, 6, 4]);
  expect(all).toMatchObject(anna);
  expect(all).toMatchObject(turned);
  expect(new Set(Object.values(all)).size).toBe(6);
});

const segment = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const assignment = fc.tuple(
  fc.array(segment, { minLength: 1, maxLength: 6 }).map((parts) => `/${parts.join('/')}`),
  fc.uuid(),
  fc.uuid(),
);

it('two assignments have one name exactly when scope, principal and role are the same, however they are written', () => {
  fc.assert(
    fc.property(assignment, assignment, ([scope, principal, role], other) => {
      const same = scope === other[0] && principal === other[1] && role === other[2];
      return (
        (roleAssignmentName(scope, principal, role) === roleAssignmentName(...other)) === same &&
        roleAssignmentName(scope.toUpperCase(), principal.toUpperCase(), `/providers/Microsoft.Authorization/roleDefinitions/${role}`) ===
          roleAssignmentName(scope, principal, role)
      );
    }),
  );
});

it('the matrix gives nobody a role twice, nor again at a part of where it is given already', () => {
  const contains = (outer: string, inner: string) => inner === outer || inner.startsWith(`${outer}/`);
  const rows = [...factoryRoles, ...workspaceRoles];
  const superfluous = rows.filter((row, index) =>
    rows.some((other, at) => at !== index && other.who === row.who && other.role === row.role && contains(other.scope, row.scope)),
  );
  expect(superfluous.map(({ who, role, scope }) => `${who} ${role} ${scope}`)).toEqual([]);
});
