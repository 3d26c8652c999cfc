import fc from 'fast-check';
import { throughputUnitsFor } from '../../../../components/configuration/eventHubsSize';
import { meteredLoad, type ExpectedLoad } from '../../../../components/configuration/expectedLoad';
import { carries, cheapestHub, hubPrice, hubShortfalls, hubTiers, standardTiers } from '../../../../components/configuration/iotHubSize';

const one: ExpectedLoad = { devices: 1, messagesPerDay: 0, messageBytes: 4_096, deliveriesPerHour: 0, peakFactor: 1 };
const load = fc.record({
  devices: fc.integer({ min: 1, max: 1_200_000 }),
  messagesPerDay: fc.double({ min: 0, max: 3.5e9, noNaN: true }),
  messageBytes: fc.integer({ min: 1, max: 262_144 }),
  deliveriesPerHour: fc.double({ min: 0, max: 3e6, noNaN: true }),
  peakFactor: fc.double({ min: 1, max: 20, noNaN: true }),
});
const everySize = standardTiers.flatMap((tier) =>
  Array.from({ length: hubTiers[tier].maxUnits }, (_, index) => ({ tier, units: index + 1 })),
);

describe('the hub that is chosen for a load', () => {
  it('carries the load, and no cheaper one does; where none is found there is none', () => {
    fc.assert(
      fc.property(load, (given) => {
        const chosen = cheapestHub(given);
        const fitting = everySize.filter((size) => carries(given, size));
        expect(chosen === undefined || standardTiers.includes(chosen.tier)).toBe(true);
        expect(chosen === undefined ? [] : hubShortfalls(given, chosen)).toEqual([]);
        expect(chosen === undefined ? Infinity : hubPrice(chosen)).toBe(Math.min(...fitting.map(hubPrice)));
      }),
      { numRuns: 60 },
    );
  });

  it('never shrinks when the load grows', () => {
    fc.assert(
      fc.property(load, fc.double({ min: 1, max: 10, noNaN: true }), (given, factor) => {
        const [before, after] = [
          cheapestHub(given),
          cheapestHub({ ...given, messagesPerDay: given.messagesPerDay * factor, deliveriesPerHour: given.deliveriesPerHour * factor }),
        ];
        expect(after === undefined ? Infinity : hubPrice(after)).toBeGreaterThanOrEqual(before === undefined ? Infinity : hubPrice(before));
      }),
      { numRuns: 300 },
    );
  });

  it('is the tier that the reference architecture names: S2 up to 5 million messages a day, S3 up to 300 million or 3,400 a second', () => {
    expect(cheapestHub({ ...one, messagesPerDay: 5_000_000 })).toEqual({ tier: 'S2', units: 1 });
    expect(cheapestHub({ ...one, messagesPerDay: 300_000_000 })).toEqual({ tier: 'S3', units: 1 });
    expect(cheapestHub({ ...one, messagesPerDay: 3_400 * 86_400 })).toEqual({ tier: 'S3', units: 1 });
  });

  it('reaches a little further than the reference architecture rounds to', () => {
    expect(cheapestHub({ ...one, messagesPerDay: 6_000_000 })).toEqual({ tier: 'S2', units: 1 });
    // Sixteen units of S1 cost less than two of S2.
    expect(cheapestHub({ ...one, messagesPerDay: 6_000_001 })).toEqual({ tier: 'S1', units: 16 });
    expect(cheapestHub({ ...one, messagesPerDay: 300_000_001 })).toEqual({ tier: 'S3', units: 2 });
  });

  it('counts a message once for every 4 KB begun', () => {
    expect(meteredLoad({ ...one, messagesPerDay: 1_000, messageBytes: 4_097 }).messagesPerDay).toBe(2_000);
    expect(cheapestHub({ ...one, messagesPerDay: 400_000, messageBytes: 4_096 })).toEqual({ tier: 'S1', units: 1 });
    expect(cheapestHub({ ...one, messagesPerDay: 400_000, messageBytes: 4_097 })).toEqual({ tier: 'S1', units: 2 });
  });

  it('sends the answers of a fleet as fast as it must: 100 a minute and unit on S1', () => {
    expect(cheapestHub({ ...one, deliveriesPerHour: 3_000 })).toMatchObject({ tier: 'S1' });
    expect(hubShortfalls({ ...one, deliveriesPerHour: 3_000 }, { tier: 'S1', units: 1 }).join()).not.toContain('cloud-to-device');
    expect(hubShortfalls({ ...one, deliveriesPerHour: 6_000 }, { tier: 'S1', units: 1 }).join()).toMatch(
      /1\.667 cloud-to-device messages a second, not 3\.333/,
    );
  });

  it('keeps a tier or a number of units that was asked for, as long as it carries the load', () => {
    expect(cheapestHub(one, { tier: 'S3' })).toEqual({ tier: 'S3', units: 1 });
    expect(cheapestHub(one, { units: 4 })).toEqual({ tier: 'S1', units: 4 });
    expect(cheapestHub({ ...one, messagesPerDay: 10_000_000 }, { tier: 'S1', units: 1 })).toBeUndefined();
  });
});

describe('the event hub behind it', () => {
  it('takes the busiest moment in messages and in bytes', () => {
    fc.assert(
      fc.property(load, (given) => {
        const [units, needed] = [throughputUnitsFor(given), meteredLoad(given)];
        expect(units * 1_000).toBeGreaterThanOrEqual(needed.deviceSendsPerSecond);
        expect(units * 1_000_000).toBeGreaterThanOrEqual(needed.bytesPerSecond);
        expect(units === 1 || (units - 1) * 1_000 < needed.deviceSendsPerSecond || (units - 1) * 1_000_000 < needed.bytesPerSecond).toBe(
          true,
        );
      }),
    );
  });
});
