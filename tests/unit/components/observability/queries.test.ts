import { LogsQueryClient, LogsQueryResultStatus } from '@azure/monitor-query-logs';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MonitorReader } from '../../../../loop/monitorReader';
import { declaredQueries } from '../../support/declaredQueries';
import { diagnosticsOf } from '../../support/kusto';
import { tableColumns } from '../../support/tableColumns';
import { planOf, root, shippedStack, shippedStacks } from '../../support/shippedStacks';

const queries: { stack: string; resource: string; query: string }[] = [];
beforeAll(async () => {
  for (const stack of shippedStacks)
    queries.push(...declaredQueries((await planOf(shippedStack(stack))).resources).map((one) => ({ stack, ...one })));
}, 300_000);

describe('the queries of the shipped stacks', () => {
  it('are found wherever a resource declares one', () => {
    for (const stack of shippedStacks) {
      const resources = queries.filter((one) => one.stack === stack).map(({ resource }) => resource);
      expect(resources).toEqual(expect.arrayContaining([expect.stringMatching(/-delivery$/), expect.stringMatching(/-daily-cap$/)]));
      expect(resources.filter((name) => !name.includes('alerts-')).length).toBeGreaterThan(5);
    }
  });

  it("are understood by Azure's own parser, with the columns that their tables have", () => {
    const found = queries.flatMap(({ stack, resource, query }) => diagnosticsOf(query).map((one) => `${stack} ${resource}: ${one}`));
    expect(found).toEqual([]);
  });
});

it('what the loop asks Application Insights is understood by it, too', async () => {
  const asked = jest
    .spyOn(LogsQueryClient.prototype, 'queryResource')
    .mockResolvedValue({ status: LogsQueryResultStatus.Success, tables: [{ name: 'PrimaryResult', columnDescriptors: [], rows: [] }] });
  const outputs = { applicationInsightsId: '/components/one', logsQueryEndpoint: 'https://127.0.0.1', metricsQueryEndpoint: '' };
  const reader = new MonitorReader(outputs, { getToken: () => Promise.resolve(null) });
  await reader.traces({ factory: 'plant "one"' });
  await reader.customMetrics({ factory: 'plant' }, { name: 'windows' });
  await reader.idsOf('stream');
  const texts = asked.mock.calls.map(([, query]) => query);
  asked.mockRestore();
  expect(texts).toHaveLength(4);
  expect(texts.flatMap(diagnosticsOf)).toEqual([]);
});

describe('the parser', () => {
  it.each([
    ['a keyword as a name', 'AppTraces | summarize last = max(TimeGenerated)'],
    ['a text compared with a number', 'StorageBlobLogs | where StatusCode >= 400'],
    ['a column that a table does not have', 'ContainerAppSystemLogs | where Reason_s == ""'],
    ['a table that nobody fills', 'ContainerAppConsoleLogs_CL | take 1'],
  ])('sees %s', (_, query) => {
    expect(diagnosticsOf(query)).not.toEqual([]);
  });
});

const documented = process.env['FACTORY_LOOP_TABLES'] ?? join(root, '..', 'shared', 'azure', 'tables.json');
const there = existsSync(documented);
if (!there) console.warn(`skipped: no documented tables at ${documented}; FACTORY_LOOP_TABLES says where they are`);
(there ? it : it.skip)('the columns are those that Azure documents', () => {
  const tables = JSON.parse(readFileSync(documented, 'utf8')) as Record<string, { columns?: Record<string, string> }>;
  for (const [table, columns] of Object.entries(tableColumns))
    expect({ table, ...tables[table]?.columns }).toMatchObject({ table, ...columns });
});
