import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { askAll, askWith, NoAnswer } from '../../../../commands/doctor/azureQuestions';
import { allUnchecked, checkCloud, cloudCheckNames } from '../../../../commands/doctor/cloudChecks';
import { allNeededTypes } from '../../../../commands/doctor/neededTypes';
import { unreachable } from '../../../../commands/doctor/deployerSignIn';
import { z } from 'zod';
import { projectRoot } from '../../../support/projectRoot';

const arm = 'https://management.azure.com';
const claims = {
  objectId: 'o1',
  tenantId: 't1',
  name: 'somebody',
  isApplication: true,
  roles: ['Application.ReadWrite.OwnedBy'],
  wids: [],
};
const s1 = { subscriptionId: 's1', displayName: 'Plants', state: 'Enabled' };
const healthy: Readonly<Record<string, unknown>> = {
  '/subscriptions': { value: [s1] },
  '/subscriptions/s1/providers': {
    value: allNeededTypes(parseConfiguration({})).map(({ type }) => ({
      namespace: type.split('/')[0],
      registrationState: 'Registered',
      resourceTypes: [],
    })),
  },
  '/subscriptions/s1/providers/Microsoft.Authorization/roleAssignments': {
    value: [{ properties: { scope: '/subscriptions/s1', roleDefinitionId: '/roles/owner' } }],
  },
  '/roles/owner': { id: 'somewhere/else', properties: { roleName: 'Owner', permissions: [{ actions: ['*'] }] } },
  '/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/westeurope/vmSizes': {
    value: [{ name: 'Standard_DS2_v2', family: 'f', vCPUs: 2 }],
  },
  '/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/westeurope/usages': {
    value: [{ name: { value: 'f' }, currentValue: 0, limit: 10 }],
  },
  '/subscriptions/s1/providers/Microsoft.KeyVault/deletedVaults': { value: [] },
  '/subscriptions/s1/providers/Microsoft.OperationalInsights/deletedWorkspaces': { value: [] },
  '/subscriptions/s1/providers/Microsoft.MachineLearningServices/deletedWorkspaces': { value: [] },
  '/subscriptions/s1/providers/Microsoft.Authorization/policyAssignments': { value: [] },
  '/subscriptions/s1/providers/Microsoft.Storage/locations/westeurope/usages': {
    value: [{ name: { value: 'StorageAccounts' }, currentValue: 247, limit: 250 }],
  },
  '/subscriptions/s1/providers/Microsoft.App/locations/westeurope/usages': {
    value: [{ name: { value: 'ManagedEnvironmentCount' }, currentValue: 0, limit: 1 }],
  },
  '/subscriptions/s1/providers/Microsoft.Devices/usages': {
    value: [
      { name: { value: 'freeIotHubCount' }, currentValue: 1, limit: 1 },
      { name: { value: 'paidIotHubCount' }, currentValue: 3, limit: 50 },
    ],
  },
};
/** Resource Manager on loopback: what it does not know is refused; `status` is how. */
async function withArm<T>(
  answers: Readonly<Record<string, unknown>>,
  status: number,
  use: (ask: ReturnType<typeof askWith>, asked: string[]) => Promise<T>,
): Promise<T> {
  const asked: string[] = [];
  const server = createServer(({ url = '/', headers }, answer) => {
    asked.push(url);
    const found = headers.authorization === 'Bearer token' ? answers[new URL(url, arm).pathname] : undefined;
    answer
      .writeHead(found === undefined ? status : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(found ?? { error: { message: 'no' } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use((url) => askWith('token')(url.replace(arm, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)), asked);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
const findingsOf = (
  answers: Readonly<Record<string, unknown>>,
  subscriptionId?: string,
  settings: Readonly<Record<string, string>> = {},
  status = 403,
) =>
  withArm(answers, status, (ask) =>
    checkCloud(
      { arm: { ask, claims }, graph: { ask, claims } },
      {
        configuration: parseConfiguration({ deployerPrincipalType: 'ServicePrincipal', ...settings }),
        stack: 'dev',
        subscriptionId,
        graphEndpoint: 'https://graph.microsoft.com',
      },
    ),
  );
const examine = async (...given: Parameters<typeof findingsOf>) =>
  Object.fromEntries((await findingsOf(...given)).map(({ check, state }) => [check, state]));
const allReady = Object.fromEntries(['sign-in', ...cloudCheckNames].map((check) => [check, 'ready']));
const without = (ending: string) => Object.fromEntries(Object.entries(healthy).filter(([path]) => !path.endsWith(ending)));
const provider = '/subscriptions/s1/providers';

describe('what Azure is asked', () => {
  it('comes to nothing in the way where all is well', async () => {
    expect(await examine(healthy)).toEqual(allReady);
  });

  it.each([
    ['/deletedVaults', 'deleted vaults'],
    ['OperationalInsights/deletedWorkspaces', 'deleted log workspaces'],
    ['MachineLearningServices/deletedWorkspaces', 'deleted ML workspaces'],
    ['/policyAssignments', 'policies'],
    ['Storage/locations/westeurope/usages', 'storage quota'],
    ['App/locations/westeurope/usages', 'container apps quota'],
    ['Devices/usages', 'IoT hub quota'],
    ['westeurope/vmSizes', 'training quota'],
    ['/roleAssignments', "deployer's roles"],
  ])('leaves a check open that was refused, and judges the others: %s', async (ending, check) => {
    expect(await examine(without(ending))).toEqual({ ...allReady, [check]: 'unchecked' });
  });

  it('is told where Azure knows no list of deleted ML workspaces: that interface is not a published one', async () => {
    expect(await examine(without('MachineLearningServices/deletedWorkspaces'), undefined, {}, 404)).toEqual({
      ...allReady,
      'deleted ML workspaces': 'note',
    });
    expect(await examine(without('OperationalInsights/deletedWorkspaces'), undefined, {}, 404)).toEqual({
      ...allReady,
      'deleted log workspaces': 'unchecked',
    });
  });

  it('finds no room where a quota has none left, with what to ask for', async () => {
    const full = (path: string, value: string, currentValue: number, limit: number) =>
      findingsOf({ ...healthy, [`${provider}/${path}`]: { value: [{ name: { value }, currentValue, limit }] } });
    const found = async (check: string, ...given: Parameters<typeof full>) => (await full(...given)).find((one) => one.check === check);
    expect(await found('storage quota', 'Microsoft.Storage/locations/westeurope/usages', 'StorageAccounts', 248, 250)).toMatchObject({
      state: 'problem',
      found: '3 needed of storage accounts in the region, 2 of 250 are free',
      fix: expect.stringMatching(/^ask for more storage accounts in the region/) as string,
    });
    expect(await found('container apps quota', 'Microsoft.App/locations/westeurope/usages', 'ManagedEnvironmentCount', 1, 1)).toMatchObject(
      { state: 'problem' },
    );
    expect(await found('IoT hub quota', 'Microsoft.Devices/usages', 'PaidIotHubCount', 50, 50)).toMatchObject({ state: 'problem' });
    expect(await found('IoT hub quota', 'Microsoft.Devices/usages', 'somethingElse', 0, 50)).toMatchObject({ state: 'unchecked' });
  });

  it('is about what the parts of the stack make', async () => {
    const platform = await examine(healthy, undefined, { parts: 'platform' });
    expect([platform['storage quota'], platform['IoT hub quota'], platform['container apps quota']]).toEqual([
      'ready',
      undefined,
      undefined,
    ]);
  });

  it('points out what of this factory Azure still keeps', async () => {
    const kept = (name: string, path: string) => examine({ ...healthy, [`${provider}/${path}`]: { value: [{ name }] } });
    expect(await kept('log-plant-one-abc123', 'Microsoft.OperationalInsights/deletedWorkspaces')).toEqual({
      ...allReady,
      'deleted log workspaces': 'note',
    });
    expect(await kept('mlw-plant-one-abc123', 'Microsoft.MachineLearningServices/deletedWorkspaces')).toEqual({
      ...allReady,
      'deleted ML workspaces': 'note',
    });
    expect(await kept('mlw-plant-ten-abc123', 'Microsoft.MachineLearningServices/deletedWorkspaces')).toEqual(allReady);
  });

  it('is not asked about a subscription that nobody chose', async () => {
    const several = { ...healthy, '/subscriptions': { value: [s1, { ...s1, subscriptionId: 's2' }] } };
    expect(await examine(several)).toMatchObject({
      subscription: 'problem',
      'resource providers': 'unchecked',
      'training quota': 'unchecked',
    });
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

describe('policies of the subscription', () => {
  const assigned = (definition: string, parameters: Readonly<Record<string, unknown>>, more: Readonly<Record<string, unknown>> = {}) => ({
    name: 'a1',
    properties: {
      displayName: 'Ours',
      policyDefinitionId: `/providers/Microsoft.Authorization/policyDefinitions/${definition}`,
      parameters: Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, { value }])),
      ...more,
    },
  });
  const judged = async (...assignments: unknown[]) =>
    (await findingsOf({ ...healthy, [`${provider}/Microsoft.Authorization/policyAssignments`]: { value: assignments } })).find(
      ({ check }) => check === 'policies',
    );
  const elsewhere = assigned('e56962a6-4747-49cd-b67b-bf8b01975c4c', { listOfAllowedLocations: ['northeurope', 'swedencentral'] });

  it.each([
    ['a region', elsewhere, /"Ours" allows northeurope, swedencentral and not westeurope/],
    [
      'types that are not on a list',
      assigned('a08ec900-254a-4555-9bf5-e42af04b5c5c', { listOfResourceTypesAllowed: ['microsoft.storage/storageaccounts'] }),
      /does not allow .*Microsoft\.Devices\/IotHubs/,
    ],
    [
      'types that are on a list',
      assigned('6c112d4e-5bc7-47ae-a041-ea2d9dccd749', { listOfResourceTypesNotAllowed: ['Microsoft.Devices/iotHubs'] }),
      /refuses Microsoft\.Devices\/IotHubs/,
    ],
    [
      'a missing tag',
      assigned('871b6d14-10aa-478d-b590-94f262ecfa99', { tagName: 'owner' }),
      /wants the tag owner: pulumi config set --path factory-loop:tags\.owner <value>/,
    ],
  ])('that deny %s stand in the way', async (_, assignment, message) => {
    expect(await judged(assignment)).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(message) as string,
      fix: expect.stringMatching(/exempt/) as string,
    });
  });

  it('are no obstacle where they allow it, are not enforced or leave the resource group out', async () => {
    const fine = [
      assigned('e56962a6-4747-49cd-b67b-bf8b01975c4c', { listOfAllowedLocations: ['West Europe'] }),
      assigned('96670d01-0a4d-4649-9c89-2d3abc0a5025', { tagName: 'Factory' }),
    ];
    const left = [
      { ...elsewhere, properties: { ...elsewhere.properties, enforcementMode: 'DoNotEnforce' } },
      { ...elsewhere, properties: { ...elsewhere.properties, notScopes: ['/subscriptions/s1/resourceGroups/RG-factory-loop-dev'] } },
    ];
    expect(await judged(...fine, ...left)).toMatchObject({ state: 'ready' });
    expect(
      await judged({
        ...elsewhere,
        properties: { ...elsewhere.properties, notScopes: ['/subscriptions/s1/resourceGroups/rg-factory-loop-de'] },
      }),
    ).toMatchObject({ state: 'problem' });
  });

  it('that are not among those are named', async () => {
    expect(await judged(assigned('00000000-0000-0000-0000-000000000001', {}))).toMatchObject({
      state: 'note',
      found: expect.stringMatching(/not judged here.*Ours/) as string,
    });
  });
});

describe('every check', () => {
  it('is called not checked without a connection, and is explained in docs/azure.md', () => {
    expect(allUnchecked('nobody').map(({ check, state }) => [check, state])).toEqual(cloudCheckNames.map((check) => [check, 'unchecked']));
    const text = readFileSync(join(projectRoot, 'docs', 'azure.md'), 'utf8');
    expect(cloudCheckNames.filter((check) => !text.includes(`\`${check}\``))).toEqual([]);
  });
});

describe('npm run doctor', () => {
  it.each([
    ['no stack', [], /expected --stack/],
    ['an unknown stack', ['--stack', 'nowhere'], /--stack nowhere: there is no Pulumi\.nowhere\.yaml; expected one of .*dev/],
    ['an unknown option', ['--stacks', 'dev'], /--stacks/],
  ])('answers %s with one line and exit status 2', (_, args, line) => {
    const { status, stdout, stderr } = spawnSync(
      join(projectRoot, 'node_modules', '.bin', 'node'),
      ['-r', 'ts-node/register', 'commands/doctor.ts', ...args],
      { cwd: projectRoot, encoding: 'utf8', timeout: 60_000 },
    );
    expect({ status, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ status: 2, stdout: '', lines: 1 });
    expect(stderr).toMatch(line);
  });
});
