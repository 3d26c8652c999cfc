import fc from 'fast-check';
import { parseConfiguration } from '../../../../components/configuration/configuration';
import { profileNames, profiles } from '../../../../components/configuration/profiles';
import { redundancies } from '../../../../components/configuration/resourceSettings';
import { programs } from '../../../../contracts/programs';
import { testCertificate } from '../../support/capturedProgram';

const wrong = (values: Record<string, unknown>) => () =>
  parseConfiguration(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])),
  );

describe('the stack configuration', () => {
  it('needs nothing for a development stack with a simulated site', () => {
    expect(parseConfiguration({})).toMatchObject({
      factory: 'plant-one',
      profile: 'dev',
      release: 'automatic',
      edgeSite: { enabled: true, databusPort: 1883 },
      imageSource: 'build',
      cloud: { resourceManagerEndpoint: 'https://management.azure.com' },
    });
  });

  it('leaves release to a person and the simulated site out in production', () => {
    expect(parseConfiguration({ profile: 'production', siteCertificates: JSON.stringify([testCertificate]) })).toMatchObject({
      release: 'approved',
      edgeSite: { enabled: false },
    });
  });

  it('says key, value and what is allowed', () => {
    expect(wrong({ dataset: { windowSeconds: -5 } })).toThrow(/dataset\.windowSeconds is -5: expected a number from 0\.1 to 86400$/);
    expect(wrong({ profile: 'huge' })).toThrow(/profile is "huge": expected one of dev, production$/);
    expect(wrong({ factory: 'Plant One' })).toThrow(/factory is "Plant One": .*lower case letters/);
    expect(wrong({ dataset: 'line' })).toThrow(/dataset is "line": expected an object with name, timeColumn, labelColumns/);
  });

  it.each<[Record<string, unknown>, RegExp]>([
    [{ edgeSite: { otlpPort: 99_999 } }, /edgeSite\.otlpPort is 99999: expected a whole number from 1 to 65535$/],
    [{ edgeSite: { otlpPort: 1.5 } }, /edgeSite\.otlpPort is 1\.5: expected a whole number from 1 to 65535$/],
    [{ storage: { versioning: 'yes' } }, /storage\.versioning is "yes": expected true or false$/],
    [{ readers: [{ principalType: 'User' }] }, /readers\.0\.principalId is nothing: expected a GUID$/],
    [{ readers: 'me' }, /readers is "me": expected a list of at most 20 entries$/],
    [{ dataset: { referenceFraction: 2 } }, /dataset\.referenceFraction is 2: expected auto, or a number from 0\.1 to 1$/],
    [
      { baseImageRegistry: 'https://mirror.example' },
      /baseImageRegistry is "https:\/\/mirror\.example": expected <host>, or <host>\/<folder>/,
    ],
    [{ baseImageRegistry: 'mirror' }, /baseImageRegistry is "mirror": expected <host>/],
    [{ sourceCommit: '' }, /sourceCommit is "": expected text of 1 to 100 characters$/],
    [{ logs: { dailyQuotaGb: 0 } }, /logs\.dailyQuotaGb is 0: expected -1, or a number from 0\.1 to 10000$/],
    [{ tags: { 'a/b': '1' } }, /tags\.a\/b: expected a name of 1 to 128 characters without/],
    [{ tags: { 'Azure-x': '1' } }, /tags\.Azure-x: expected a name/],
    [{ tags: { one: '1', One: '2' } }, /tags is .*: expected names that differ by more than case$/],
    [{ tags: { ok: 5 } }, /tags\.ok is 5: expected text of at most 256 characters$/],
    [{ tags: Object.fromEntries(Array.from({ length: 41 }, (_, index) => [`t${index}`, ''])) }, /tags is .*: expected at most 40 tags/],
    [{ storage: { lifecycle: { rawx: {} } } }, /storage\.lifecycle\.rawx: no such setting; expected one of raw, .*landing-zone/],
  ])('says all of what is allowed: %j', (values, answer) => {
    expect(wrong(values)).toThrow(answer);
  });

  it('refuses a setting that does not exist, at every level', () => {
    expect(wrong({ facotry: 'x' })).toThrow(/facotry: no such setting; expected one of factory, location/);
    expect(wrong({ jobs: { pollingSeconds: 3 } })).toThrow(
      /jobs\.pollingSeconds: no such setting; expected one of pollingIntervalSeconds$/,
    );
    expect(wrong({ logs: { tables: { AppTraces: { days: 3 } } } })).toThrow(
      /logs\.tables\.AppTraces\.days: no such setting; expected one of plan, retentionDays, totalRetentionDays$/,
    );
  });

  it('takes no raw file larger than the disk of the job that reads it could hold', () => {
    expect(wrong({ dataset: { maxFileBytes: 20_000_000_000 } })).toThrow(
      /dataset\.maxFileBytes is 20000000000: expected at most 4294967296, half of the disk/,
    );
    expect(wrong({ dataset: { maxFileBytes: 4_294_967_296 } })).not.toThrow();
  });

  it('refuses windows that leave samples out', () => {
    expect(wrong({ dataset: { windowSeconds: 10, strideSeconds: 20 } })).toThrow(
      /strideSeconds is 20: expected at most dataset\.windowSeconds, 10/,
    );
  });
});

