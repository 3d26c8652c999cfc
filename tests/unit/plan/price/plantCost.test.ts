import fc from 'fast-check';
import { costReport } from '../../../../plan/price/costReport';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import type { Configuration } from '../../../../components/configuration/schema';
import { lineHoursPerDay, plantData, plantMeasures } from '../../../../components/configuration/plantData';
import { shippedPrices } from '../../../../plan/price/priceTable';
import { daysAfterDeletion, horizonDays, sumOfDays, tierDays } from '../../../../components/configuration/storageTiers';
import type { RecordedProgram } from '../../../../plan/recordProgram';
import { settingWarnings } from '../../../../components/configuration/warnings';
import { planOf, shippedStack, shippedStacks } from '../../support/shippedStacks';

const plans = new Map<string, RecordedProgram>();
beforeAll(async () => {
  for (const name of shippedStacks) plans.set(name, await planOf(shippedStack(name)));
}, 120_000);

const configurationOf = (stack: string) =>
  parseConfiguration(
    Object.fromEntries(Object.entries(shippedStack(stack).configuration).map(([key, value]) => [key.split(':')[1] ?? '', value])),
  );
type Load = Partial<Configuration['expectedLoad']>;
/** The plan stays as it is, the plant's data change. */
function reportWith(stack: string, load: Load, more: Partial<Configuration> = {}) {
  const configuration = configurationOf(stack);
  return costReport(
    stack,
    plans.get(stack)?.resources ?? [],
    { ...configuration, ...more, expectedLoad: { ...configuration.expectedLoad, ...load } },
    shippedPrices,
  );
}
const totalWith = (...given: Parameters<typeof reportWith>) => reportWith(...given).totalUsd;
const nothing: Load = { modelDevices: 0, rawGbPerDay: 0, inferenceGbPerDay: 0, telemetryGbPerDay: 0, metricSamplesPerDay: 0, packageMb: 0 };
const unitsOf = (report: ReturnType<typeof reportWith>, resource: RegExp, what: RegExp) =>
  report.resources
    .filter(({ name }) => resource.test(name))
    .flatMap(({ items }) => items)
    .filter((item) => what.test(item.what))
    .reduce((sum, { units }) => sum + units, 0);

/** Access logs of the Basic plan fill a cap of 1 GB a day; telemetry that comes instead of them is within the free grant. */
const storageLogsFillTheCap = {
  modelDevices: 0,
  rawGbPerDay: 0,
  inferenceGbPerDay: 0.354,
  telemetryGbPerDay: 0.01,
  metricSamplesPerDay: 0,
  packageMb: 0,
  messagesPerDay: 0,
};

const gb = fc.double({ min: 0, max: 200, noNaN: true });
const load = fc.record({
  modelDevices: fc.integer({ min: 0, max: 5_000 }),
  rawGbPerDay: gb,
  inferenceGbPerDay: gb,
  telemetryGbPerDay: gb,
  metricSamplesPerDay: fc.double({ min: 0, max: 1e9, noNaN: true }),
  packageMb: fc.double({ min: 0, max: 500, noNaN: true }),
  messagesPerDay: fc.double({ min: 0, max: 2e8, noNaN: true }),
});

