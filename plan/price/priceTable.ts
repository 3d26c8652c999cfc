import { z } from 'zod';
import shipped from './prices.json';

/** Where the public price list has a price. */
const meter = z.strictObject({
  service: z.string(),
  meter: z.string(),
  sku: z.string().optional(),
  product: z.string().optional(),
  armSku: z.string().optional(),
  /** From the list's unit to ours, such as 730 from an hour to a month; default 1. */
  factor: z.number().positive().optional(),
  /** First unit that is not free. */
  fromUnits: z.number().min(0).optional(),
});
const price = z.strictObject({
  key: z.string().min(1),
  unit: z.string().min(1),
  usd: z.number().min(0),
  source: z.string().min(1),
  meter: meter.optional(),
});
const priceTableSchema = z
  .strictObject({
    currency: z.literal('USD'),
    date: z.iso.date(),
    note: z.string(),
    hoursPerMonth: z.number().positive(),
    sources: z.record(z.string(), z.string()),
    prices: z.array(price).min(1),
  })
  .refine(({ prices }) => new Set(prices.map(({ key }) => key)).size === prices.length, 'each price once')
  .refine(({ prices, sources }) => prices.every(({ source }) => source in sources), 'a source for each price');

export type Price = z.output<typeof price>;
export type PriceTable = z.output<typeof priceTableSchema>;

/** The list prices that came with the product; `date` says when they were collected. */
export const shippedPrices: PriceTable = priceTableSchema.parse(shipped);
