import { parseConfiguration } from '../../../../components/configuration/configuration';
import { parsePlatform } from '../../../../components/resource/platformLinks';

const platform = {
  resourceGroup: { name: 'rg', id: '/rg' },
  logAnalyticsId: '/log',
  applicationInsightsId: '/appi',
  telemetry: {
    instrumentationKey: 'key',
    ingestionHost: 'in',
    remoteWriteHost: 'rw',
    remoteWritePath: '/w',
    metricsRuleId: '/dcr',
    metricsWorkspaceId: '/amw',
    metricsQueryEndpoint: 'https://q',
  },
  registry: { id: '/acr', loginServer: 'acr.io' },
  workspace: { id: '/mlw', name: 'mlw', modelsDatastore: 'models' },
  models: { accountId: '/ml', blobEndpoint: 'https://ml', containerId: '/ml/models', containerName: 'models' },
  trainingCluster: { id: '/c', principalId: 'p', clientId: 'c' },
  workspaceEvents: { topicName: 't', principalId: 'p' },
};

describe('a platform in a stack of its own', () => {
  it('is read as it was exported', () => {
    expect(parsePlatform('o/p/s', platform)).toEqual(platform);
  });

  it('is asked for when the stack has none, and what is missing of an older one is named', () => {
    expect(() => parsePlatform('o/p/s', undefined)).toThrow(/platformStack is o\/p\/s: it exports no platform; deploy it first/);
    expect(() => parsePlatform('o/p/s', { ...platform, registry: { id: '/acr' }, workspaceEvents: undefined })).toThrow(
      /no usable registry\.loginServer, workspaceEvents/,
    );
  });

  it('is named by a factory alone, and by nothing else', () => {
    expect(parseConfiguration({ parts: 'factory', platformStack: 'organization/factory-loop/ground' })).toMatchObject({ parts: 'factory' });
    expect(() => parseConfiguration({ parts: 'factory' })).toThrow(
      /platformStack is nothing: parts factory needs the stack of its platform/,
    );
    expect(() => parseConfiguration({ platformStack: 'a/b/c' })).toThrow(/platformStack is a\/b\/c: expected only with parts factory/);
    expect(() => parseConfiguration({ parts: 'factory', platformStack: 'ground' })).toThrow(
      /platformStack is "ground": .*<organization>\/<project>\/<stack>/,
    );
  });

  it('needs no certificate of a site', () => {
    expect(parseConfiguration({ parts: 'platform', profile: 'production' })).toMatchObject({ parts: 'platform' });
    expect(() => parseConfiguration({ profile: 'production' })).toThrow(/siteCertificates is empty/);
  });
});
