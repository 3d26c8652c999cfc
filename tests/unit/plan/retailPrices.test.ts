import { refreshPrices, retailPriceOf, type RetailItem } from '../../../commands/plan/retailPrices';
import { shippedPrices, type Price } from '../../../components/cost/priceTable';

const today = new Date('2026-12-01T00:00:00Z');
const item = (more: Partial<RetailItem>): RetailItem => ({
  currencyCode: 'USD', tierMinimumUnits: 0, retailPrice: 1, armRegionName: 'westeurope', meterName: 'Unit', productName: 'p', skuName: 's', serviceName: 'x', unitOfMeasure: '1', type: 'Consumption', ...more,
});
const hub = item({ serviceName: 'IoT Hub', productName: 'IoT Hub', skuName: 'S1', meterName: 'S1 Unit', retailPrice: 27.5, unitOfMeasure: '1/Month' });
const throughput = item({ serviceName: 'Event Hubs', productName: 'Event Hubs', skuName: 'Standard', meterName: 'Standard Throughput Unit', retailPrice: 0.032, unitOfMeasure: '1 Hour' });
const wrongRegistry = item({ serviceName: 'Container Registry', productName: 'Container Registry', skuName: 'Basic', meterName: 'Basic Registry Unit', retailPrice: 99, unitOfMeasure: '1/Day' });
const priceOf = (key: string, table = shippedPrices): Price => table.prices.find((one) => one.key === key) as Price;

/** The public list with these items, two on a page. */
function list(items: readonly RetailItem[], asked: URL[] = []): typeof fetch {
  return ((input: string) => {
    const url = new URL(input);
    asked.push(url);
    const service = /serviceName eq '([^']+)'/.exec(url.searchParams.get('$filter') ?? '')?.[1];
    const skip = Number(url.searchParams.get('$skip') ?? 0);
    const own = items.filter((one) => one.serviceName === service);
    url.searchParams.set('$skip', String(skip + 2));
    return Promise.resolve(Response.json({ Items: own.slice(skip, skip + 2), NextPageLink: skip + 2 < own.length ? url.href : null, Count: own.length }));
  }) as typeof fetch;
}

describe('refreshed prices', () => {
  it('are those of the region, in the units of the table, with their date; the others stay', async () => {
    const asked: URL[] = [];
    const others = [{ ...hub, armRegionName: 'eastus', retailPrice: 25 }, { ...hub, type: 'Reservation', retailPrice: 5 }];
    const { table, notes } = await refreshPrices(shippedPrices, 'westeurope', { today, fetch: list([...others, hub, throughput], asked) });
    expect(priceOf('iot-hub/S1', table)).toMatchObject({ usd: 27.5, source: 'refreshed' });
    expect(priceOf('event-hubs/Standard', table).usd).toBeCloseTo(0.032 * 730, 9);
    expect(priceOf('registry/Basic', table)).toEqual(priceOf('registry/Basic'));
    expect(table.note).toMatch(/^2 of \d+ prices from Azure's public price list for westeurope of 2026-12-01/);
    expect(notes).toEqual([]);
    expect(new Set(asked.map(({ origin, pathname }) => `${origin}${pathname}`))).toEqual(new Set(['https://prices.azure.com/api/retail/prices']));
    expect(asked.every((url) => url.searchParams.get('$filter')?.includes("armRegionName eq 'westeurope'"))).toBe(true);
  });

  it('are not believed where they are far from the shipped ones', async () => {
    const { table, notes } = await refreshPrices(shippedPrices, 'westeurope', { today, fetch: list([wrongRegistry]) });
    expect(priceOf('registry/Basic', table)).toEqual(priceOf('registry/Basic'));
    expect(notes.join()).toMatch(/registry\/Basic 3011\.25 USD: more than 5 times another than shipped, so not believed/);
  });

  it.each([
    ['there is no Internet', () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } })), /ENOTFOUND\); the shipped prices of 2026-11-22 are used/],
    ['the list is busy', () => Promise.resolve(new Response('', { status: 429 })), /answered 429/],
    ['the answer is another', () => Promise.resolve(Response.json({ Items: [{ retailPrice: 'free' }] })), /could not be read/],
  ])('leave the shipped ones where %s', async (_, fetch, message) => {
    const { table, notes } = await refreshPrices(shippedPrices, 'westeurope', { today, fetch });
    expect(table).toBe(shippedPrices);
    expect(notes).toEqual([expect.stringMatching(message)]);
  });

  it('never follow a link to another host', async () => {
    const asked: string[] = [];
    const fetch = ((input: string) => {
      asked.push(new URL(input).hostname);
      return Promise.resolve(Response.json({ Items: [], NextPageLink: 'https://elsewhere.example/api' }));
    }) as typeof globalThis.fetch;
    await refreshPrices(shippedPrices, 'westeurope', { today, fetch });
    expect(new Set(asked)).toEqual(new Set(['prices.azure.com']));
  });
});

describe('one price of the list', () => {
  it('is of the tier that is not free any more, and of as many units as ours', () => {
    const logs = (tierMinimumUnits: number, retailPrice: number) => item({ serviceName: 'Log Analytics', meterName: 'Pay-as-you-go Data Ingestion', tierMinimumUnits, retailPrice });
    expect(retailPriceOf(priceOf('logs/analytics'), [logs(0, 0), logs(5, 2.76)], 'westeurope')).toBe(2.76);
    const writes = item({ serviceName: 'Storage', productName: 'General Block Blob v2', skuName: 'Hot LRS', meterName: 'Hot LRS Write Operations', retailPrice: 0.054, unitOfMeasure: '10K' });
    expect(retailPriceOf(priceOf('blob/write'), [writes], 'westeurope')).toBeCloseTo(0.054, 9);
  });

  it('is unknown where the list says two things, and never that of Windows or of spot nodes', () => {
    const node = (more: Partial<RetailItem>) => item({ serviceName: 'Virtual Machines', armSkuName: 'Standard_DS2_v2', productName: 'Virtual Machines DSv2 Series', meterName: 'DS2 v2', retailPrice: 0.136, unitOfMeasure: '1 Hour', ...more });
    const all = [node({}), node({ productName: 'Virtual Machines DSv2 Series Windows', retailPrice: 0.2 }), node({ meterName: 'DS2 v2 Spot', retailPrice: 0.02 }), node({ meterName: 'DS2 v2 Low Priority', retailPrice: 0.03 })];
    expect(retailPriceOf(priceOf('vm/Standard_DS2_v2'), all, 'westeurope')).toBe(0.136);
    expect(retailPriceOf(priceOf('iot-hub/S1'), [hub, { ...hub, retailPrice: 30 }], 'westeurope')).toBeUndefined();
  });
});
