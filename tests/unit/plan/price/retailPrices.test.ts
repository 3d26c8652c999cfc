import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refreshPrices, retailPriceOf, type RetailItem } from '../../../../plan/price/retailPrices';
import { shippedPrices, type Price } from '../../../../plan/price/priceTable';

const today = new Date('2026-12-01T00:00:00Z');
const item = (more: Partial<RetailItem>): RetailItem => ({
  currencyCode: 'USD',
  tierMinimumUnits: 0,
  retailPrice: 1,
  armRegionName: 'westeurope',
  meterName: 'Unit',
  productName: 'p',
  skuName: 's',
  serviceName: 'x',
  unitOfMeasure: '1',
  type: 'Consumption',
  ...more,
});
const hub = item({
  serviceName: 'IoT Hub',
  productName: 'IoT Hub',
  skuName: 'S1',
  meterName: 'S1 Unit',
  retailPrice: 27.5,
  unitOfMeasure: '1/Month',
});
const throughput = item({
  serviceName: 'Event Hubs',
  productName: 'Event Hubs',
  skuName: 'Standard',
  meterName: 'Standard Throughput Unit',
  retailPrice: 0.032,
  unitOfMeasure: '1 Hour',
});
const wrongRegistry = item({
  serviceName: 'Container Registry',
  productName: 'Container Registry',
  skuName: 'Basic',
  meterName: 'Basic Registry Unit',
  retailPrice: 99,
  unitOfMeasure: '1/Day',
});
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
    return Promise.resolve(
      Response.json({ Items: own.slice(skip, skip + 2), NextPageLink: skip + 2 < own.length ? url.href : null, Count: own.length }),
    );
  }) as typeof fetch;
}

describe('refreshed prices', () => {
  it('are those of the region, in the units of the table, with their date; the others stay', async () => {
    const asked: URL[] = [];
    const others = [
      { ...hub, armRegionName: 'eastus', retailPrice: 25 },
      { ...hub, type: 'Reservation', retailPrice: 5 },
    ];
    const { table, notes } = await refreshPrices(shippedPrices, 'westeurope', { today, fetch: list([...others, hub, throughput], asked) });
    expect(priceOf('iot-hub/S1', table)).toMatchObject({ usd: 27.5, source: 'refreshed' });
    expect(priceOf('event-hubs/Standard', table).usd).toBeCloseTo(0.032 * 730, 9);
    expect(priceOf('registry/Basic', table)).toEqual(priceOf('registry/Basic'));
    expect(table.note).toMatch(/^2 of \d+ prices from Azure's public price list for westeurope of 2026-12-01/);
    expect(notes).toEqual([]);
    expect(new Set(asked.map(({ origin, pathname }) => `${origin}${pathname}`))).toEqual(
      new Set(['https://prices.azure.com/api/retail/prices']),
    );
    expect(asked.every((url) => url.searchParams.get('$filter')?.includes("armRegionName eq 'westeurope'"))).toBe(true);
  });

  it('are not believed where they are far from the shipped ones', async () => {
    const { table, notes } = await refreshPrices(shippedPrices, 'westeurope', { today, fetch: list([wrongRegistry]) });
    expect(priceOf('registry/Basic', table)).toEqual(priceOf('registry/Basic'));
    expect(notes.join()).toMatch(/registry\/Basic 3011\.25 USD: more than 5 times another than shipped, so not believed/);
  });

  it.each([
    [
      'there is no Internet',
      () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: { code: 'ENOTFOUND' } })),
      /ENOTFOUND\); the shipped prices of \d{4}-\d\d-\d\d are used/,
    ],
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

describe('the price list over the network', () => {
  const origin = 'https://prices.azure.com';
  /** A stand-in of the list on loopback. */
  async function against(listener: RequestListener): ReturnType<typeof refreshPrices> {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const stand = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      return await refreshPrices(shippedPrices, 'westeurope', {
        today,
        fetch: ((url: string, init: RequestInit) => fetch(url.replace(origin, stand), init)) as typeof fetch,
      });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }
  const page = (items: readonly RetailItem[], next: string | null = null) =>
    JSON.stringify({ BillingCurrency: 'USD', Items: items, NextPageLink: next, Count: items.length });
  const of = (url: string | undefined) =>
    /serviceName eq '([^']+)'/.exec(new URL(url ?? '/', origin).searchParams.get('$filter') ?? '')?.[1];

  it('is read page by page, and no page is asked for twice', async () => {
    const asked: string[] = [];
    const { table } = await against(({ url = '' }, answer) => {
      asked.push(url);
      const skip = Number(new URL(url, origin).searchParams.get('$skip') ?? 0);
      const pages = of(url) === 'IoT Hub' ? [item({}), item({}), hub] : [];
      answer.end(
        page(pages.slice(skip, skip + 1), skip + 1 < pages.length ? `${origin}${url.replace(/&\$skip=\d+/, '')}&$skip=${skip + 1}` : null),
      );
    });
    expect(priceOf('iot-hub/S1', table)).toMatchObject({ usd: 27.5, source: 'refreshed' });
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.filter((url) => of(url) === 'IoT Hub')).toHaveLength(3);
  });

  it('that never ends is left after some pages', async () => {
    let asked = 0;
    await against((_, answer) => {
      asked += 1;
      answer.end(page([], `${origin}/api/retail/prices?page=${asked}`));
    });
    expect(asked).toBeGreaterThan(40);
    expect(asked).toBeLessThan(1_000);
  });

  it.each<[string, RequestListener, RegExp]>([
    ['is too large', (_, answer) => void answer.end(`{"Items":[],"x":"${'x'.repeat(9_000_000)}"}`), /more than 8388608 bytes/],
    [
      'never stops',
      (_, answer) => {
        const more = () => {
          if (!answer.destroyed) answer.write('x'.repeat(1_000_000), () => setImmediate(more));
        };
        more();
      },
      /more than 8388608 bytes/,
    ],
    [
      'is not JSON',
      (_, answer) => void answer.end('<html>\u001b[31mlogin</html>'),
      /\(https:\/\/prices\.azure\.com answered something that is no JSON\); the shipped prices/,
    ],
    ['is other JSON', (_, answer) => void answer.end('{"Items":{"<html>":1}}'), /no list of prices/],
    ['has a negative price', (_, answer) => void answer.end(page([{ ...hub, retailPrice: -1 }])), /no list of prices/],
    ['has a price beyond numbers', (_, answer) => void answer.end(page([hub]).replace('27.5', '1e999')), /no list of prices/],
    ['is an error', (_, answer) => void answer.writeHead(500).end('{"Items":[]}'), /answered 500/],
    ['leads elsewhere', (_, answer) => void answer.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /could not be read/],
    [
      'breaks off',
      (_, answer) => {
        answer.writeHead(200, { 'content-length': '1000' });
        answer.write('{');
        answer.destroy();
      },
      /could not be read/,
    ],
  ])('whose answer %s leaves the shipped prices, and none of it is repeated', async (_, listener, message) => {
    const { table, notes } = await against(listener);
    expect(table).toBe(shippedPrices);
    expect(notes).toEqual([expect.stringMatching(message)]);
    expect(notes.join()).not.toMatch(/\u001b|html/);
  });

  it('in another currency, in several matches or in none leaves a price as it was shipped', async () => {
    const answers: Readonly<Record<string, readonly RetailItem[]>> = {
      'IoT Hub': [{ ...hub, currencyCode: 'EUR' }],
      'Event Hubs': [throughput, { ...throughput, retailPrice: 0.04 }],
    };
    const { table, notes } = await against(({ url }, answer) => void answer.end(page(answers[of(url) ?? ''] ?? [])));
    for (const key of ['iot-hub/S1', 'event-hubs/Standard', 'registry/Basic']) expect(priceOf(key, table)).toEqual(priceOf(key));
    expect(notes).toEqual([]);
  });
});