describe('the cost of what a plant sends', () => {
  it('never falls when one measure of the load grows, in any stack, with and without a cap', () => {
    const cap = fc.constantFrom(-1, 1, 40);
    const measure = fc.constantFrom(
      'modelDevices',
      'rawGbPerDay',
      'inferenceGbPerDay',
      'telemetryGbPerDay',
      'metricSamplesPerDay',
      'packageMb',
      'messagesPerDay',
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...shippedStacks),
        load,
        measure,
        fc.double({ min: 1, max: 20, noNaN: true }),
        cap,
        (stack, given, one, factor, dailyQuotaGb) => {
          const more = { logs: { ...configurationOf(stack).logs, dailyQuotaGb } };
          const grown = { ...given, [one]: one === 'modelDevices' ? Math.ceil(given[one] * factor) : given[one as 'rawGbPerDay'] * factor };
          const [before, after] = [totalWith(stack, given, more), totalWith(stack, grown, more)];
          return after >= before - 1e-9 * before;
        },
      ),
      { numRuns: 200, examples: [['battery', storageLogsFillTheCap, 'telemetryGbPerDay', 15, 1]] },
    );
  });

  it('is never below what a stack costs without data, and nothing where there are none', () => {
    for (const stack of shippedStacks) {
      const empty = reportWith(stack, nothing);
      fc.assert(
        fc.property(
          load,
          (given) =>
            totalWith(stack, { ...given, messagesPerDay: configurationOf(stack).expectedLoad.messagesPerDay }) >= empty.totalUsd - 1e-9,
        ),
        { numRuns: 50 },
      );
      expect([
        unitsOf(empty, /^edge$/, /data|packages|reads of/),
        unitsOf(empty, /^monitoring-logs$/, /telemetry/),
        unitsOf(empty, /^monitoring-metrics$/, /./),
      ]).toEqual([0, 0, 0]);
    }
  });

  it('is what the owner says, and else follows from the devices and the hours of the site', () => {
    const dev = configurationOf('dev');
    const one = plantData(dev);
    expect(one.rawGbPerDay).toBeCloseTo((200 * 3_600 * 2 * 5) / 7 / 1e9, 12);
    const twenty = plantData({ ...dev, expectedLoad: { ...dev.expectedLoad, devices: 20 } });
    for (const measure of plantMeasures) expect(twenty[measure] / one[measure]).toBeCloseTo(20, 9);
    expect(plantData({ ...dev, expectedLoad: { ...dev.expectedLoad, devices: 20, modelDevices: 2, telemetryGbPerDay: 3 } })).toMatchObject({
      modelDevices: 2,
      telemetryGbPerDay: 3,
      metricSamplesPerDay: 3e6,
    });
    expect(plantData({ ...dev, edgeSite: { ...dev.edgeSite, enabled: false } }).inferenceGbPerDay / one.inferenceGbPerDay).toBeCloseTo(
      24 / lineHoursPerDay(dev.edgeSite),
      9,
    );
  });

  it('names each figure of the owner with its key, and each derived one with how to say otherwise', () => {
    const from = (stack: string) =>
      reportWith(stack, {})
        .assumptions.map((one) => one.from)
        .join('\n');
    for (const measure of plantMeasures.slice(0, 3)) {
      expect(from('battery').split('\n')).toContain(`expectedLoad.${measure}`);
      expect(from('dev')).toContain(`expectedLoad.${measure} says otherwise`);
    }
  });
});

describe('the cost of single services', () => {
  it('collects no more than the daily cap, and says what it cuts', () => {
    const logs = { ...configurationOf('battery').logs, dailyQuotaGb: 2 };
    const capped = reportWith('battery', { telemetryGbPerDay: 50 }, { logs });
    const items = capped.resources.flatMap((one) => one.items).filter(({ price }) => /^logs\/(analytics|basic)$/.test(price));
    expect(items.reduce((sum, { units }) => sum + units, 0)).toBeCloseTo((2 * 730) / 24, 6);
    expect(items.map(({ what }) => what)).toContain('telemetry of the edge, cut by the daily cap');
    expect(
      reportWith('battery', {})
        .resources.flatMap((one) => one.items)
        .filter(({ what }) => what.includes('cut by')),
    ).toEqual([]);
  });

  it('pays for events that the event hub keeps beyond 84 GB of a unit', () => {
    const held = (messagesPerDay: number) => unitsOf(reportWith('battery', { messagesPerDay }), /^messages-events$/, /kept/);
    expect(held(2e8)).toBeCloseTo((2e8 * 1_424 * 7) / 1e9 - 5 * 84, 3);
    expect(held(1e7)).toBe(0);
  });

  it('bills the delivery program as busy where messages come all the time', () => {
    const busy = (messagesPerDay: number) => unitsOf(reportWith('dev', { messagesPerDay }), /^delivery$/, /^vCPU$/);
    expect(busy(1e6) / busy(1e4)).toBeCloseTo(10, 6);
  });

  it('charges packages beyond the first 100 GB to the Internet', () => {
    const egress = reportWith('battery', { packageMb: 1_000 })
      .resources.flatMap((one) => one.items)
      .find(({ price }) => price === 'bandwidth/internet');
    expect(egress?.units).toBeCloseTo(((730 * 3_600) / 604_800) * 40, 6);
    expect(egress?.usd).toBeCloseTo(((egress?.units ?? 0) - 100) * 0.087, 6);
  });
});

