import fc from 'fast-check';
import {
  applicationInsightsName,
  containerEnvironmentName,
  eventHubsName,
  identityName,
  iotHubName,
  logAnalyticsName,
  machineLearningName,
  monitorWorkspaceName,
  programName,
  registryName,
  resourceGroupName,
  storageAccountName,
  systemTopicName,
  vaultName,
  type NameParts,
} from '../../../../components/resource/names';
import { queueNames } from '../../../../components/configuration/pipelineJobs';
import { programs } from '../../../../contracts/programs';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const parts = fc.record({
  owner: fc.stringMatching(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$/, { size: 'max' }).filter((owner) => !owner.includes('--')),
  suffix: fc.string({ unit: fc.constantFrom(...letters, ...'0123456789'), minLength: 6, maxLength: 6 }),
});
const rules: readonly [string, (parts: NameParts) => string, RegExp][] = [
  ...(['data', 'edge', 'ml'] as const).map((purpose): [string, (p: NameParts) => string, RegExp] => [
    `storage account ${purpose}`,
    (p) => storageAccountName(purpose, p),
    /^[a-z0-9]{3,24}$/,
  ]),
  ...(['ml', 'site'] as const).map((purpose): [string, (p: NameParts) => string, RegExp] => [
    `vault ${purpose}`,
    (p) => vaultName(purpose, p),
    /^[A-Za-z](?!.*--)[A-Za-z0-9-]{1,22}[A-Za-z0-9]$/,
  ]),
  ['registry', registryName, /^[A-Za-z0-9]{5,50}$/],
  ['IoT hub', iotHubName, /^(?!.*-$)[A-Za-z0-9-]{3,50}$/],
  ['Event Hubs namespace', eventHubsName, /^[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]$/],
  ['ML workspace', machineLearningName, /^[A-Za-z0-9][A-Za-z0-9_-]{2,32}$/],
  ['Log Analytics workspace', logAnalyticsName, /^[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]$/],
  ['Application Insights', applicationInsightsName, /^[^%&\\?/]{0,254}[^%&\\?/. ]$/],
  ['Monitor workspace', monitorWorkspaceName, /^(?!-)[A-Za-z0-9-]{4,63}$/],
  ['Container Apps environment', containerEnvironmentName, /^[a-z](?!.*--)[a-z0-9-]{0,58}[a-z0-9]$/],
  ['system topic', (p) => systemTopicName('edge', p), /^[A-Za-z0-9-]{3,128}$/],
  ...[...queueNames, 'ml-workspace', 'edge-site'].map((actor): [string, (p: NameParts) => string, RegExp] => [
    `identity ${actor}`,
    (p) => identityName(actor, p),
    /^[A-Za-z0-9][\w-]{2,127}$/,
  ]),
  ...[...Object.keys(programs), 'edge-site'].map((program): [string, (p: NameParts) => string, RegExp] => [
    `program ${program}`,
    (p) => programName(program, p),
    /^[a-z](?!.*--)[a-z0-9-]{0,30}[a-z0-9]$/,
  ]),
];

describe('names', () => {
  it.each(rules)('of a %s are legal for every factory and end in the suffix', (_, name, rule) => {
    fc.assert(fc.property(parts, (one) => rule.test(name(one)) && name(one).endsWith(one.suffix)));
  });

  it.each(rules)('of a %s differ between factories, whatever the factories are called', (_, name) => {
    fc.assert(
      fc.property(
        parts,
        parts,
        fc.boolean(),
        (one, other, namesakes) =>
          one.suffix === other.suffix || name(one) !== name({ ...other, owner: namesakes ? one.owner : other.owner }),
      ),
    );
  });

  it('of one factory differ from each other where Azure has one name space', () => {
    const kinds = ['storage account', 'vault', 'identity', 'program'];
    fc.assert(
      fc.property(parts, (one) =>
        kinds.every((kind) => {
          const names = rules.filter(([what]) => what.startsWith(`${kind} `)).map(([, name]) => name(one));
          return new Set(names).size === names.length;
        }),
      ),
    );
  });

  it('of a resource group are legal for every stack', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9._-]{1,100}$/, { size: 'max' }), (stack) =>
        /^[-\w._()]{1,89}[-\w_()]$/.test(resourceGroupName(stack)),
      ),
    );
  });
});
