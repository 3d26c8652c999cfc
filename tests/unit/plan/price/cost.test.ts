import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { costReport, costText } from '../../../../plan/price/costReport';
import { monthlyGrants, type PricedResource } from '../../../../plan/price/charge';
import { chargeRuleOf } from '../../../../plan/price/chargeRules';
import { estimateCost } from '../../../../plan/price/costEstimate';
import { freeReason } from '../../../../plan/price/freeTypes';
import { monthlyUse } from '../../../../components/configuration/monthlyUse';
import { shippedPrices } from '../../../../plan/price/priceTable';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { cronHoursPerMonth, cronScale, siteHours } from '../../../../components/configuration/siteHours';
import type { RecordedProgram } from '../../../../plan/recordProgram';
import { planOf, root, shippedStack, shippedStacks } from '../../support/shippedStacks';

const plans = new Map<string, RecordedProgram>();
const configurationOf = (stack: string) =>
  parseConfiguration(
    Object.fromEntries(Object.entries(shippedStack(stack).configuration).map(([key, value]) => [key.split(':')[1] ?? '', value])),
  );
const reportOf = (stack: string, prices = shippedPrices) =>
  costReport(stack, plans.get(stack)?.resources ?? [], configurationOf(stack), prices);
beforeAll(async () => {
  for (const name of shippedStacks) plans.set(name, await planOf(shippedStack(name)));
}, 300_000);

const { hoursPerMonth } = shippedPrices;
const use = monthlyUse(parseConfiguration({}), hoursPerMonth, hoursPerMonth);
const costOf = (...resources: PricedResource[]) => estimateCost(resources, { use, hoursPerMonth }, shippedPrices);
const resource = (type: string, inputs: Record<string, unknown>, name = 'one'): PricedResource => ({
  type: `azure-native:${type}`,
  name,
  id: `/subscriptions/s/resourceGroups/rg/providers/${type}/${name}`,
  inputs,
});
const app = (cpu: number, scale: Record<string, unknown>, containers = 2, name = 'site') =>
  resource(
    'app:ContainerApp',
    {
      template: {
        scale,
        containers: Array.from({ length: containers }, () => ({
          resources: { cpu: cpu / containers, memory: `${(2 * cpu) / containers}Gi` },
        })),
      },
    },
    name,
  );

describe('the cost of the shipped stacks', () => {
  it('is known or known to be nothing for every type that they hold', () => {
    for (const name of shippedStacks) expect(reportOf(name).notPriced).toEqual([]);
  });

  it('is under 90 USD a month for dev', () => {
    expect(reportOf('dev').totalUsd).toBeLessThan(90);
    expect(reportOf('dev').totalUsd).toBeGreaterThan(50);
  });

  it('is what docs/factories.md says of each of them', () => {
    const text = readFileSync(join(root, 'docs', 'factories.md'), 'utf8');
    const stated = text.matchAll(new RegExp(`\`(${shippedStacks.join('|')})\`[^\`.]*?([\\d,]+\\.\\d\\d) USD`, 'g'));
    expect(Object.fromEntries([...stated].map(([, stack, usd]) => [stack, usd]))).toEqual(
      Object.fromEntries(shippedStacks.map((stack) => [stack, reportOf(stack).totalUsd.toFixed(2)])),
    );
  });

  it('is the sum of its parts, and the last line says it', () => {
    for (const name of shippedStacks) {
      const report = reportOf(name);
      const items = report.resources.flatMap((one) => one.items);
      expect(report.totalUsd).toBeCloseTo(
        items.reduce((sum, { usd }) => sum + usd, 0),
        8,
      );
      expect(items.filter(({ usd, units, freeUnits }) => !(usd >= 0) || !(units > 0) || freeUnits > units)).toEqual([]);
      expect(
        costText(report, plans.get(name)?.resources ?? [], shippedPrices.sources)
          .split('\n')
          .at(-1),
      ).toBe(`Total ${report.totalUsd.toFixed(2)} USD a month`);
    }
  });

  it('names the assumptions, the date of the prices and where each price is from', () => {
    const text = costText(reportOf('dev'), plans.get('dev')?.resources ?? [], shippedPrices.sources);
    expect(text).toMatch(new RegExp(`collected ${shippedPrices.date}`));
    expect(text).toMatch(
      /raw data: 0\.001 GB a day, in files of 10 MB: 200 bytes every 1000 ms of each of 1 device in 43 of 730 hours \(edgeSite\.sampleIntervalMs; expectedLoad\.rawGbPerDay says otherwise\)/,
    );
    expect(text).toMatch(/\n {2}quoted: /);
  });
});