describe('how long data stay in which tier', () => {
  const age = fc.option(fc.integer({ min: 0, max: 800 }), { nil: undefined });
  it('adds up to their life, within the horizon, for every rule', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 800 }), { minLength: 4, maxLength: 4 }),
        age,
        fc.integer({ min: 0, max: 90 }),
        (ages, deleted, after) => {
          const [coolAfterDays, coldAfterDays, archiveAfterDays] = [...ages].sort((a, b) => a - b);
          const days = tierDays(
            { coolAfterDays, coldAfterDays, archiveAfterDays, ...(deleted === undefined ? {} : { deleteAfterDays: deleted }) },
            after,
          );
          expect(sumOfDays(days)).toBe(Math.min(horizonDays, (deleted ?? Infinity) + after));
          expect(Math.min(...Object.values(days))).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });

  it('counts what was deleted until it is gone', () => {
    expect(
      tierDays({ coolAfterDays: 10, deleteAfterDays: 30 }, daysAfterDeletion({ softDeleteDays: 7, versioning: true, versionDays: 20 })),
    ).toEqual({ hot: 10, cool: 47, cold: 0, archive: 0 });
    expect(tierDays({}, 7)).toEqual({ hot: horizonDays, cool: 0, cold: 0, archive: 0 });
    expect(daysAfterDeletion({ softDeleteDays: 7, versioning: false, versionDays: 20 })).toBe(7);
  });

  it('decides what a container costs: kept hot, cool or shortly', () => {
    const { storage } = configurationOf('battery');
    const dataGb = (lifecycle: Configuration['storage']['lifecycle'], what: RegExp) =>
      unitsOf(
        reportWith(
          'battery',
          { rawGbPerDay: 10 },
          { storage: { ...storage, lifecycle: { ...storage.lifecycle, processed: { deleteAfterDays: 1 }, ...lifecycle } } },
        ),
        /^data$/,
        what,
      );
    expect(dataGb({ raw: { coolAfterDays: 100 } }, /^data, cool$/)).toBeCloseTo(10 * 265, 3);
    expect(dataGb({ raw: { deleteAfterDays: 5 } }, /^data$/)).toBeLessThan(dataGb({ raw: {} }, /^data$/) / 3);
  });
});

describe('a setting that does not fit the load', () => {
  const own = (settings: Record<string, unknown>) =>
    settingWarnings(
      parseConfiguration(
        Object.fromEntries(
          Object.entries(settings).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
        ),
      ),
    );

  it('is warned about where the cap of the logs is below the expected telemetry, with advice', () => {
    expect(own({ expectedLoad: { telemetryGbPerDay: 3 } }).join()).toMatch(
      /^logs\.dailyQuotaGb is 1: the telemetry of the edge alone is expected to be 3 GB a day.*set it to 4 or more, or send less/,
    );
    for (const logs of [{ dailyQuotaGb: -1 }, { dailyQuotaGb: 4 }])
      expect(own({ expectedLoad: { telemetryGbPerDay: 3 }, logs })).toEqual([]);
  });

  it('is warned about where a pass of the data pipeline takes longer than it may', () => {
    expect(own({ expectedLoad: { inferenceGbPerDay: 2 } }).join()).toMatch(
      /^expectedLoad\.inferenceGbPerDay is 2 .* reads all that is kept in each pass, about \d+ minutes where 60 are allowed; keep less/,
    );
    expect(
      own({
        expectedLoad: { inferenceGbPerDay: 2 },
        storage: { lifecycle: { 'landing-zone': { deleteAfterDays: 10 } } },
        edgeSite: { batchMaxRecords: 50_000 },
      }),
    ).toEqual([]);
  });

  it('is warned about where the site is up too shortly for its silence to be noticed', () => {
    const edgeSite = { hours: { from: '09:00', to: '09:30' } };
    expect(own({ edgeSite, alerts: { evaluationMinutes: 30 } }).join()).toMatch(
      /^alerts\.evaluationMinutes is 30: .* only 15 minutes in which/,
    );
    for (const alerts of [{ evaluationMinutes: 15 }, { evaluationMinutes: 30, enabled: false }])
      expect(own({ edgeSite, alerts })).toEqual([]);
  });

  it('is warned about where no region has this name', () => {
    for (const parts of ['both', 'platform'])
      expect(own({ location: 'westeuropa', parts }).join()).toMatch(/^location is westeuropa: none of the public regions/);
  });

  it('is not in the shipped stacks', () => {
    expect(shippedStacks.flatMap((stack) => settingWarnings(configurationOf(stack)))).toEqual([]);
  });

  it('is part of an estimate', () => {
    expect(reportWith('dev', { telemetryGbPerDay: 3 }).warnings).toHaveLength(1);
  });
});
