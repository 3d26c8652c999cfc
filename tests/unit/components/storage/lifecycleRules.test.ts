import fc from 'fast-check';
import { lifecycleRules } from '../../../../components/storage/lifecycleRules';
import { tableSettings } from '../../../../components/observability/tableSettings';
import { stackTags } from '../../../../components/resource/tags';
import { profiles } from '../../../../components/configuration/profiles';

describe('lifecycle rules', () => {
  it('hold one container each and never what another container has', () => {
    const rules = lifecycleRules(['raw', 'processed'], {
      lifecycle: { raw: { coolAfterDays: 10 }, processed: {}, quarantine: { deleteAfterDays: 1 } },
    });
    expect(rules).toEqual([
      {
        name: 'raw',
        enabled: true,
        type: 'Lifecycle',
        definition: {
          actions: { baseBlob: { tierToCool: { daysAfterModificationGreaterThan: 10 } } },
          filters: { blobTypes: ['blockBlob'], prefixMatch: ['raw/'] },
        },
      },
    ]);
  });

  it('take old versions away wherever versions are kept', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 999 }), (versionDays) => {
        expect(lifecycleRules(['raw'], { lifecycle: {}, versionDays })).toEqual([
          expect.objectContaining({
            name: 'old-versions',
            definition: expect.objectContaining({ actions: { version: { delete: { daysAfterCreationGreaterThan: versionDays } } } }),
          }),
        ]);
      }),
    );
    expect(lifecycleRules(['raw'], { lifecycle: {} })).toEqual([]);
  });
});

describe('log tables', () => {
  it('are named only where they differ from the workspace', () => {
    expect(tableSettings({ retentionDays: 30, totalRetentionDays: 30, tables: {} })).toEqual([]);
    expect(tableSettings(profiles.dev.logs).map(({ table, plan, retentionInDays }) => [table, plan, retentionInDays])).toEqual([
      ['StorageBlobLogs', 'Basic', undefined],
      ['StorageQueueLogs', 'Basic', undefined],
    ]);
  });

  it('never give a table of the Basic plan a retention that Azure fixes', () => {
    const settings = fc.record({
      retentionDays: fc.integer({ min: 30, max: 730 }),
      totalRetentionDays: fc.integer({ min: 730, max: 4_383 }),
      plan: fc.constantFrom('Basic' as const, 'Analytics' as const),
    });
    fc.assert(
      fc.property(settings, ({ retentionDays, totalRetentionDays, plan }) => {
        const [table] = tableSettings({ retentionDays, totalRetentionDays, tables: { StorageBlobLogs: { plan } } }).filter(
          (one) => one.table === 'StorageBlobLogs',
        );
        expect((table?.plan ?? 'Analytics') === plan && (plan === 'Analytics' || table?.retentionInDays === undefined)).toBe(true);
        expect((table?.totalRetentionInDays ?? retentionDays) >= (table?.retentionInDays ?? 30)).toBe(true);
      }),
    );
  });
});

describe('tags', () => {
  it('cannot hide where a resource belongs', () => {
    expect(
      stackTags(
        {
          tags: { factory: 'other', Stack: 'other', team: 'a' },
          factory: 'plant-one',
          profile: 'dev',
          environment: 'dev',
          costCentre: undefined,
        },
        'dev',
      ),
    ).toEqual({ team: 'a', product: 'factory-loop', factory: 'plant-one', profile: 'dev', environment: 'dev', stack: 'dev' });
  });
});
