import type { Configuration } from '../../components/configuration/schema';
import { assumptions, type Assumption } from './assumptions';
import type { PricedResource } from './charge';
import { estimateCost, type CostEstimate } from './costEstimate';
import { freeReason } from './freeTypes';
import { monthlyUse } from '../../components/configuration/monthlyUse';
import type { PriceTable } from './priceTable';
import { lineHours } from './runningHours';
import { settingWarnings } from '../../components/configuration/warnings';
import { hanging, wrap } from '../../command-line/wrapText';
import { shortType } from '../resourceTree';

interface CostReport extends CostEstimate {
  readonly stack: string;
  readonly currency: string;
  /** When the prices were collected, and what they are. */
  readonly pricesDate: string;
  readonly pricesNote: string;
  readonly assumptions: readonly Assumption[];
  /** Settings that do not fit what is expected. */
  readonly warnings: readonly string[];
}

export function costReport(
  stack: string,
  resources: readonly PricedResource[],
  configuration: Configuration,
  prices: PriceTable,
): CostReport {
  const { hoursPerMonth } = prices;
  const hours = lineHours(resources, hoursPerMonth);
  const use = monthlyUse(configuration, hours, hoursPerMonth);
  return {
    stack,
    currency: prices.currency,
    pricesDate: prices.date,
    pricesNote: prices.note,
    assumptions: assumptions(configuration, use, hours, hoursPerMonth),
    warnings: settingWarnings(configuration),
    ...estimateCost(resources, { use, hoursPerMonth }, prices),
  };
}

const amount = (usd: number) => usd.toFixed(2);
const count = (units: number) => (units >= 100 ? Math.round(units).toLocaleString('en-US') : String(Number(units.toPrecision(3))));

const table = (header: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  return [header, ...rows].map((row) =>
    row
      .map((cell, column) => (header[column] === 'USD' ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
};

/** Items in a table; where that is wider than the terminal, below a line for each resource. */
function itemLines({ resources }: CostReport, width: number | undefined): string[] {
  const items = resources.map(({ name, type, usd, items: own }) => ({
    title: `${name} (${shortType(type)})`,
    usd,
    cells: own.map((item) => [
      item.what,
      `${count(item.units)} x ${item.unit}${item.freeUnits > 0 ? `, ${count(item.freeUnits)} free` : ''}`,
      amount(item.usd),
      item.source === 'infracost' ? '' : item.source,
    ]),
  }));
  const wide = table(
    ['resource', 'what', 'units', 'USD', 'price from'],
    items.flatMap(({ title, cells }) => cells.map((row, index) => [index === 0 ? title : '', ...row])),
  );
  if (width === undefined || wide.every((line) => line.length <= width)) return wide;
  const [usdWidth, sourceWidth] = [9, 11];
  const rest = width - usdWidth - sourceWidth - 2;
  const whatWidth = Math.floor(rest * 0.42);
  const row = (what: string, units: string, usd: string, source: string): string[] => {
    const [whats, counts] = [wrap(what, whatWidth - 1), wrap(units, rest - whatWidth)];
    return Array.from({ length: Math.max(whats.length, counts.length) }, (_, line) =>
      `  ${(whats[line] ?? '').padEnd(whatWidth)}${(counts[line] ?? '').padEnd(rest - whatWidth)}${line === 0 ? `${usd.padStart(usdWidth)} ${source}` : ''}`.trimEnd(),
    );
  };
  return [
    ...row('what', 'units', 'USD', 'price from'),
    ...items.flatMap(({ title, usd, cells }) => [
      '',
      ...hanging(cells.length > 1 ? `${title}: ${amount(usd)}` : title, width),
      ...cells.flatMap(([what = '', units = '', price = '', source = '']) => row(what, units, price, source)),
    ]),
  ];
}

/** Monthly estimate by resource, no wider than `width` where there is one; the last line is the total. */
export function costText(report: CostReport, resources: readonly PricedResource[], sources: PriceTable['sources'], width?: number): string {
  const used = new Set(report.resources.flatMap(({ items }) => items.map(({ source }) => source)));
  const free = [
    ...new Set(
      resources.filter(({ type }) => type.startsWith('azure-native:') && freeReason(type) !== undefined).map(({ type }) => shortType(type)),
    ),
  ].sort();
  const wrapped = (lines: readonly string[]) => lines.flatMap((line) => hanging(line, width));
  return [
    ...wrapped([`${report.stack}: USD a month, ${report.pricesNote}; collected ${report.pricesDate}`]),
    '',
    ...itemLines(report, width),
    '',
    ...wrapped([
      `no price of their own: ${free.join(', ')}`,
      ...report.notPriced.map(({ name, type, reason }) => `not priced: ${name} (${shortType(type)}), ${reason}`),
    ]),
    '',
    ...(report.warnings.length > 0 ? ['warnings', ...wrapped(report.warnings.map((warning) => `  ${warning}`)), ''] : []),
    'assumptions',
    ...wrapped(report.assumptions.map(({ what, value, from }) => `  ${what}: ${value} (${from})`)),
    '',
    'prices from',
    ...wrapped(
      Object.entries(sources)
        .filter(([key]) => used.has(key))
        .map(([key, text]) => `  ${key}: ${text}`),
    ),
    '',
    ...wrapped([
      `Total ${amount(report.totalUsd)} USD a month${report.notPriced.length > 0 ? `, without ${report.notPriced.length} that are not priced` : ''}`,
    ]),
  ].join('\n');
}