describe('the site in the configuration', () => {
  it('never takes a private key where a public certificate belongs', () => {
    expect(wrong({ siteCertificates: [`${testCertificate}-----BEGIN PRIVATE KEY-----`] })).toThrow(/public certificate only/);
    expect(wrong({ siteCertificates: ['not a certificate'] })).toThrow(/X\.509 certificate in PEM/);
  });

  it('gives every program of the site a port of its own', () => {
    expect(wrong({ edgeSite: { otlpPort: 1883 } })).toThrow(
      /edgeSite\.otlpPort is 1883: expected a port of its own, edgeSite\.databusPort is the same/,
    );
    expect(wrong({ edgeSite: { metricsProxyPort: 9_000, dataCollectorHubPort: 9_000 } })).toThrow(/edgeSite\.dataCollectorHubPort is 9000/);
    expect(parseConfiguration({ edgeSite: '{"otlpPort": 9000}' }).edgeSite).toMatchObject({ otlpPort: 9_000, modelMonitorPort: 4_319 });
  });

  it('wants exactly one source of the device certificate', () => {
    expect(wrong({ edgeSite: { enabled: false } })).toThrow(/siteCertificates is empty/);
    const reader = { principalId: '0a0a0a0a-0000-4000-8000-00000000000a', principalType: 'User' };
    expect(wrong({ readers: [reader, { ...reader, principalId: reader.principalId.toUpperCase() }] })).toThrow(
      /readers\.1\.principalId is 0a0a0a0a-\S+: expected every principal once, readers\.0 is the same/,
    );
    expect(wrong({ siteCertificates: [testCertificate] })).toThrow(/expected one of the two/);
  });

  it("makes the site's documents only where they can be of use", () => {
    const engineer = { principalId: '0a0a0a0a-0000-4000-8000-00000000000a', principalType: 'User' };
    expect(parseConfiguration({})).toMatchObject({ siteDocuments: { keyVault: false, transport: 'tls', engineers: [] } });
    expect(
      parseConfiguration({
        profile: 'production',
        siteDocuments: JSON.stringify({ keyVault: true, suffix: 'ab12cd', engineers: [engineer] }),
      }),
    ).toMatchObject({ edgeSite: { enabled: false }, siteDocuments: { keyVault: true, suffix: 'ab12cd' } });
    expect(parseConfiguration({ siteDocuments: '{"keyVault":true}' })).toMatchObject({
      edgeSite: { enabled: true },
      siteDocuments: { keyVault: true },
    });
    expect(wrong({ profile: 'production', siteCertificates: [testCertificate], siteDocuments: { keyVault: true } })).toThrow(
      /siteDocuments\.keyVault is true, and siteCertificates is set: expected one of the two/,
    );
    expect(
      wrong({
        profile: 'production',
        servicePrincipal: { existing: '11111111-1111-4111-8111-111111111111' },
        siteDocuments: { keyVault: true },
      }),
    ).toThrow(/siteDocuments\.keyVault is true, and servicePrincipal is an existing one: expected "create"/);
    expect(wrong({ parts: 'platform', siteDocuments: { keyVault: true } })).toThrow(
      /siteDocuments\.keyVault is true: expected false with parts platform/,
    );
    expect(wrong({ siteDocuments: { suffix: 'ab12cd' } })).toThrow(
      /siteDocuments\.suffix is "ab12cd": expected siteDocuments\.keyVault true with it/,
    );
    expect(wrong({ siteDocuments: { engineers: [engineer] } })).toThrow(
      /siteDocuments\.engineers is \[.*: expected siteDocuments\.keyVault true with it/,
    );
    expect(wrong({ siteDocuments: { transport: 'wss' } })).toThrow(
      /siteDocuments\.transport is "wss": expected siteDocuments\.keyVault true with it/,
    );
    expect(wrong({ siteDocuments: { keyVault: true, suffix: 'AB' } })).toThrow(
      /siteDocuments\.suffix is "AB": expected six lower case letters and digits/,
    );
    expect(wrong({ siteDocuments: { keyVault: true, engineers: [engineer, engineer] } })).toThrow(
      /siteDocuments\.engineers\.1\.principalId is 0a0a0a0a-\S+: expected every principal once/,
    );
  });

  it('wants an image by digest for every program when images are prebuilt', () => {
    expect(wrong({ imageSource: 'prebuilt', prebuiltImages: { train: `r.io/train@sha256:${'a'.repeat(64)}` } })).toThrow(
      /no image for data-pipeline/,
    );
    expect(wrong({ prebuiltImages: { train: 'r.io/train:latest' } })).toThrow(/prebuiltImages\.train is "r\.io\/train:latest": .*digest/);
    const images = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));
    expect(parseConfiguration({ imageSource: 'prebuilt', prebuiltImages: JSON.stringify(images) }).imageSource).toBe('prebuilt');
  });
});

