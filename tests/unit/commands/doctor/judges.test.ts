import { judgeDeletedNames, keptKinds } from '../../../../commands/doctor/deletedNames';
import { judgeDeployerRoles, neededActions } from '../../../../commands/doctor/deployerRoles';
import { judgeEntraRights } from '../../../../commands/doctor/entraRights';
import { exitCodeOf, note, problem, ready, unchecked } from '../../../../commands/doctor/finding';
import { findingLines } from '../../../../commands/doctor/findingLines';
import { judgeLocalTools } from '../../../../commands/doctor/localTools';
import { allNeededTypes, neededTypes } from '../../../../commands/doctor/neededTypes';
import { judgeRegion, judgeRegistration } from '../../../../commands/doctor/resourceProviders';
import { readClaims } from '../../../../commands/stack/tokenClaims';
import { judgeTrainingQuota } from '../../../../commands/doctor/trainingQuota';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { programs } from '../../../../contracts/programs';
import { captureProgram } from '../../support/capturedProgram';

const types = allNeededTypes(parseConfiguration({}));
const provider = (type: string, registrationState = 'Registered', locations = ['West Europe']) => ({
  namespace: type.split('/')[0] ?? '',
  registrationState,
  resourceTypes: [{ resourceType: type.split('/').slice(1).join('/'), locations }],
});
const everything = types.map(({ type }) => provider(type));

describe('the types that are asked about', () => {
  it('cover every service that the program creates', async () => {
    const prebuiltImages = Object.fromEntries(
      Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]),
    );
    const { registrations } = await captureProgram({ imageSource: 'prebuilt', prebuiltImages });
    const modules = new Set(registrations.flatMap(({ type }) => /^azure-native:(\w+):/.exec(type)?.[1] ?? []));
    expect([...modules].filter((module) => !(module in neededTypes))).toEqual([]);
  });

  it('are asked about where the stack has them', () => {
    const locks = (protectData: string) =>
      allNeededTypes(parseConfiguration({ protectData })).filter(({ type }) => type.endsWith('/locks')).length;
    expect([locks('true'), locks('false')]).toEqual([1, 0]);
  });
});

describe('resource providers and region', () => {
  it('are ready when everything is registered and offered', () => {
    expect([judgeRegistration(everything, types), judgeRegion(everything, types, 'westeurope')].map(({ state }) => state)).toEqual([
      'ready',
      'ready',
    ]);
  });

  it('name what is not registered with the command that registers it', () => {
    const without = everything
      .map((one) => (one.namespace === 'Microsoft.App' ? { ...one, registrationState: 'NotRegistered' } : one))
      .filter(({ namespace }) => namespace !== 'Microsoft.Devices');
    expect(judgeRegistration(without, types)).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/Microsoft\.App \(NotRegistered\), Microsoft\.Devices \(unknown/) as string,
      fix: 'az provider register --namespace Microsoft.App && az provider register --namespace Microsoft.Devices',
    });
  });

  it('name what the region does not offer', () => {
    const elsewhere = everything.map((one) =>
      one.namespace === 'Microsoft.MachineLearningServices'
        ? provider('Microsoft.MachineLearningServices/workspaces', 'Registered', ['East US 2'])
        : one,
    );
    expect(judgeRegion(elsewhere, types, 'westeurope')).toMatchObject({
      state: 'problem',
      found: 'westeurope does not offer Microsoft.MachineLearningServices/workspaces',
    });
    expect(
      judgeRegion(
        elsewhere.filter(({ namespace }) => namespace === 'Microsoft.MachineLearningServices'),
        types,
        'eastus2',
      ).state,
    ).toBe('ready');
  });
});

