import { meteredLoad, type ExpectedLoad, type MeteredLoad } from './expectedLoad';

export const standardTiers = ['S1', 'S2', 'S3'] as const;
type HubTier = (typeof standardTiers)[number];
export interface HubSize {
  readonly tier: HubTier;
  readonly units: number;
}

/** What a hub is measured by; bytes count at the event hub behind it. */
type HubLoad = Omit<MeteredLoad, 'bytesPerSecond' | 'routedBytesPerDay'>;

interface TierLimits {
  /** Price of a unit, in units of S1. */
  readonly price: number;
  readonly maxUnits: number;
  readonly capacity: (units: number) => HubLoad;
}

/**
 * Quotas and throttles of the Standard tiers, from "IoT Hub quotas and throttling". The reference architecture rounds: it gives S2 up to 5 million
 * messages a day where one unit carries 6 million, and S3 3,400 messages a second where its 300 million a day are 3,472 on average.
 */
export const hubTiers: Readonly<Record<HubTier, TierLimits>> = {
  S1: {
    price: 1,
    maxUnits: 200,
    capacity: (units) => ({
      messagesPerDay: 400_000 * units,
      deviceSendsPerSecond: Math.max(100, 12 * units),
      connectionsPerSecond: Math.max(100, 12 * units),
      cloudSendsPerSecond: (100 / 60) * units,
    }),
  },
  S2: {
    price: 10,
    maxUnits: 200,
    capacity: (units) => ({
      messagesPerDay: 6_000_000 * units,
      deviceSendsPerSecond: 120 * units,
      connectionsPerSecond: 120 * units,
      cloudSendsPerSecond: (100 / 60) * units,
    }),
  },
  S3: {
    price: 100,
    maxUnits: 10,
    capacity: (units) => ({
      messagesPerDay: 300_000_000 * units,
      deviceSendsPerSecond: 6_000 * units,
      connectionsPerSecond: 6_000 * units,
      cloudSendsPerSecond: (5_000 / 60) * units,
    }),
  },
};
const maxDevicesOfHub = 1_000_000;

const measures: Readonly<Record<keyof HubLoad, string>> = {
  messagesPerDay: 'messages a day in blocks of 4 KB',
  deviceSendsPerSecond: 'device-to-cloud messages a second',
  cloudSendsPerSecond: 'cloud-to-device messages a second',
  connectionsPerSecond: 'new connections a second',
};
const rounded = (value: number) => Number(value.toPrecision(4)).toLocaleString('en-US', { maximumFractionDigits: 3 });

/** Every quota and throttle that the load would exceed; empty when the hub carries it. */
export function hubShortfalls(load: ExpectedLoad, { tier, units }: HubSize): string[] {
  const needed = meteredLoad(load);
  const { maxUnits, capacity } = hubTiers[tier];
  if (!Number.isInteger(units) || units < 1 || units > maxUnits) return [`${tier} has 1 to ${maxUnits} units, not ${units}`];
  const has = capacity(units);
  return [
    ...(load.devices > maxDevicesOfHub ? [`a hub has at most ${rounded(maxDevicesOfHub)} devices, not ${rounded(load.devices)}`] : []),
    ...(Object.keys(measures) as (keyof typeof measures)[])
      .filter((measure) => needed[measure] > has[measure])
      .map(
        (measure) =>
          `${tier} with ${units} unit${units === 1 ? '' : 's'} carries ${rounded(has[measure])} ${measures[measure]}, not ${rounded(needed[measure])}`,
      ),
  ];
}
export const carries = (load: ExpectedLoad, size: HubSize) => hubShortfalls(load, size).length === 0;
export const hubPrice = ({ tier, units }: HubSize) => hubTiers[tier].price * units;

function fewestUnits(load: ExpectedLoad, tier: HubTier): HubSize[] {
  const { maxUnits } = hubTiers[tier];
  if (!carries(load, { tier, units: maxUnits })) return [];
  let [low, high] = [1, maxUnits];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (carries(load, { tier, units: middle })) high = middle;
    else low = middle + 1;
  }
  return [{ tier, units: low }];
}

/** The cheapest hub that carries the load; of two equally dear ones the higher tier, which has more to spare. Undefined when no hub does. */
export function cheapestHub(
  load: ExpectedLoad,
  fixed: { readonly tier?: HubTier | undefined; readonly units?: number | undefined } = {},
): HubSize | undefined {
  const tiers = fixed.tier === undefined ? standardTiers : [fixed.tier];
  const { units } = fixed;
  const fitting = tiers.flatMap((tier) =>
    units === undefined ? fewestUnits(load, tier) : [{ tier, units }].filter((size) => carries(load, size)),
  );
  return fitting.sort((a, b) => hubPrice(a) - hubPrice(b) || hubTiers[b.tier].price - hubTiers[a.tier].price)[0];
}
