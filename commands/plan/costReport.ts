import type { Configuration } from '../../components/configuration';
import { lineHours, type PricedResource } from '../../components/cost/chargeRules';
import { estimateCost, type CostEstimate } from '../../components/cost/costEstimate';
import { freeReason } from '../../components/cost/freeTypes';
import { monthlyUse, type Assumption } from '../../components/cost/monthlyUse';
import type { PriceTable } from '../../components/cost/priceTable';
import { shortType } from './resourceTree';

export interface CostReport extends CostEstimate {
  readonly stack: string;
  readonly currency: string;
  /** When the prices were collected, and what they are. */
  readonly pricesDate: string;
  readonly pricesNote: string;
  readonly assumptions: readonly Assumption[];
}

export function costReport(stack: string, resources: readonly PricedResource[], configuration: Configuration, prices: PriceTable): CostReport {
  const { hoursPerMonth } = prices;
  const { use, assumptions } = monthlyUse(configuration, lineHours(resources, hoursPerMonth), hoursPerMonth);
  return { stack, currency: prices.currency, pricesDate: prices.date, pricesNote: prices.note, assumptions, ...estimateCost(resources, { use, hoursPerMonth }, prices) };
}

const amount = (usd: number) => usd.toFixed(2);
const count = (units: number) => (units >= 100 ? Math.round(units).toLocaleString('en-US') : String(Number(units.toPrecision(3))));

/** Monthly estimate by resource; the last line is the total. */
export function costText(report: CostReport, resources: readonly PricedResource[], sources: PriceTable['sources']): string {
  const rows = report.resources.flatMap(({ name, type, items }) => items.map((item, index) => [
    index === 0 ? `${name} (${shortType(type)})` : '', item.what,
    `${count(item.units)} x ${item.unit}${item.freeUnits > 0 ? `, ${count(item.freeUnits)} of them free` : ''}`, amount(item.usd), item.source === 'infracost' ? '' : item.source,
  ]));
  const header = ['resource', 'what', 'units', 'USD', 'price from'];
  const widths = header.map((title, column) => Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]) => row.map((cell, column) => (column === 3 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))).join('  ').trimEnd();
  const used = new Set(report.resources.flatMap(({ items }) => items.map(({ source }) => source)));
  const free = [...new Set(resources.filter(({ type }) => type.startsWith('azure-native:') && freeReason(type) !== undefined).map(({ type }) => shortType(type)))].sort();
  return [
    `${report.stack}: USD a month, ${report.pricesNote}; collected ${report.pricesDate}`, '', line(header), ...rows.map(line), '',
    `no price of their own: ${free.join(', ')}`, ...report.notPriced.map(({ name, type, reason }) => `not priced: ${name} (${shortType(type)}), ${reason}`), '',
    'assumptions', ...report.assumptions.map(({ what, value, from }) => `  ${what}: ${value} (${from})`), '',
    'prices from', ...Object.entries(sources).filter(([key]) => used.has(key)).map(([key, text]) => `  ${key}: ${text}`), '',
    `Total ${amount(report.totalUsd)} USD a month${report.notPriced.length > 0 ? `, without ${report.notPriced.length} that are not priced` : ''}`,
  ].join('\n');
}