describe("the deployer's roles", () => {
  const subscription = '/subscriptions/s1';
  const scope = `${subscription}/resourceGroups/rg-factory-loop-dev`;
  const role = (id: string, roleName: string, actions: string[], notActions: string[] = []) => ({
    id,
    properties: { roleName, permissions: [{ actions, notActions }] },
  });
  const contributor = role('/c', 'Contributor', ['*'], ['Microsoft.Authorization/*/Delete', 'Microsoft.Authorization/*/Write']);
  const rbac = role('/r', 'Role Based Access Control Administrator', ['Microsoft.Authorization/roleAssignments/write', '*/read']);
  const access = role('/u', 'User Access Administrator', ['*/read', 'Microsoft.Authorization/*']);
  const assigned = (roleDefinitionId: string, at = subscription, condition?: string) => ({
    properties: { scope: at, roleDefinitionId, ...(condition === undefined ? {} : { condition }) },
  });
  const needed = neededActions(types, { build: true });
  const judge = (...assignments: ReturnType<typeof assigned>[]) =>
    judgeDeployerRoles(assignments, [contributor, rbac, access], needed, scope);

  it('are enough with Contributor and User Access Administrator, at or above the resource group', () => {
    expect(judge(assigned('/c'), assigned('/u'))).toMatchObject({ state: 'ready', found: 'Contributor, User Access Administrator' });
    expect(judge(assigned('/C', '/'), assigned('/u', '/providers/Microsoft.Management/managementGroups/all')).state).toBe('ready');
    expect(judge(assigned('/c', scope.toUpperCase()), assigned('/u', scope)).state).toBe('ready');
  });

  it('are not enough where the deployer may assign roles and define none', () => {
    expect(judge(assigned('/c'), assigned('/r'))).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/not allowed: Microsoft\.Authorization\/roleDefinitions\/write$/) as string,
      fix: expect.stringMatching(/^have User Access Administrator .* assigned on /) as string,
    });
  });

  it('are not enough without the copy of the base image, where images are built', () => {
    const importImage = 'Microsoft.ContainerRegistry/registries/importImage/action';
    const all = [assigned('/o')];
    const without = [role('/o', 'Almost owner', ['*'], [importImage])];
    expect(judgeDeployerRoles(all, without, needed, scope)).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/not allowed: Microsoft\.ContainerRegistry\/registries\/importImage\/action$/) as string,
    });
    expect(judgeDeployerRoles(all, without, neededActions(types, { build: false }), scope).state).toBe('ready');
  });

  it('do not count in another resource group, nor in one whose name only begins the same', () => {
    expect(judge(assigned('/c', `${scope}2`), assigned('/u', `${scope}2`))).toMatchObject({
      state: 'problem',
      found: expect.stringMatching(/^with no role on /) as string,
      fix: expect.stringMatching(/^have Contributor and User Access Administrator/) as string,
    });
    expect(judge(assigned('/c', `${subscription}/resourceGroups/rg-factory-loop-d`), assigned('/u')).state).toBe('problem');
  });

  it('under a condition are pointed out', () => {
    expect(judge(assigned('/c'), assigned('/u', subscription, '@Request[...] ForAnyOfAnyValues:GuidEquals {}'))).toMatchObject({
      state: 'note',
      found: expect.stringMatching(/condition.*roleAssignments\/write/) as string,
    });
  });
});

describe('Entra permissions', () => {
  const person = { objectId: 'o', tenantId: 't', name: 'p', isApplication: false, roles: [], wids: [] };
  it.each([
    [
      'an application with the permission',
      { ...person, isApplication: true, roles: ['Application.ReadWrite.OwnedBy'] },
      undefined,
      'ready',
    ],
    ['an application without it', { ...person, isApplication: true, roles: ['User.Read.All'] }, true, 'problem'],
    ['a person with a directory role', { ...person, wids: ['cf1c38e5-3621-4004-a7cb-879624dced7c'] }, false, 'ready'],
    ['a person where all may', person, true, 'ready'],
    ['a person where none may', person, false, 'problem'],
    ['a person in a tenant that does not say', person, undefined, 'unchecked'],
  ] as const)('of %s', (_, claims, mayAll, state) => {
    expect(judgeEntraRights(claims, mayAll).state).toBe(state);
  });

  it('are read from the token, and from none that is none', () => {
    const token = `x.${Buffer.from(JSON.stringify({ oid: 'o1', tid: 't1', idtyp: 'app', appid: 'a1', roles: ['R'] })).toString('base64url')}.y`;
    expect(readClaims(token)).toEqual({ objectId: 'o1', tenantId: 't1', name: 'a1', isApplication: true, roles: ['R'], wids: [] });
    expect([readClaims('opaque'), readClaims(`x.${Buffer.from('{"oid":1}').toString('base64url')}.y`)]).toEqual([undefined, undefined]);
  });
});

