import { differenceText, planDifference } from '../../../plan/planDifference';
import { testCertificate } from '../support/capturedProgram';
import { planOf, shippedStack } from '../support/shippedStacks';

const of = (stack: string, settings: Readonly<Record<string, unknown>>) =>
  planOf({ ...shippedStack('dev', settings), stack }).then(({ resources }) => resources);

describe('the difference between two stacks', () => {
  it('is nothing but the name where the settings are the same', async () => {
    const [one, two] = await Promise.all([of('one', {}), of('two', {})]);
    const { onlyOurs, onlyTheirs, changed } = planDifference(one, two);
    expect([onlyOurs, onlyTheirs]).toEqual([[], []]);
    expect(changed.map(({ property, ours, theirs }) => [property, ours, theirs])).toEqual([['tags.stack', 'one', 'two']]);
    expect(differenceText(planDifference(one, one), 'one', 'one')).toBe('one and one hold the same');
  }, 60_000);

  it('shows what another profile has otherwise: resources, sizes, protection', async () => {
    const [dev, plant] = await Promise.all([of('dev', {}), of('plant', { profile: 'production', siteCertificates: [testCertificate] })]);
    const difference = planDifference(dev, plant);
    expect(difference.onlyOurs).toEqual(expect.arrayContaining(['app:ContainerApp edge-site', 'resources:Resource site-vault']));
    const lines = differenceText(difference, 'dev', 'plant').split('\n');
    expect(lines).toContain('containerregistry:Registry registry: sku.name is "Basic" in dev, "Premium" in plant');
    expect(lines.filter((line) => /protect is nothing in dev, true in plant$/.test(line)).length).toBeGreaterThan(0);
    expect(lines.filter((line) => line.includes('xxxxxx') || line.includes('rg-factory-loop'))).toEqual([]);
  }, 60_000);
});