const parsed = (values: Record<string, unknown>) =>
  parseConfiguration(
    Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])),
  );
const production = { profile: 'production', siteCertificates: [testCertificate] };

describe('the settings of the resources', () => {
  it("are the profile's where the stack says nothing, each one overridable", () => {
    expect(parsed({})).toMatchObject({
      storage: { redundancy: 'LRS' },
      registry: { sku: 'Basic' },
      iotHub: { tier: 'S1', units: 1 },
      protectData: false,
      environment: 'dev',
    });
    expect(parsed(production)).toMatchObject({
      storage: { redundancy: 'GZRS', versioning: true },
      registry: { sku: 'Premium', zoneRedundant: true },
      keyVault: { softDeleteDays: 90 },
      protectData: true,
      environment: 'production',
    });
    expect(
      parsed({
        ...production,
        storage: { redundancy: 'ZRS', lifecycle: { processed: { deleteAfterDays: 10 } } },
        protectData: 'false',
        environment: 'test',
      }),
    ).toMatchObject({
      protectData: false,
      storage: { redundancy: 'ZRS', versioning: true, lifecycle: { processed: { deleteAfterDays: 10 }, raw: { coolAfterDays: 90 } } },
      environment: 'test',
    });
  });

  it('choose the hub by the expected load, and hold an override against it', () => {
    expect(parsed({ expectedLoad: { messagesPerDay: 5_000_000, peakFactor: 1 } }).iotHub).toEqual({ tier: 'S2', units: 1 });
    expect(parsed({ iotHub: { tier: 'S3' } }).iotHub).toEqual({ tier: 'S3', units: 1 });
    expect(wrong({ expectedLoad: { messagesPerDay: 5_000_000, peakFactor: 1 }, iotHub: { tier: 'S1', units: 1 } })).toThrow(
      /iotHub is too small: S1 with 1 unit carries 400,000 messages a day in blocks of 4 KB, not 5,\d{3},\d{3}; expected at least S2 with 1 unit, or nothing/,
    );
    expect(wrong({ expectedLoad: { messagesPerDay: 1e11 } })).toThrow(/expectedLoad is too large: .*no hub carries it/);
  });

  it('refuse the Basic tier with the reason', () => {
    expect(wrong({ iotHub: { tier: 'B1' } })).toThrow(
      /iotHub\.tier is "B1": expected S1, S2 or S3: the Basic tier has no cloud-to-device messages/,
    );
    expect(wrong({ iotHub: { tier: 'S9' } })).toThrow(/iotHub\.tier is "S9": expected S1, S2 or S3, or nothing/);
  });

  it('refuse an event hub that the load would overrun', () => {
    const load = { expectedLoad: { messagesPerDay: 200_000_000, messageBytes: 4_096, peakFactor: 2 } };
    expect(parsed(load).eventHubs).toMatchObject({ throughputUnits: 21, partitions: 32 });
    expect(wrong({ ...load, eventHubs: { throughputUnits: 4 } })).toThrow(/eventHubs\.throughputUnits is 4: expected at least 21/);
    expect(wrong({ ...load, eventHubs: { partitions: 4 } })).toThrow(/eventHubs\.partitions is 4: expected at least 21/);
  });
});