describe('the quota of the training cluster', () => {
  const sizes = [{ name: 'Standard_DS3_v2', family: 'standardDSv2Family', vCPUs: 4 }];
  const judge = (limit: number, currentValue: number, vmSize = 'STANDARD_DS3_V2', maxNodes = 2) =>
    judgeTrainingQuota(sizes, [{ name: { value: 'StandardDSv2Family' }, currentValue, limit }], { vmSize, maxNodes }, 'westeurope');
  it.each([
    [8, 0, 'ready'],
    [-1, 900, 'ready'],
    [8, 4, 'note'],
    [8, 5, 'problem'],
    [0, 0, 'problem'],
  ])('of %d cores with %d in use', (limit, used, state) => {
    expect(judge(limit, used).state).toBe(state);
  });

  it('knows a size that the region does not have, and says when it was told nothing', () => {
    expect(judge(8, 0, 'Standard_NC6').found).toBe('Azure ML offers no Standard_NC6 in westeurope');
    expect(judgeTrainingQuota(sizes, [], { vmSize: 'Standard_DS3_v2', maxNodes: 1 }, 'westeurope').state).toBe('unchecked');
  });
});

describe('names and tools', () => {
  it('point out vaults of this factory only', () => {
    const deleted = [
      { name: 'kv-ml-plant-one-abc123', properties: { scheduledPurgeDate: '2026-12-01T10:00:00Z' } },
      { name: 'kv-ml-other-abc123' },
    ];
    expect(judgeDeletedNames(keptKinds.vaults, deleted, ['kv-ml-plant-one-'])).toMatchObject({
      state: 'note',
      found: 'still soft-deleted: kv-ml-plant-one-abc123 (until 2026-12-01)',
    });
    expect(judgeDeletedNames(keptKinds.vaults, deleted, ['kv-ml-plant-two-']).state).toBe('ready');
  });

  it('want bundles only where images are built', () => {
    const tools = { pulumi: undefined, machineNode: 'v20.1.0', nodeProblem: 'too old', built: false, changed: [] };
    expect(judgeLocalTools(tools, true).map(({ check, state }) => [check, state])).toEqual([
      ['Pulumi CLI', 'problem'],
      ['Node', 'problem'],
      ['program bundles', 'problem'],
    ]);
    expect(
      judgeLocalTools({ pulumi: 'v3.259.0', machineNode: 'v24.1.0', nodeProblem: undefined, built: false, changed: ['a.ts'] }, false).map(
        ({ state }) => state,
      ),
    ).toEqual(['ready', 'ready']);
    const built = { pulumi: 'v3.259.0', machineNode: 'v24.1.0', nodeProblem: undefined, built: true };
    expect(judgeLocalTools({ ...built, changed: [] }, true).at(-1)).toMatchObject({ state: 'ready' });
    expect(judgeLocalTools({ ...built, changed: ['a.ts', 'b.ts'] }, true).at(-1)).toMatchObject({
      state: 'note',
      found: expect.stringContaining('a.ts and 1 more have changed') as string,
      fix: 'npm run build',
    });
  });
});

describe('what a person and a script are told', () => {
  it('never takes unknown for ready', () => {
    expect([[ready('a', 'x')], [ready('a', 'x'), note('b', 'y')], [unchecked('a', 'x')], [problem('a', 'x', 'y')]].map(exitCodeOf)).toEqual(
      [0, 0, 1, 1],
    );
  });

  it('puts the fix under what was found', () => {
    const plain = (text: string) => text;
    expect(
      findingLines([problem('region', 'bad', 'move'), unchecked('quota', 'offline')], { ok: plain, bad: plain, dim: plain, bold: plain }),
    ).toEqual([
      '✗ region  bad',
      '          -> move',
      '? quota   not checked: offline',
      '',
      '1 thing stands in the way, 1 could not be checked.',
    ]);
  });
});
