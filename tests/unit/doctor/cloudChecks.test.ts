import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseConfiguration } from '../../../components/configuration';
import { askAll, NoAnswer } from '../../../commands/doctor/azureQuestions';
import { checkCloud } from '../../../commands/doctor/cloudChecks';
import { allNeededTypes } from '../../../commands/doctor/neededTypes';
import { unreachable } from '../../../commands/doctor/signIn';
import { z } from 'zod';

const root = join(__dirname, '..', '..', '..');
const arm = 'https://management.azure.com';
const claims = { objectId: 'o1', tenantId: 't1', name: 'somebody', isApplication: true, roles: ['Application.ReadWrite.OwnedBy'], wids: [] };
const s1 = { subscriptionId: 's1', displayName: 'Plants', state: 'Enabled' };
const healthy: Readonly<Record<string, unknown>> = {
  '/subscriptions': { value: [s1] },
  '/subscriptions/s1/providers': { value: allNeededTypes(parseConfiguration({})).map(({ type }) => ({ namespace: type.split('/')[0], registrationState: 'Registered', resourceTypes: [] })) },
  '/subscriptions/s1/providers/Microsoft.Authorization/roleAssignments': { value: [{ properties: { scope: '/subscriptions/s1', roleDefinitionId: '/roles/owner' } }] },
  '/roles/owner': { id: 'somewhere/else', properties: { roleName: 'Owner', permissions: [{ actions: ['*'] }] } },
  '/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/westeurope/vmSizes': { value: [{ name: 'Standard_DS2_v2', family: 'f', vCPUs: 2 }] },
  '/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/westeurope/usages': { value: [{ name: { value: 'f' }, currentValue: 0, limit: 10 }] },
  '/subscriptions/s1/providers/Microsoft.KeyVault/deletedVaults': { value: [] },
};
const examine = async (answers: Readonly<Record<string, unknown>>, subscriptionId?: string) => {
  const ask = async (url: string) => answers[new URL(url).pathname] ?? Promise.reject(new NoAnswer('management.azure.com answered 403'));
  const configuration = parseConfiguration({ deployerPrincipalType: 'ServicePrincipal' });
  const findings = await checkCloud({ arm: { ask, claims }, graph: { ask, claims } }, { configuration, stack: 'dev', subscriptionId, graphEndpoint: 'https://graph.microsoft.com' });
  return Object.fromEntries(findings.map(({ check, state }) => [check, state]));
};
const allReady = Object.fromEntries(['sign-in', 'subscription', 'resource providers', 'region', "deployer's roles", 'training quota', 'deleted names', 'Entra permissions'].map((check) => [check, 'ready']));

describe('what Azure is asked', () => {
  it('comes to nothing in the way where all is well', async () => {
    expect(await examine(healthy)).toEqual(allReady);
  });

  it('leaves a check open that was refused, and judges the others', async () => {
    const refused = Object.fromEntries(Object.entries(healthy).filter(([path]) => !path.endsWith('/deletedVaults')));
    expect(await examine(refused)).toEqual({ ...allReady, 'deleted names': 'unchecked' });
  });

  it('is not asked about a subscription that nobody chose', async () => {
    const several = { ...healthy, '/subscriptions': { value: [s1, { ...s1, subscriptionId: 's2' }] } };
    expect(await examine(several)).toMatchObject({ subscription: 'problem', 'resource providers': 'unchecked', 'training quota': 'unchecked' });
    expect(await examine(several, 'S1')).toEqual(allReady);
    expect(await examine(healthy, 's9')).toMatchObject({ subscription: 'problem' });
  });

  it('follows pages, and none to another host', async () => {
    const asked: string[] = [];
    const pages = (next: string) => async (url: string) => {
      asked.push(url);
      return url.includes('page2') ? { value: [3, 'no number'] } : { value: [1, 2], nextLink: next };
    };
    expect(await askAll(pages(`${arm}/page2`), `${arm}/page1`, z.number())).toEqual([1, 2, 3]);
    expect(await askAll(pages('https://elsewhere.example/page2'), `${arm}/page1`, z.number())).toEqual([1, 2]);
    expect(asked.filter((url) => !url.startsWith(arm))).toEqual([]);
    await expect(askAll(async () => 'nothing of the sort', arm, z.number())).rejects.toThrow(NoAnswer);
  });

  it('is not waited for where there is no connection', async () => {
    expect(await unreachable('https://nowhere.invalid')).toMatch(/^nowhere\.invalid cannot be reached \(.+\)$/);
  });
});

describe('npm run doctor', () => {
  it.each([['no stack', [], /expected --stack/], ['an unknown stack', ['--stack', 'nowhere'], /--stack nowhere: there is no Pulumi\.nowhere\.yaml; expected one of .*dev/], ['an unknown option', ['--stacks', 'dev'], /--stacks/]])('answers %s with one line and exit status 2', (_, args, line) => {
    const { status, stdout, stderr } = spawnSync(join(root, 'node_modules', '.bin', 'node'), ['-r', 'ts-node/register', 'commands/doctor.ts', ...args], { cwd: root, encoding: 'utf8', timeout: 60_000 });
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(line);
  });
});