describe('the settings of storage, logs, registry and cluster', () => {
  it('never archive what the loop reads again, nor let a blob go before it has moved', () => {
    expect(wrong({ storage: { lifecycle: { raw: { archiveAfterDays: 30 } } } })).toThrow(
      /storage\.lifecycle\.raw\.archiveAfterDays is 30: expected nothing, the programs read raw again/,
    );
    expect(wrong({ storage: { lifecycle: { raw: { coolAfterDays: 30, deleteAfterDays: 30 } } } })).toThrow(
      /storage\.lifecycle\.raw\.deleteAfterDays is 30: expected more than the stage before it, coolAfterDays 30/,
    );
    expect(wrong({ storage: { lifecycle: { checkpoints: { deleteAfterDays: 30 } } } })).toThrow(/storage\.lifecycle\.checkpoints/);
    expect(parsed({ storage: { lifecycle: { quarantine: { archiveAfterDays: 30 } } } }).storage.lifecycle.quarantine).toEqual({
      archiveAfterDays: 30,
    });
  });

  it('archive nothing in an account with copies in several zones, whatever the profile and the stack say', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...profileNames),
        fc.constantFrom(undefined, ...redundancies),
        fc.option(fc.integer({ min: 8, max: 300 }), { nil: undefined }),
        (profile, redundancy, archiveAfterDays) => {
          const given = {
            ...(profile === 'production' ? production : {}),
            storage: {
              ...(redundancy === undefined ? {} : { redundancy }),
              ...(archiveAfterDays === undefined ? {} : { lifecycle: { quarantine: { archiveAfterDays } } }),
            },
          };
          const effective = redundancy ?? profiles[profile].storage.redundancy;
          const refused = archiveAfterDays !== undefined && /ZRS$/.test(effective);
          const said = (() => {
            try {
              return Object.values(parsed(given).storage.lifecycle).some(
                (rule) => rule.archiveAfterDays !== undefined && /ZRS$/.test(effective),
              )
                ? 'archived'
                : 'taken';
            } catch (error) {
              return (error as Error).message;
            }
          })();
          return refused
            ? said.includes(
                `storage.lifecycle.quarantine.archiveAfterDays is ${archiveAfterDays}: expected nothing with storage.redundancy ${effective}`,
              )
            : said === 'taken';
        },
      ),
    );
  });

  it('refuse a table plan that Azure does not have, or that an alert could not ask', () => {
    expect(wrong({ logs: { tables: { AppMetrics: { plan: 'Basic' } } } })).toThrow(
      /logs\.tables\.AppMetrics\.plan is Basic: Azure offers it for AppTraces/,
    );
    expect(wrong({ logs: { tables: { AppTraces: { plan: 'Basic' } } } })).toThrow(
      /logs\.tables\.AppTraces\.plan is Basic: expected Analytics, an alert rule asks this table/,
    );
    expect(wrong({ logs: { retentionDays: 90, totalRetentionDays: 60 } })).toThrow(
      /logs\.totalRetentionDays is 60: expected at least logs\.retentionDays, 90/,
    );
    expect(wrong({ logs: { tables: { Perf: {} } } })).toThrow(/logs\.tables\.Perf/);
  });

  it('refuse what the tier of the registry does not have, and a cluster that begins above its end', () => {
    expect(wrong({ registry: { untaggedDays: 7 } })).toThrow(/registry\.untaggedDays is 7: expected 0, or registry\.sku Premium/);
    expect(wrong({ registry: { zoneRedundant: true } })).toThrow(/registry\.zoneRedundant is true/);
    expect(wrong({ training: { minNodes: 3 } })).toThrow(/training\.minNodes is 3: expected at most training\.maxNodes, 1/);
  });

  it('take what is there already by its id, and say what an id is', () => {
    const group = '/subscriptions/00000000-0000-4000-8000-000000000001/resourceGroups/shared/providers';
    const workspace = `${group}/Microsoft.OperationalInsights/workspaces/logs`;
    expect(parsed({ logAnalyticsWorkspace: { existing: workspace } }).logAnalyticsWorkspace).toEqual({ existing: workspace });
    expect(wrong({ logAnalyticsWorkspace: 'logs' })).toThrow(/logAnalyticsWorkspace is "logs": expected "create", or existing: and the id/);
    expect(wrong({ containerRegistry: { existing: workspace } })).toThrow(/containerRegistry/);
    expect(wrong({ protectData: 'perhaps' })).toThrow(/protectData is "perhaps": expected one of true, false$/);
    expect(wrong({ servicePrincipal: { existing: '11111111-1111-4111-8111-111111111111' } })).toThrow(
      /servicePrincipal is an existing one, and edgeSite\.enabled too/,
    );
  });
});