describe('one price of the list', () => {
  it.each([
    ['1M', 2.8e-2, 'event-hubs/ingress', 0.028],
    ['100K', 0.06, 'event-grid/operations', 0.06],
    ['100', 2.8e-6, 'event-hubs/ingress', 0.028],
    ['10K', 0.03, 'key-vault/operations', 0.03],
    ['1 Hour', 0.03, 'event-hubs/Standard', 21.9],
    ['1/Day', 0.1666, 'registry/Basic', 5.067],
  ])('for %s at %d is %s at %d in our units', (unitOfMeasure, retailPrice, key, usd) => {
    const { meter } = priceOf(key);
    const names: Readonly<Record<string, string>> = {
      'event-hubs/ingress': 'Standard Ingress Events',
      'event-grid/operations': 'Standard Event Operations',
      'key-vault/operations': 'Operations',
      'event-hubs/Standard': 'Standard Throughput Unit',
      'registry/Basic': 'Basic Registry Unit',
    };
    const found = retailPriceOf(
      priceOf(key),
      [
        item({
          serviceName: meter?.service ?? '',
          skuName: meter?.sku ?? 's',
          meterName: names[key] ?? '',
          unitOfMeasure,
          retailPrice,
          tierMinimumUnits: meter?.fromUnits ?? 0,
        }),
      ],
      'westeurope',
    );
    expect(found).toBeCloseTo(usd, 2);
  });

  it('is of the tier that is not free any more, and of as many units as ours', () => {
    const logs = (tierMinimumUnits: number, retailPrice: number) =>
      item({ serviceName: 'Log Analytics', meterName: 'Pay-as-you-go Data Ingestion', tierMinimumUnits, retailPrice });
    expect(retailPriceOf(priceOf('logs/analytics'), [logs(0, 0), logs(5, 2.76)], 'westeurope')).toBe(2.76);
    const writes = item({
      serviceName: 'Storage',
      productName: 'General Block Blob v2',
      skuName: 'Hot LRS',
      meterName: 'Hot LRS Write Operations',
      retailPrice: 0.054,
      unitOfMeasure: '10K',
    });
    expect(retailPriceOf(priceOf('blob/write-LRS'), [writes], 'westeurope')).toBeCloseTo(0.054, 9);
  });

  it('is unknown where the list says two things, and never that of Windows or of spot nodes', () => {
    const node = (more: Partial<RetailItem>) =>
      item({
        serviceName: 'Virtual Machines',
        armSkuName: 'Standard_DS2_v2',
        productName: 'Virtual Machines DSv2 Series',
        meterName: 'DS2 v2',
        retailPrice: 0.136,
        unitOfMeasure: '1 Hour',
        ...more,
      });
    const all = [
      node({}),
      node({ productName: 'Virtual Machines DSv2 Series Windows', retailPrice: 0.2 }),
      node({ meterName: 'DS2 v2 Spot', retailPrice: 0.02 }),
      node({ meterName: 'DS2 v2 Low Priority', retailPrice: 0.03 }),
    ];
    expect(retailPriceOf(priceOf('vm/Standard_DS2_v2'), all, 'westeurope')).toBe(0.136);
    expect(retailPriceOf(priceOf('iot-hub/S1'), [hub, { ...hub, retailPrice: 30 }], 'westeurope')).toBeUndefined();
  });
});
