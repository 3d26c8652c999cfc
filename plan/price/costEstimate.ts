import { monthlyGrants, type Charge, type ChargeContext, type FreeGrant, type PricedResource } from './charge';
import { chargeRuleOf } from './chargeRules';
import { freeReason } from './freeTypes';
import type { Price, PriceTable } from './priceTable';

interface CostItem {
  readonly what: string;
  readonly price: string;
  readonly unit: string;
  readonly units: number;
  readonly freeUnits: number;
  readonly usd: number;
  readonly source: string;
}
interface ResourceCost {
  readonly name: string;
  readonly type: string;
  readonly items: readonly CostItem[];
  readonly usd: number;
}
interface NotPriced {
  readonly name: string;
  readonly type: string;
  readonly reason: string;
}
export interface CostEstimate {
  readonly resources: readonly ResourceCost[];
  readonly notPriced: readonly NotPriced[];
  readonly totalUsd: number;
}

/** Charges in the order in which Azure's grants help most: what is dear comes first. */
function itemsOf(charges: readonly { readonly charge: Charge; readonly price: Price }[]): CostItem[] {
  const left = new Map<FreeGrant, number>(Object.entries(monthlyGrants) as [FreeGrant, number][]);
  const order = charges.map((_, index) => index).sort((a, b) => (charges[b]?.price.usd ?? 0) - (charges[a]?.price.usd ?? 0) || a - b);
  const free = new Map<number, number>();
  for (const index of order) {
    const charge = charges[index]?.charge;
    if (charge?.grant === undefined) continue;
    const granted = Math.min(left.get(charge.grant) ?? 0, charge.units);
    left.set(charge.grant, (left.get(charge.grant) ?? 0) - granted);
    free.set(index, granted);
  }
  return charges.map(({ charge, price }, index) => {
    const freeUnits = free.get(index) ?? 0;
    return {
      what: charge.what,
      price: price.key,
      unit: price.unit,
      units: charge.units,
      freeUnits,
      usd: (charge.units - freeUnits) * price.usd,
      source: price.source,
    };
  });
}

/** The monthly list price of a stack, by resource. What has no known price is named and never guessed. */
export function estimateCost(
  resources: readonly PricedResource[],
  context: Omit<ChargeContext, 'all' | 'usd'>,
  table: PriceTable,
): CostEstimate {
  const prices = new Map(table.prices.map((price) => [price.key, price]));
  const whole: ChargeContext = { ...context, all: resources, usd: (price) => prices.get(price)?.usd ?? 0 };
  const notPriced: NotPriced[] = [];
  const charged = resources.flatMap((resource) => {
    const { type, name } = resource;
    const charges = chargeRuleOf(resource)?.(resource, whole);
    if (charges === undefined) {
      if (freeReason(type) === undefined) notPriced.push({ name, type, reason: 'no rule for this type' });
      return [];
    }
    return charges
      .filter(({ units }) => units > 0)
      .flatMap((charge) => {
        const price = prices.get(charge.price);
        if (price === undefined) notPriced.push({ name, type, reason: `no price for ${charge.price}` });
        return price === undefined ? [] : [{ resource, charge, price }];
      });
  });
  const items = itemsOf(charged);
  const costs = resources.flatMap((resource): ResourceCost[] => {
    const own = items.filter((_, index) => charged[index]?.resource === resource);
    return own.length === 0
      ? []
      : [{ name: resource.name, type: resource.type, items: own, usd: own.reduce((sum, item) => sum + item.usd, 0) }];
  });
  return { resources: costs.sort((a, b) => b.usd - a.usd), notPriced, totalUsd: costs.reduce((sum, { usd }) => sum + usd, 0) };
}
