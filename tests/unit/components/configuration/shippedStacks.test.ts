import { localStackConfiguration } from '../../../../loop/localStackConfiguration';
import { readStackFile, stacksIn } from '../../../../plan/stackFile';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import type { Configuration } from '../../../../components/configuration/schema';
import { projectRoot } from '../../../support/projectRoot';

const own = (configuration: Readonly<Record<string, string>>) =>
  parseConfiguration(Object.fromEntries(Object.entries(configuration).map(([key, value]) => [key.replace(/^factory-loop:/, ''), value])));
const stack = (name: string): Configuration => own(readStackFile(projectRoot, name, '').configuration);

describe('the stacks in the repository', () => {
  it('are valid, each a factory of its own', () => {
    const factories = stacksIn(projectRoot).map((name) => stack(name).factory);
    expect(stacksIn(projectRoot)).toEqual(['battery', 'dev', 'packaging']);
    expect(new Set(factories).size).toBe(factories.length);
  });

  it('have the hub that their load needs: the smallest for a packaging plant, S3 for a battery plant', () => {
    expect(stack('packaging').iotHub).toEqual({ tier: 'S1', units: 1 });
    expect(stack('battery').iotHub).toEqual({ tier: 'S3', units: 1 });
    // 3,476 messages of 1,424 bytes a second at the busiest moment.
    expect(stack('battery').eventHubs).toMatchObject({ throughputUnits: 5, partitions: 8 });
  });

  it('lock their data and are released by a person, but for development', () => {
    expect(['battery', 'packaging', 'dev'].map((name) => [stack(name).protectData, stack(name).release])).toEqual([
      [true, 'approved'],
      [true, 'approved'],
      [false, 'automatic'],
    ]);
  });
});

describe('a stack in the local region', () => {
  const local = {
    'factory-loop:dataset': '{"settleSeconds":1}',
    'factory-loop:edgeSite': '{"enabled":true,"databusPort":5000}',
    'factory-loop:readers': '[]',
  };
  const given = {
    'factory-loop:factory': 'battery-sued',
    'factory-loop:profile': 'production',
    'factory-loop:dataset': '{"name":"formation","settleSeconds":60,"timeColumn":"t"}',
    'factory-loop:siteCertificates': '["x"]',
    'factory-loop:siteDocuments': '{"keyVault":true}',
    'factory-loop:release': 'approved',
    'factory-loop:containerRegistry': '{"existing":"/subscriptions/x"}',
    'factory-loop:edgeSite': '{"enabled":false,"batchIdleMs":500}',
    'factory-loop:expectedLoad': '{"devices":7}',
  };

  it('keeps its sizes, limits and names under what the region needs', () => {
    const configuration = own(localStackConfiguration(given, local, { ownData: true }));
    expect(configuration).toMatchObject({
      factory: 'battery-sued',
      profile: 'production',
      protectData: true,
      dataset: { name: 'formation', settleSeconds: 1, timeColumn: 't' },
      edgeSite: { enabled: true, databusPort: 5_000, batchIdleMs: 500 },
      expectedLoad: { devices: 7 },
    });
  });

  it('leaves out what only Azure has; who approves is the run', () => {
    expect(own(localStackConfiguration(given, local, { ownData: true }))).toMatchObject({
      siteCertificates: [],
      siteDocuments: { keyVault: false },
      containerRegistry: 'create',
      release: 'approved',
    });
    expect(localStackConfiguration({}, local, { ownData: false })).toEqual(local);
  });

  it('does not look for the columns of the plant in the data of the simulated machine', () => {
    expect(own(localStackConfiguration(given, local, { ownData: false })).dataset.timeColumn).toBeUndefined();
  });
});