describe('an estimate', () => {
  it('lists what it cannot price, and never guesses', () => {
    const unknown = costOf(
      resource('compute:VirtualMachine', {}),
      resource('machinelearningservices:Compute', { properties: { properties: { vmSize: 'Standard_ND96' } } }, 'gpu'),
    );
    expect(unknown).toMatchObject({
      totalUsd: 0,
      notPriced: [
        { type: 'azure-native:compute:VirtualMachine', reason: 'no rule for this type' },
        { name: 'gpu', reason: 'no price for vm/Standard_ND96' },
      ],
    });
    const text = costText(
      { ...unknown, stack: 's', currency: 'USD', pricesDate: 'd', pricesNote: 'n', assumptions: [], warnings: [] },
      [],
      {},
    );
    expect(text).toMatch(/not priced: gpu \(machinelearningservices:Compute\), no price for vm\/Standard_ND96/);
    expect(text.split('\n').at(-1)).toBe('Total 0.00 USD a month, without 2 that are not priced');
  });

  it('gives a grant to what is dearest, once for all', () => {
    const always = { minReplicas: 1 };
    const [busy, idle] = [app(1, always), app(0.25, always, 1, 'waits')];
    const both = costOf(busy, idle);
    const free = both.resources
      .flatMap(({ items }) => items)
      .filter(({ price }) => price.startsWith('container-apps/vcpu'))
      .reduce((sum, { freeUnits }) => sum + freeUnits, 0);
    expect(free).toBe(monthlyGrants['container-apps/vcpu']);
    expect(both.resources.flatMap(({ items }) => items).find(({ price }) => price === 'container-apps/vcpu-idle')?.freeUnits).toBe(0);
  });

  it('is never negative and never falls when a stack grows', () => {
    const scales = [
      { minReplicas: 1 },
      {
        minReplicas: 0,
        rules: [{ custom: { type: 'cron', metadata: cronScale({ timezone: 'UTC', days: '1-5', from: '09:00', to: '11:00' }) } }],
      },
    ];
    const size = fc.record({
      quarters: fc.integer({ min: 1, max: 16 }),
      more: fc.integer({ min: 0, max: 16 }),
      scale: fc.constantFrom(...scales),
      sku: fc.constantFrom('S1', 'S2', 'S3'),
      units: fc.integer({ min: 1, max: 20 }),
    });
    fc.assert(
      fc.property(size, ({ quarters, more, scale, sku, units }) => {
        const stack = (cores: number, hubUnits: number) => [
          app(cores / 4, scale),
          resource('iothub:IotHubResource', { sku: { name: sku, capacity: hubUnits } }),
          resource('eventhub:Namespace', { sku: { name: 'Standard', capacity: 1 } }),
        ];
        const [small, large] = [costOf(...stack(quarters, units)).totalUsd, costOf(...stack(quarters + more, units + more)).totalUsd];
        return small >= 0 && large >= small && costOf(...stack(quarters, units), resource('network:NatGateway', {})).totalUsd > small;
      }),
    );
  });

  it.each([
    ['PT1M', 3],
    ['PT5M', 1.5],
    ['PT10M', 1],
    ['PT15M', 0.5],
    ['PT1H', 0.5],
  ])('prices an alert that asks every %s at %d USD', (evaluationFrequency, usd) => {
    expect(costOf(resource('monitor:ScheduledQueryRule', { evaluationFrequency })).totalUsd).toBe(usd);
  });

  it('counts the firewall that a rule for a host name brings with it', () => {
    expect(costOf(resource('machinelearningservices:ManagedNetworkSettingsRule', { properties: { type: 'FQDN' } })).totalUsd).toBeCloseTo(
      912.5,
      6,
    );
    expect(
      costOf(resource('machinelearningservices:ManagedNetworkSettingsRule', { properties: { type: 'PrivateEndpoint' } })).totalUsd,
    ).toBe(0);
  });

  it('has a price in the table for whatever a rule may ask for, and a type is not both free and priced', () => {
    const keys = new Set(shippedPrices.prices.map(({ key }) => key));
    for (const sku of ['LRS', 'ZRS', 'GRS', 'RAGRS', 'GZRS', 'RAGZRS']) expect(keys).toContain(`blob/hot-${sku}`);
    const both = [...plans.values()]
      .flatMap(({ resources }) => resources)
      .filter((one) => chargeRuleOf(one) !== undefined && freeReason(one.type) !== undefined);
    expect(both).toEqual([]);
  });
});

describe('the hours of a simulated site', () => {
  it('become a cron scale, Sunday being 0', () => {
    expect(cronScale('always')).toBeUndefined();
    expect(cronScale({ timezone: 'Europe/Berlin', days: '1-5', from: '09:05', to: '17:30' })).toEqual({
      timezone: 'Europe/Berlin',
      start: '5 9 * * 1-5',
      end: '30 17 * * 1-5',
      desiredReplicas: '1',
    });
    expect(cronScale({ timezone: 'UTC', days: '6-7', from: '08:00', to: '09:00' })).toMatchObject({ start: '0 8 * * 6,0' });
    expect(cronScale({ timezone: 'UTC', days: '7', from: '08:00', to: '09:00' })).toMatchObject({ start: '0 8 * * 0' });
  });

  it('are counted as they were declared, and as all hours where the expression is another', () => {
    const day = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(day, day, fc.integer({ min: 0, max: 21 }), fc.integer({ min: 1, max: 2 }), (first, second, from, length) => {
        const [start, end] = [Math.min(first, second), Math.max(first, second)];
        const hours = {
          timezone: 'UTC',
          days: start === end ? `${start}` : `${start}-${end}`,
          from: `${String(from).padStart(2, '0')}:00`,
          to: `${String(from + length).padStart(2, '0')}:00`,
        };
        const scale = cronScale(siteHours.parse(hours) as Exclude<ReturnType<typeof siteHours.parse>, 'always'>);
        expect(cronHoursPerMonth(scale ?? { start: '', end: '' }, 168)).toBeCloseTo((end - start + 1) * length, 9);
      }),
    );
    expect(cronHoursPerMonth({ start: '*/5 * * * *', end: '*/7 * * * *' }, 730)).toBe(730);
  });

  it.each([
    [{ from: '11:00', to: '09:00' }, /earlier than "to"/],
    [{ from: '9', to: '11:00' }, /time of day/],
    [{ from: '09:00', to: '11:00', timezone: 'Mars/Base' }, /time zone/],
    [{ from: '09:00', to: '11:00', days: '5-1' }, /days in their order/],
    ['sometimes', /"always"/],
  ])('are refused as %j', (hours, message) => {
    expect(() => parseConfiguration({ edgeSite: JSON.stringify({ hours }) })).toThrow(message);
  });
});
