import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alertTypes } from '../../../local-azure/monitor/alertTypes';
import { logTableTemplate, logTableTypes } from '../../../local-azure/monitor/logTableTypes';
import { overviewTypes } from '../../../local-azure/monitor/overviewTypes';
import { catalogueOf } from '../../../local-azure/provider/catalogue';
import { deploymentTypes } from '../../../local-azure/resource-manager/deploymentTypes';
import { lockTypes, withLocks } from '../../../local-azure/authorization/lockTypes';
import type { Properties, ResourceType } from '../../../local-azure/region/resourceType';
import { AppendOnlyStore } from '../../../local-azure/region/appendOnlyStore';
import { subscriptionId } from '../../../local-azure/region/regionContext';

const directory = mkdtempSync(join(tmpdir(), 'locks-'));
afterAll(() => rmSync(directory, { recursive: true }));
const group = `/subscriptions/${subscriptionId}/resourceGroups/rg`;
const place = { resourceGroupName: 'rg', location: 'westeurope' };
const request = (inputs: Properties) => ({ name: 'one', urn: 'urn', inputs, preview: false });

let count = 0;
function types(): {
  lock: ResourceType;
  actionGroup: ResourceType;
  of: (token: string) => ResourceType;
  declared: AppendOnlyStore<Properties>;
} {
  count += 1;
  const store = (name: string) => new AppendOnlyStore<Properties>(join(directory, `${name}-${count}.ndjson`));
  const [declared, locks] = [store('declared'), store('locks')];
  const now = () => new Date('2026-11-22T00:00:00Z');
  const catalogue = catalogueOf(
    withLocks(
      [
        alertTypes(declared, now),
        overviewTypes(declared, now),
        logTableTypes(declared, now),
        deploymentTypes([logTableTemplate(declared, now)], store('deployments'), now),
        lockTypes(locks),
      ],
      locks,
    ),
  );
  const of = (token: string) => {
    const type = catalogue.resource(`azure-native:${token}`);
    if (type === undefined) throw new Error(`no ${token}`);
    return type;
  };
  return { of, lock: of('authorization:ManagementLockByScope'), actionGroup: of('monitor:ActionGroup'), declared };
}
const group1 = { ...place, actionGroupName: 'ag', groupShortName: 'loop', enabled: true, emailReceivers: [] };

const reasons = (token: string, inputs: Properties) =>
  types()
    .of(token)
    .check(request(inputs))
    .failures.map(({ reason }) => reason)
    .join('; ');

describe('a lock', () => {
  it.each([
    ['CanNotDelete', false],
    ['ReadOnly', true],
  ])('%s refuses the deletion of what it is on and of everything below', async (level, alsoChanges) => {
    const { lock, actionGroup } = types();
    const { id } = await actionGroup.create(request(group1));
    const { id: lockId } = await lock.create(request({ scope: group, lockName: 'factory-loop', level }));
    await expect(actionGroup.delete(id, {})).rejects.toThrow(/^ScopeLocked: .*rg/);
    const changed = await actionGroup.update(id, { ...request({ ...group1, enabled: false }), old: group1 }).then(
      () => 'changed',
      (error: Error) => error.message,
    );
    expect(changed).toMatch(alsoChanges ? /^ScopeLocked: .*write/ : /^changed$/);
    await lock.delete(lockId, {});
    await actionGroup.delete(id, {});
    expect(await actionGroup.read(id)).toBeUndefined();
  });

  it('holds nothing beside it, be its name only longer', async () => {
    const { lock, actionGroup } = types();
    const { id } = await actionGroup.create(request({ ...group1, resourceGroupName: 'rg-two' }));
    await lock.create(request({ scope: group, lockName: 'factory-loop', level: 'CanNotDelete' }));
    await actionGroup.delete(id, {});
    expect(await actionGroup.read(id)).toBeUndefined();
  });

  it('is refused with a level that Azure does not have', () => {
    expect(types().lock.check(request({ scope: group, lockName: 'x', level: 'Never' })).failures).toEqual([
      { property: 'level', reason: 'level is "Never": CanNotDelete or ReadOnly' },
    ]);
  });
});

