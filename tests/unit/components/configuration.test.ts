import { parseConfiguration } from '../../../components/configuration';
import { programs } from '../../../contracts/programs';
import { testCertificate } from './capturedProgram';

const wrong = (values: Record<string, unknown>) => () => parseConfiguration(Object.fromEntries(Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)])));

describe('the stack configuration', () => {
  it('needs nothing for a development stack with a simulated site', () => {
    expect(parseConfiguration({})).toMatchObject({ factory: 'plant-one', profile: 'dev', release: 'automatic', edgeSite: { enabled: true, databusPort: 1883 }, imageSource: 'build', cloud: { resourceManagerEndpoint: 'https://management.azure.com' } });
  });

  it('leaves release to a person and the simulated site out in production', () => {
    expect(parseConfiguration({ profile: 'production', siteCertificates: JSON.stringify([testCertificate]) })).toMatchObject({ release: 'approved', edgeSite: { enabled: false } });
  });

  it('says key, value and what is allowed', () => {
    expect(wrong({ dataset: { windowSeconds: -5 } })).toThrow(/dataset\.windowSeconds is -5: .*0\.1/);
    expect(wrong({ profile: 'huge' })).toThrow(/profile is "huge": .*"dev"\|"production"/);
    expect(wrong({ factory: 'Plant One' })).toThrow(/factory is "Plant One": .*lower case letters/);
    expect(wrong({ dataset: 'line' })).toThrow(/dataset is "line": .*expected object/);
  });

  it('refuses a setting that does not exist, at every level', () => {
    expect(wrong({ facotry: 'x' })).toThrow(/facotry: no such setting; expected one of factory, location/);
    expect(wrong({ jobs: { pollingSeconds: 3 } })).toThrow(/jobs\.pollingSeconds: no such setting/);
  });

  it('refuses windows that leave samples out', () => {
    expect(wrong({ dataset: { windowSeconds: 10, strideSeconds: 20 } })).toThrow(/strideSeconds is 20: expected at most dataset\.windowSeconds, 10/);
  });

  it('never takes a private key where a public certificate belongs', () => {
    expect(wrong({ siteCertificates: [`${testCertificate}-----BEGIN PRIVATE KEY-----`] })).toThrow(/public certificate only/);
    expect(wrong({ siteCertificates: ['not a certificate'] })).toThrow(/X\.509 certificate in PEM/);
  });

  it('gives every program of the site a port of its own', () => {
    expect(wrong({ edgeSite: { otlpPort: 1883 } })).toThrow(/edgeSite\.otlpPort is 1883: expected a port of its own, edgeSite\.databusPort is the same/);
    expect(wrong({ edgeSite: { metricsProxyPort: 9_000, dataCollectorHubPort: 9_000 } })).toThrow(/edgeSite\.dataCollectorHubPort is 9000/);
    expect(parseConfiguration({ edgeSite: '{"otlpPort": 9000}' }).edgeSite).toMatchObject({ otlpPort: 9_000, modelMonitorPort: 4_319 });
  });

  it('wants exactly one source of the device certificate', () => {
    expect(wrong({ edgeSite: { enabled: false } })).toThrow(/siteCertificates is empty/);
    expect(wrong({ siteCertificates: [testCertificate] })).toThrow(/expected one of the two/);
  });

  it('wants an image by digest for every program when images are prebuilt', () => {
    expect(wrong({ imageSource: 'prebuilt', prebuiltImages: { train: `r.io/train@sha256:${'a'.repeat(64)}` } })).toThrow(/no image for data-pipeline/);
    expect(wrong({ prebuiltImages: { train: 'r.io/train:latest' } })).toThrow(/prebuiltImages\.train is "r\.io\/train:latest": .*digest/);
    const images = Object.fromEntries(Object.keys(programs).map((program) => [program, `r.io/${program}@sha256:${'a'.repeat(64)}`]));
    expect(parseConfiguration({ imageSource: 'prebuilt', prebuiltImages: JSON.stringify(images) }).imageSource).toBe('prebuilt');
  });
});
