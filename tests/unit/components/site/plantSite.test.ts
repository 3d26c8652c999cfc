import { programs } from '../../../../contracts/programs';
import { captureProgram, guid, ofType, testCertificate, type Captured } from '../../support/capturedProgram';

const prebuiltImages = Object.fromEntries(
  Object.keys(programs).map((program) => [program, `plant.azurecr.io/${program}@sha256:${'a'.repeat(64)}`]),
);
let captured: Captured;
beforeAll(async () => {
  captured = await captureProgram({
    profile: 'production',
    siteCertificates: [testCertificate, testCertificate],
    imageSource: 'prebuilt',
    prebuiltImages,
  });
});

describe('a plant with its own site', () => {
  it('has no simulator, no vault for it and no command that makes a key', () => {
    expect(ofType(captured, 'azure-native:app:ContainerApp').map(({ name }) => name)).toEqual(['delivery']);
    expect(ofType(captured, 'azure-native:resources:Resource').map(({ name }) => name)).toEqual(['ml-vault']);
    expect(
      ofType(captured, 'command:local:Command')
        .map(({ name }) => name)
        .filter((name) => !/-(in-force|known|active)$/.test(name)),
    ).toEqual(['model-manager-device']);
  });

  it('registers both certificates of an overlap, with the device and with the service principal', () => {
    const [device] = ofType(captured, 'command:local:Command').filter(({ name }) => name === 'model-manager-device');
    expect(device?.inputs.environment).toMatchObject({
      PRIMARY_THUMBPRINT: expect.stringMatching(/^[0-9A-F]{64}$/) as string,
      SECONDARY_THUMBPRINT: expect.stringMatching(/^[0-9A-F]{64}$/) as string,
    });
    const certificates = ofType(captured, 'azuread:index/applicationCertificate:ApplicationCertificate');
    expect(
      certificates
        .map(({ inputs }) => JSON.stringify(inputs.value))
        .map((value) => [value.includes('BEGIN CERTIFICATE'), value.includes('PRIVATE')]),
    ).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(certificates.map(({ inputs }) => inputs.endDate)).toEqual(Array(2).fill(expect.stringMatching(/^2\d{3}-\d\d-\d\dT/)));
  });

  it('is told how to sign in and where its telemetry goes', () => {
    expect(captured.outputs).toMatchObject({
      siteClientId: guid('client site'),
      siteAuthorityHost: 'https://login.microsoftonline.com',
      siteInstrumentationKey: guid('ikey monitoring-insights'),
      siteIngestionHost: 'westeurope-5.in.applicationinsights.azure.com',
      siteCertificates: [expect.stringContaining('BEGIN CERTIFICATE'), expect.stringContaining('BEGIN CERTIFICATE')],
      siteRemoteWriteHost: 'metrics-ab12.westeurope-1.metrics.ingest.monitor.azure.com',
      siteRemoteWritePath: expect.stringMatching(/^\/dataCollectionRules\/dcr-/) as string,
    });
  });

  it('waits for a person before a package leaves, and protects its data from deletion', () => {
    const [job] = ofType(captured, 'azure-native:app:Job').filter(({ name }) => name === 'tag-and-deliver');
    const [container] = (job?.inputs.template as { containers: { env: { name: string; value: string }[]; image: string }[] }).containers;
    expect(container?.env).toContainEqual({ name: 'RELEASE', value: 'approved' });
    expect(container?.image).toBe(prebuiltImages['tag-and-deliver']);
    expect(
      ofType(captured, 'azure-native:storage:StorageAccount').map(({ type, name }) => captured.options.get(`${type} ${name}`)?.protect),
    ).toEqual([true, true, true]);
  });
});
