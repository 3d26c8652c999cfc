import { costReport, costText } from '../../../plan/price/costReport';
import { differenceText, planDifference } from '../../../plan/planDifference';
import { resourceTree } from '../../../plan/resourceTree';
import { plannedRoles, roleTable } from '../../../plan/roleTable';
import { parseConfiguration } from '../../../components/configuration/configuration';
import { shippedPrices } from '../../../plan/price/priceTable';
import type { RecordedProgram } from '../../../plan/recordProgram';
import { planOf, shippedStack } from '../support/shippedStacks';

const plain = { ok: (text: string) => text, bad: (text: string) => text, dim: (text: string) => text, bold: (text: string) => text };
let [battery, dev] = [{} as RecordedProgram, {} as RecordedProgram];
beforeAll(async () => {
  [battery, dev] = await Promise.all([planOf(shippedStack('battery')), planOf(shippedStack('dev'))]);
}, 120_000);

const costOf = (width?: number) =>
  costText(
    costReport('battery', battery.resources, parseConfiguration({ profile: 'production', edgeSite: '{"enabled":true}' }), shippedPrices),
    battery.resources,
    shippedPrices.sources,
    width,
  );
const views: Readonly<Record<string, (width?: number) => string>> = {
  cost: costOf,
  roles: (width) => roleTable(plannedRoles(battery), width),
  tree: (width) => resourceTree(battery.resources, plain, width),
  diff: (width) => differenceText(planDifference(battery.resources, dev.resources), 'battery', 'dev', width),
};
const widest = (text: string) => Math.max(...text.split('\n').map((line) => [...line].length));
const letters = (text: string) => text.replaceAll(/[\s│├└─]/g, '');

describe('a plan on a terminal', () => {
  it.each(Object.keys(views))('is no wider than 80 columns: %s', (view) => {
    expect(widest(views[view]?.(80) ?? '')).toBeLessThanOrEqual(80);
    expect(widest(views[view]?.() ?? '')).toBeGreaterThan(80);
  });

  it.each(Object.keys(views))('is the same on a terminal that is wide enough and in a file: %s', (view) => {
    expect(views[view]?.(2_000)).toBe(views[view]?.());
  });

  it('loses no name and no scope', () => {
    for (const { name, type, id } of battery.resources.filter(
      ({ type }) => type.startsWith('azure-native:') && !type.endsWith(':RoleAssignment'),
    )) {
      expect([
        letters(views['tree']?.(80) ?? '').includes(letters(name)),
        letters(views['tree']?.(80) ?? '').includes(letters(id?.split('/').pop() ?? '')),
        type,
      ]).toEqual([true, true, type]);
    }
    const roles = letters(views['roles']?.(80) ?? '');
    for (const { who, role, why } of plannedRoles(battery))
      expect([who, roles.includes(letters(who)), roles.includes(letters(role)), roles.includes(letters(why))]).toEqual([
        who,
        true,
        true,
        true,
      ]);
    expect(views['cost']?.(80).split('\n').at(-1)).toBe(views['cost']?.().split('\n').at(-1));
  });
});
