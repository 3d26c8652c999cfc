import { RoleGrants, type ListedGrantee } from '../../../components/access/roleGrants';
import { rowsOf } from '../../../components/access/roleMatrix';
import { captureProgram, guid, ofType } from './capturedProgram';

const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/rg';
const person = (name: string): ListedGrantee => ({ principalId: guid(name), principalType: 'User' });
async function namesOf(...readers: ListedGrantee[]): Promise<Record<string, unknown>> {
  const rows = rowsOf('reader').slice(0, 2);
  const captured = await captureProgram({}, { program: () => {
    new RoleGrants('people', { rows, actors: { reader: readers }, scopes: Object.fromEntries(rows.map(({ scope }) => [scope, `${group}/${scope}`])), subscriptionId: guid('subscription') });
    return Promise.resolve({});
  } });
  return Object.fromEntries(ofType(captured, 'azure-native:authorization:RoleAssignment').map(({ name, inputs }) => [name, inputs['roleAssignmentName']]));
}

it('an assignment of one of several people has the same name whoever else comes and goes, and in whatever order', async () => {
  const [anna, all, turned] = [await namesOf(person('anna')), await namesOf(person('anna'), person('ben'), person('cleo')), await namesOf(person('cleo'), person('anna'))];
  expect([anna, all, turned].map((names) => Object.keys(names).length)).toEqual([2, 6, 4]);
  expect(all).toMatchObject(anna);
  expect(all).toMatchObject(turned);
  expect(new Set(Object.values(all)).size).toBe(6);
});
