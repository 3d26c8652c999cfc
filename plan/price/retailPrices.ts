import { z } from 'zod';
import type { Price, PriceTable } from './priceTable';

/** One price of Azure's public list, as https://learn.microsoft.com/rest/api/cost-management/retail-prices describes it. */
const retailItem = z.object({
  currencyCode: z.string(),
  tierMinimumUnits: z.number(),
  retailPrice: z.number().min(0),
  armRegionName: z.string().nullish(),
  meterName: z.string(),
  productName: z.string(),
  skuName: z.string(),
  serviceName: z.string(),
  unitOfMeasure: z.string(),
  type: z.string(),
  armSkuName: z.string().nullish(),
});
const retailPage = z.object({ Items: z.array(retailItem).max(1_000), NextPageLink: z.url().nullish() });
export type RetailItem = z.output<typeof retailItem>;

const origin = 'https://prices.azure.com';
const answerMs = 20_000;
const maxPages = 40;
/** A page of a thousand prices is a tenth of it. */
const maxPageBytes = 8 * 1024 ** 2;
/** A refreshed price that is so much dearer or cheaper than the shipped one is another meter's. */
const believable = 5;

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
function queryOf(service: string, region: string, armSku: string | undefined): string {
  const filter = [
    `serviceName eq ${quoted(service)}`,
    `priceType eq 'Consumption'`,
    ...(armSku === undefined ? [] : [`armSkuName eq ${quoted(armSku)}`]),
    `(armRegionName eq ${quoted(region)} or armRegionName eq 'Global' or armRegionName eq '')`,
  ];
  return `${origin}/api/retail/prices?api-version=2023-01-01-preview&currencyCode=USD&$filter=${encodeURIComponent(filter.join(' and '))}`;
}

/** What our unit is worth of theirs: "10K" is 10,000 of something, and ours names the number itself. */
function unitsIn(unitOfMeasure: string): number {
  const [, count = '1', scale = ''] = /^(\d+(?:\.\d+)?)([KM]?)\b/.exec(unitOfMeasure) ?? [];
  return Number(count) * (scale === 'K' ? 1e3 : scale === 'M' ? 1e6 : 1);
}
const ownUnits: readonly [RegExp, number][] = [
  [/^10 million/, 1e7],
  [/^million/, 1e6],
  [/^100,000/, 1e5],
  [/^10,000/, 1e4],
];

/** The list's price of one unit of ours; undefined where the list has none, or several. */
export function retailPriceOf({ meter, unit }: Price, items: readonly RetailItem[], region: string): number | undefined {
  if (meter === undefined) return undefined;
  const pattern = new RegExp(meter.meter);
  const fits = items.filter(
    (item) =>
      item.type === 'Consumption' &&
      item.currencyCode === 'USD' &&
      item.serviceName === meter.service &&
      pattern.test(item.meterName) &&
      (meter.sku === undefined || item.skuName === meter.sku) &&
      (meter.product === undefined || item.productName === meter.product) &&
      (meter.armSku === undefined || (item.armSkuName === meter.armSku && !/Windows|Cloud ?Services/.test(item.productName))),
  );
  const regional = fits.filter((item) => item.armRegionName === region);
  const tiers = (regional.length > 0 ? regional : fits).filter((item) => item.tierMinimumUnits <= (meter.fromUnits ?? 0));
  const highest = Math.max(...tiers.map((item) => item.tierMinimumUnits));
  const own = ownUnits.find(([text]) => text.test(unit))?.[1] ?? 1;
  const prices = new Set(
    tiers
      .filter((item) => item.tierMinimumUnits === highest)
      .map((item) => (item.retailPrice * own * (meter.factor ?? 1)) / unitsIn(item.unitOfMeasure)),
  );
  return prices.size === 1 ? [...prices][0] : undefined;
}

interface RetailSource {
  readonly fetch: typeof fetch;
  readonly today: Date;
}

/** A page of the list. What comes back is another's text: it is bounded, and none of it is repeated to whoever asked. */
async function readPage(response: Response): Promise<z.output<typeof retailPage>> {
  if (!response.ok) throw new Error(`${origin} answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > maxPageBytes) throw new Error(`${origin} answered more than ${maxPageBytes} bytes`);
    chunks.push(chunk);
  }
  let body: unknown;
  try {
    body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Error(`${origin} answered something that is no JSON`);
  }
  const read = retailPage.safeParse(body);
  if (!read.success) throw new Error(`${origin} answered something that is no list of prices`);
  return read.data;
}

async function itemsOf(url: string, source: RetailSource): Promise<RetailItem[]> {
  const items: RetailItem[] = [];
  let next: string | undefined = url;
  for (let page = 0; next !== undefined && page < maxPages; page++) {
    const response: Response = await source.fetch(next, {
      signal: AbortSignal.timeout(answerMs),
      headers: { accept: 'application/json' },
      redirect: 'error',
    });
    const { Items, NextPageLink } = await readPage(response);
    items.push(...Items);
    next = NextPageLink !== undefined && NextPageLink !== null && new URL(NextPageLink).origin === origin ? NextPageLink : undefined;
  }
  return items;
}

/** The table with the prices of the region, as far as the public list tells; without an answer it stays as it is. */
export async function refreshPrices(
  table: PriceTable,
  region: string,
  source: RetailSource,
): Promise<{ readonly table: PriceTable; readonly notes: readonly string[] }> {
  const asked = new Map(
    table.prices.flatMap(({ meter }) => (meter === undefined ? [] : [[`${meter.service} ${meter.armSku ?? ''}`, meter] as const])),
  );
  const items: RetailItem[] = [];
  try {
    for (const { service, armSku } of asked.values()) items.push(...(await itemsOf(queryOf(service, region, armSku), source)));
  } catch (error) {
    const { cause } = error as Error & { readonly cause?: { readonly code?: string } };
    return {
      table,
      notes: [
        `the price list could not be read (${cause?.code ?? (error as Error).message.split('\n')[0] ?? ''}); the shipped prices of ${table.date} are used`,
      ],
    };
  }
  const today = source.today.toISOString().slice(0, 10);
  const unbelievable: string[] = [];
  const prices = table.prices.map((price): Price => {
    const usd = retailPriceOf(price, items, region);
    if (usd === undefined) return price;
    const near = price.usd === 0 ? usd === 0 : usd <= price.usd * believable && usd >= price.usd / believable;
    if (near) return { ...price, usd, source: 'refreshed' };
    unbelievable.push(`${price.key} ${usd} USD`);
    return price;
  });
  const count = prices.filter((price) => price.source === 'refreshed').length;
  return {
    table: {
      ...table,
      prices,
      sources: { ...table.sources, refreshed: `Azure's public price list for ${region}, ${today}` },
      note: `${count} of ${prices.length} prices from Azure's public price list for ${region} of ${today}, the others shipped: ${table.note}`,
    },
    notes:
      unbelievable.length === 0
        ? []
        : [`the price list says ${unbelievable.join(', ')}: more than ${believable} times another than shipped, so not believed`],
  };
}
