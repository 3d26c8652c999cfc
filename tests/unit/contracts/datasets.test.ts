import fc from 'fast-check';
import { datasetOfRawBlob, isAcceptedDataset, isReservedDataset, isSmokeDataset, loopNames, smokeNames } from '../../../contracts/datasets';
import { parseConfiguration } from '../../../components/configuration/configuration';

test.each([
  ['line/a.csv', 'line'],
  ['a.csv', 'line'],
  ['smoke-a1b2/a.csv', 'smoke-a1b2'],
  ['smoke-a1b2/line/a.csv', 'smoke-a1b2'],
  ['other/a.csv', 'other'],
  ['/a.csv', ''],
])('the raw file %s is one of the data set "%s"', (name, dataset) => {
  expect(datasetOfRawBlob('line', name)).toBe(dataset);
});

test('only plain names are data sets of smoke tests', () => {
  expect(['smoke-a1b2', `smoke-${'a'.repeat(24)}`].map(isSmokeDataset)).toEqual([true, true]);
  for (const name of [
    'smoke',
    'smoke-',
    'smoke-abc',
    `smoke-${'a'.repeat(25)}`,
    'smoke-A1B2',
    'smoke-a1b2/',
    'smoke-a1b2\n',
    'smoke-a1-b2',
    'xsmoke-a1b2',
    'smoke-a1b2 ',
    '../smoke-a1b2',
  ])
    expect([name, isSmokeDataset(name)]).toEqual([name, false]);
  fc.assert(
    fc.property(fc.string(), (name) => isAcceptedDataset('line', name) === (name === 'line' || /^smoke-[a-z0-9]{4,24}$/.test(name))),
  );
});

test('a factory and its smoke tests never share a name, and all smoke tests of a factory have one model and one package', () => {
  const own = fc.stringMatching(/^[a-z][a-z0-9]{1,30}$/).filter((name) => !isReservedDataset(name));
  const id = fc.stringMatching(/^[a-z0-9]{4,24}$/);
  fc.assert(
    fc.property(own, id, id, (dataset, one, other) => {
      const [factory, smoke] = [loopNames('plant-one', dataset), loopNames('plant-one', `smoke-${one}`)];
      expect(loopNames('plant-one', `smoke-${other}`)).toEqual(smoke);
      expect(Object.entries(smoke).filter(([key, name]) => factory[key as keyof typeof factory] === name)).toEqual([]);
    }),
  );
  expect(smokeNames('plant-one')).toMatchObject({
    model: 'plant-one-smoke',
    packageName: 'smoke-anomaly-detection',
    modelRepository: 'models/plant-one-smoke',
    packageRepository: 'packages/plant-one/smoke-anomaly-detection',
  });
  expect(smokeNames('plant-two').packageId).not.toBe(smokeNames('plant-one').packageId);
});

test.each(['smoke', 'smoke-line'])('a factory cannot call its own data set %s', (name) => {
  expect(() => parseConfiguration({ dataset: JSON.stringify({ name }) })).toThrow(
    `dataset.name is "${name}": expected another name: those that begin with smoke belong to smoke tests`,
  );
});
