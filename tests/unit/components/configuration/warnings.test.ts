import { bundleWarnings } from '../../../../components/configuration/warnings';

describe('bundles that the images are made of', () => {
  it('are warned about where sources have changed since, by the first of them', () => {
    expect(bundleWarnings([])).toEqual([]);
    expect(bundleWarnings(['contracts/features/featureDefinition.ts'])).toEqual([
      expect.stringMatching(/^contracts\/features\/featureDefinition\.ts has changed .*npm run build/),
    ]);
    expect(bundleWarnings(['a.ts', 'b.ts', 'c.ts'])).toEqual([expect.stringMatching(/^a\.ts and 2 more have changed /)]);
  });
});