describe('alert rules', () => {
  const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/logs`;
  const rule = {
    ...place,
    ruleName: 'a',
    severity: 2,
    windowSize: 'PT15M',
    evaluationFrequency: 'PT15M',
    scopes: [workspace],
    criteria: { allOf: [{ query: 'AppTraces', operator: 'GreaterThan', threshold: 0 }] },
  };

  it('call only action groups that there are, and ask only workspaces that there are', async () => {
    const { of, actionGroup, declared } = types();
    const log = of('monitor:ScheduledQueryRule');
    await expect(log.create(request(rule))).rejects.toThrow(/^ResourceNotFound: the Log Analytics workspace/);
    declared.set(workspace.toLowerCase(), {});
    await expect(
      log.create(request({ ...rule, actions: { actionGroups: [`${group}/providers/Microsoft.Insights/actionGroups/ag`] } })),
    ).rejects.toThrow(/^ResourceNotFound: the action group/);
    const { id } = await actionGroup.create(request(group1));
    expect(await log.create(request({ ...rule, actions: { actionGroups: [id] } }))).toMatchObject({ outputs: { ruleName: 'a' } });
  });

  it('have windows and severities that Azure knows', () => {
    expect(reasons('monitor:ScheduledQueryRule', { ...rule, windowSize: 'PT7M', severity: 5 })).toMatch(
      /severity is 5: 0 to 4; windowSize is "PT7M": one of PT5M/,
    );
    expect(reasons('monitor:ScheduledQueryRule', { ...rule, criteria: { allOf: [] } })).toMatch(/criteria\.allOf is empty/);
    expect(reasons('monitor:MetricAlert', { ...rule, scopes: [] })).toMatch(/scopes is \[\]: expected the ARM id/);
    expect(reasons('monitor:ScheduledQueryRule', rule)).toBe('');
  });
});

describe('what else is kept for operators', () => {
  it('a budget tells somebody, and begins with a month', () => {
    const budget = {
      scope: group,
      budgetName: 'b',
      timeGrain: 'Monthly',
      category: 'Cost',
      amount: 80,
      timePeriod: { startDate: '2026-11-01T00:00:00Z' },
      notifications: { 'at-80-percent': { contactEmails: ['a@b.c'] } },
    };
    expect(reasons('consumption:Budget', budget)).toBe('');
    expect(reasons('consumption:Budget', { ...budget, notifications: { 'at-80-percent': { contactEmails: [] } } })).toMatch(
      /at-80-percent tells nobody/,
    );
    expect(reasons('consumption:Budget', { ...budget, timePeriod: { startDate: '2026-11-22T00:00:00Z' } })).toMatch(
      /expected the first moment of a month/,
    );
    expect(reasons('consumption:Budget', { ...budget, amount: 0 })).toMatch(/amount is 0/);
  });

  it('a workbook is one, and has a UUID for a name', () => {
    const workbook = {
      ...place,
      resourceName: '11111111-1111-4111-8111-111111111111',
      displayName: 'w',
      category: 'workbook',
      serializedData: '{"version":"Notebook/1.0","items":[]}',
    };
    expect(reasons('applicationinsights:Workbook', workbook)).toBe('');
    expect(reasons('applicationinsights:Workbook', { ...workbook, serializedData: 'hello' })).toMatch(/expected the JSON of a workbook/);
    expect(reasons('applicationinsights:Workbook', { ...workbook, resourceName: 'loop' })).toMatch(/resourceName is "loop"/);
  });
});

describe('a log table', () => {
  it('keeps no shorter in all than it can be asked, and none of the Basic plan has a retention of its own', () => {
    const table = {
      resourceGroupName: 'rg',
      workspaceName: 'logs',
      tableName: 'AppTraces',
      plan: 'Analytics',
      retentionInDays: 30,
      totalRetentionInDays: 90,
    };
    expect(reasons('operationalinsights:Table', table)).toBe('');
    expect(reasons('operationalinsights:Table', { ...table, totalRetentionInDays: 10 })).toMatch(/expected at least retentionInDays, 30/);
    expect(reasons('operationalinsights:Table', { ...table, plan: 'Basic' })).toMatch(/the Basic plan fixes it/);
  });

  const workspace = `${group}/providers/Microsoft.OperationalInsights/workspaces/logs`;
  it('that Azure makes with the workspace cannot be created, only set through a deployment, whose end leaves it there', async () => {
    const { of, declared } = types();
    declared.set(workspace.toLowerCase(), {});
    const table = { resourceGroupName: 'rg', workspaceName: 'logs', tableName: 'StorageBlobLogs', plan: 'Basic' };
    await expect(of('operationalinsights:Table').create(request(table))).rejects.toThrow(
      /^ResourceExists: cannot create already existing resource '.*\/tables\/StorageBlobLogs'/,
    );
    await expect(of('operationalinsights:Table').create(request({ ...table, tableName: 'Mine_CL' }))).resolves.toBeDefined();
    const deployment = of('resources:Deployment');
    const setting = (properties: Properties, mode = 'Incremental') =>
      request({
        resourceGroupName: 'rg',
        deploymentName: 'tables',
        properties: {
          mode,
          parameters: { workspace: { value: 'logs' } },
          template: {
            resources: [
              {
                type: 'Microsoft.OperationalInsights/workspaces/tables',
                name: "[concat(parameters('workspace'), '/StorageBlobLogs')]",
                properties,
              },
            ],
          },
        },
      });
    const reasonsOf = (one: ReturnType<typeof setting>) =>
      deployment
        .check(one)
        .failures.map(({ reason }) => reason)
        .join('; ');
    expect(reasonsOf(setting({ plan: 'Basic', retentionInDays: 30 }))).toMatch(/StorageBlobLogs.*the Basic plan fixes it/);
    expect(reasonsOf(setting({ plan: 'Basic' }, 'Complete'))).toMatch(/properties.mode is "Complete"/);
    const { id, outputs } = await deployment.create(setting({ plan: 'Basic', totalRetentionInDays: 90 }));
    await deployment.delete(id, outputs);
    expect(await deployment.read(id)).toBeUndefined();
    expect(await of('operationalinsights:Table').read(`${workspace}/tables/StorageBlobLogs`)).toMatchObject({
      plan: 'Basic',
      totalRetentionInDays: 90,
    });
    declared.delete(workspace.toLowerCase());
    await expect(deployment.create(setting({ plan: 'Basic' }))).rejects.toThrow(/^ResourceNotFound: the Log Analytics workspace/);
  });
});
